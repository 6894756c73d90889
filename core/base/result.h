// Result<T>: a value or an Error, used at every border where input, files or devices can fail.
// Inside a module exceptions are fine; an Error is handled once: logged or passed on.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace likeness {

enum class ErrorCode {
    invalid_argument,  // the caller asked for something that cannot be
    not_found,         // a file, a face, an asset
    bad_input,         // a file whose content cannot be used
    io,                // writing failed; what cannot be read is bad_input
    out_of_memory,
    device,  // a GPU or driver failed
    cancelled,
    internal,
};

struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string message;  // one sentence for the user: what, which file, what to do
    std::string detail;   // for the log; may be empty
};

template <class T>
class [[nodiscard]] Result {
  public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    // Precondition: ok().
    T& value() & { return std::get<0>(state_); }
    const T& value() const& { return std::get<0>(state_); }
    T&& value() && { return std::get<0>(std::move(state_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    // Precondition: !ok().
    const Error& error() const { return std::get<1>(state_); }

  private:
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
  public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}
    bool ok() const { return !error_; }
    explicit operator bool() const { return ok(); }
    const Error& error() const { return *error_; }

  private:
    std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace likeness

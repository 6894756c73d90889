// What the Log panel shows, and the errors that wait to be shown as a dialog. Any thread may add.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace likeness {

enum class MessageLevel { info, warning, error };

struct Message {
    std::uint64_t number = 0;  // counts up
    double time = 0;           // seconds since the Unix epoch
    MessageLevel level = MessageLevel::info;
    std::string text, detail;
};

class Messages {
  public:
    static constexpr std::size_t capacity = 2000;  // the oldest are dropped

    void info(const std::string& text);
    void warning(const std::string& text, const std::string& detail = "");
    // Logged, and queued as a dialog.
    void error(const Error& error);

    // All with a number above `after`.
    std::vector<Message> newer_than(std::uint64_t after = 0) const;
    void clear();

    // The oldest error that was not dismissed yet.
    std::optional<Error> dialog() const;
    void dismiss_dialog();
    std::size_t dialogs() const;

  private:
    void add(MessageLevel level, const std::string& text, const std::string& detail);

    mutable std::mutex mutex_;
    std::deque<Message> ring_;
    std::deque<Error> dialogs_;
    std::uint64_t next_ = 1;
};

}  // namespace likeness

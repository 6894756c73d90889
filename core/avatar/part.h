// An immutable part of an avatar, shared and numbered: copies cost nothing, caches and undo compare numbers.
#pragma once

#include <Eigen/Core>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace likeness {

// Called with memory that parts share, and its bytes: a block that several parts hold is named by each of them.
using BlockVisitor = std::function<void(const void* block, std::size_t bytes)>;

// How much memory a part's content has of its own; what it shares is shown to `shared`. An overload for each content.
template <class T>
    requires std::is_trivially_copyable_v<T>
std::size_t content_bytes(const T&, const BlockVisitor&) {
    return sizeof(T);
}
template <class Derived>
std::size_t content_bytes(const Eigen::PlainObjectBase<Derived>& matrix, const BlockVisitor&) {
    return sizeof(Derived) + std::size_t(matrix.size()) * sizeof(typename Derived::Scalar);
}

// Never null. What is shared never changes: whoever has something new publishes another part by assigning it. Any
// thread may read and copy a part; one thread at a time assigns.
template <class T>
class Part {
  public:
    Part() : content_(nothing()) {}
    Part(T content) : content_(std::make_shared<const T>(std::move(content))), version_(next_version()) {}

    const T& operator*() const { return *content_; }
    const T* operator->() const { return content_.get(); }
    // Equal numbers, equal content. 0: nothing was published.
    std::uint64_t version() const { return version_; }
    bool operator==(const Part& other) const { return version_ == other.version_; }

    // A copy takes the content's place, under a new number, and may be changed until this part is copied or read by
    // another thread.
    T& edit() {
        const auto copy = std::make_shared<T>(*content_);
        content_ = copy;
        version_ = next_version();
        return *copy;
    }

    void visit_memory(const BlockVisitor& visit) const {
        if (version_ != 0) visit(content_.get(), content_bytes(*content_, visit));
    }

  private:
    static std::uint64_t next_version() {
        static std::atomic<std::uint64_t> last = 0;
        return ++last;
    }
    static const std::shared_ptr<const T>& nothing() {
        static const auto content = std::make_shared<const T>();
        return content;
    }

    std::shared_ptr<const T> content_;
    std::uint64_t version_ = 0;
};

}  // namespace likeness

// Things that serve one user at a time and are costly to make (networks with their buffers): borrowed, and made anew
// when all are lent out, so that nobody waits for another's work. Any thread.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "core/base/result.h"

namespace likeness {

template <class T>
class Pool {
    struct Shelf {
        std::mutex mutex;
        std::unique_ptr<T> idle;
    };

  public:
    // Goes back when it is destroyed; may outlive the pool.
    class Lease {
      public:
        Lease(Lease&&) noexcept = default;
        Lease& operator=(Lease&&) = delete;
        ~Lease() {
            if (!thing_) return;
            const std::lock_guard lock(shelf_->mutex);
            if (!shelf_->idle) shelf_->idle = std::move(thing_);
        }
        T& operator*() const { return *thing_; }
        T* operator->() const { return thing_.get(); }

      private:
        friend class Pool;
        Lease(std::shared_ptr<Shelf> shelf, std::unique_ptr<T> thing)
            : shelf_(std::move(shelf)), thing_(std::move(thing)) {}
        std::shared_ptr<Shelf> shelf_;
        std::unique_ptr<T> thing_;
    };

    // `make` is called on the borrower's thread, and by several at once. One is kept while nobody wants it.
    explicit Pool(std::function<Result<T>()> make) : make_(std::move(make)) {}

    // Errors: make's.
    Result<Lease> borrow() {
        {
            const std::lock_guard lock(shelf_->mutex);
            if (shelf_->idle) return Lease(shelf_, std::move(shelf_->idle));
        }
        Result<T> made = make_();
        if (!made) return made.error();
        return Lease(shelf_, std::make_unique<T>(*std::move(made)));
    }

  private:
    std::function<Result<T>()> make_;
    std::shared_ptr<Shelf> shelf_ = std::make_shared<Shelf>();
};

}  // namespace likeness

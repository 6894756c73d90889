// Threads that work off jobs in the order of their arrival. Each has its own work, made on the thread itself; loops in
// it run on that thread alone.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/parallel.h"
#include "core/base/result.h"

namespace likeness {

template <class Job>
class Crew {
  public:
    using Work = std::function<Status(Job&)>;

    // Two jobs more than there are threads may wait.
    Crew(std::size_t threads, const std::function<Work()>& make) : most_waiting_(threads + 2) {
        try {
            for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this, make] { serve(make); });
        } catch (const std::system_error&) {
            if (threads_.empty()) throw;  // else the work is done by those there are
        }
    }
    ~Crew() {
        try {
            (void)close();
        } catch (...) {  // somebody is on the way out with an error of their own
        }
    }

    // Waits while too many jobs do. After a failure jobs are dropped.
    void add(Job job) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return jobs_.size() < most_waiting_; });
        if (!failed_) jobs_.push_back(std::move(job));
        changed_.notify_all();
    }

    // Ends the work on what was added; exceptions of the threads come out here.
    Status close() {
        {
            const std::lock_guard lock(mutex_);
            closed_ = true;
            changed_.notify_all();
        }
        for (std::jthread& thread : threads_)
            if (thread.joinable()) thread.join();
        if (const std::exception_ptr thrown = std::exchange(thrown_, nullptr)) std::rethrow_exception(thrown);
        return status_;
    }
    bool failed() const {
        const std::lock_guard lock(mutex_);
        return failed_;
    }

  private:
    void serve(const std::function<Work()>& make) {
        const LoneWork alone;
        Work work;
        while (true) {
            std::optional<Job> job;
            {
                std::unique_lock lock(mutex_);
                changed_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
                if (jobs_.empty()) return;
                job = std::move(jobs_.front());
                jobs_.pop_front();
                changed_.notify_all();
            }
            Status done;
            std::exception_ptr thrown;
            try {
                if (!work) work = make();
                done = work(*job);
            } catch (...) {
                thrown = std::current_exception();
            }
            if (done && !thrown) continue;
            const std::lock_guard lock(mutex_);
            if (failed_) continue;
            failed_ = true;
            status_ = done;
            thrown_ = thrown;
            jobs_.clear();
            changed_.notify_all();
        }
    }

    const std::size_t most_waiting_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job> jobs_;
    bool closed_ = false, failed_ = false;
    Status status_;
    std::exception_ptr thrown_;
    std::vector<std::jthread> threads_;  // last: joined before what they use is gone
};

}  // namespace likeness

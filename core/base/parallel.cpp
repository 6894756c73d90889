#include "core/base/parallel.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace likeness {
namespace {

// How many ForegroundWork objects live, and where everybody else waits for their end.
struct Gate {
    std::atomic<int> held = 0;
    std::mutex mutex;
    std::condition_variable opened;
};
Gate& gate() {
    static Gate made;
    return made;
}
thread_local int foreground_depth = 0;

// Between two ranges of a loop that nobody waits for.
void give_way() {
    Gate& g = gate();
    if (g.held.load(std::memory_order_relaxed) == 0) return;
    std::unique_lock lock(g.mutex);
    g.opened.wait_for(lock, std::chrono::milliseconds(50),
                      [&g] { return g.held.load(std::memory_order_relaxed) == 0; });
}

class Pool {
  public:
    explicit Pool(bool gives_way) : gives_way_(gives_way) {
        gate();  // must outlive the threads
        const int helpers = worker_count() - 1;
        try {
            for (int i = 0; i < helpers; ++i) threads_.emplace_back([this](std::stop_token stop) { serve(stop); });
        } catch (const std::system_error&) {
            // The system allows no more: the work is done by those there are.
        }
    }
    ~Pool() {
        for (auto& thread : threads_) thread.request_stop();
        { const std::lock_guard lock(mutex_); }  // who has just looked for a stop waits by now
        wake_.notify_all();
    }

    // False when the pool is taken; the caller then runs the loop itself.
    bool run(std::size_t count, std::size_t grain, const std::function<void(std::size_t, std::size_t)>& body) {
        if (threads_.empty()) return false;
        std::unique_lock busy(busy_, std::try_to_lock);
        if (!busy.owns_lock()) return false;
        {
            std::lock_guard lock(mutex_);
            body_ = &body;
            count_ = count;
            grain_ = grain;
            next_.store(0, std::memory_order_relaxed);
            failure_ = nullptr;
            wanted_ = std::min(threads_.size(), (count - 1) / grain);
        }
        wake_some();
        work();
        // Helpers that have not come by now are not waited for: to wake a thread takes longer than many a loop.
        std::unique_lock lock(mutex_);
        wanted_ = 0;
        done_.wait(lock, [this] { return inside_ == 0; });
        body_ = nullptr;
        if (failure_) std::rethrow_exception(failure_);
        return true;
    }

  private:
    void serve(const std::stop_token& stop) {
        while (true) {
            {
                std::unique_lock lock(mutex_);
                wake_.wait(lock, [&] { return wanted_ > 0 || stop.stop_requested(); });
                if (stop.stop_requested()) return;
                --wanted_;
                ++inside_;
            }
            if (next_.load(std::memory_order_relaxed) < count_) wake_some();
            work();
            std::lock_guard lock(mutex_);
            if (--inside_ == 0) done_.notify_one();
        }
    }

    // Each thread that comes wakes two more, so a short loop is over before it has woken many.
    void wake_some() {
        wake_.notify_one();
        wake_.notify_one();
    }

    void work() {
        try {
            while (true) {
                if (gives_way_) give_way();
                const std::size_t begin = next_.fetch_add(grain_, std::memory_order_relaxed);
                if (begin >= count_) return;
                (*body_)(begin, std::min(begin + grain_, count_));
            }
        } catch (...) {
            next_.store(count_, std::memory_order_relaxed);
            std::lock_guard lock(mutex_);
            if (!failure_) failure_ = std::current_exception();
        }
    }

    const bool gives_way_;
    std::mutex busy_;
    std::mutex mutex_;
    std::condition_variable wake_, done_;
    const std::function<void(std::size_t, std::size_t)>* body_ = nullptr;
    std::size_t count_ = 0, grain_ = 1;
    std::atomic<std::size_t> next_ = 0;
    std::size_t wanted_ = 0, inside_ = 0;  // helpers that may still come; that are at work
    std::exception_ptr failure_;
    std::vector<std::jthread> threads_;  // last: joined before anything they use is gone
};

thread_local bool inside_loop = false;

}  // namespace

int worker_count() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

void parallel_for(std::size_t count, std::size_t grain, const std::function<void(std::size_t, std::size_t)>& body) {
    if (count == 0) return;
    grain = std::max<std::size_t>(grain, 1);
    if (!inside_loop && count > grain) {
        const auto guarded = [&body](std::size_t begin, std::size_t end) {
            inside_loop = true;
            struct Reset {
                ~Reset() { inside_loop = false; }
            } reset;
            body(begin, end);
        };
        if (foreground_depth > 0) {
            static Pool foreground(false);
            if (foreground.run(count, grain, guarded)) return;
        } else {
            static Pool background(true);
            if (background.run(count, grain, guarded)) return;
            // Two threads' work side by side: with many processors the second one has a share of them too.
            constexpr int many = 8;
            if (worker_count() >= many) {
                static Pool second(true);
                if (second.run(count, grain, guarded)) return;
            }
        }
    }
    body(0, count);
}

LoneWork::LoneWork() : before_(inside_loop) { inside_loop = true; }
LoneWork::~LoneWork() { inside_loop = before_; }

ForegroundWork::ForegroundWork() {
    if (foreground_depth++ == 0) gate().held.fetch_add(1, std::memory_order_relaxed);
}

ForegroundWork::~ForegroundWork() {
    if (--foreground_depth > 0) return;
    Gate& g = gate();
    {
        std::lock_guard lock(g.mutex);
        g.held.fetch_sub(1, std::memory_order_relaxed);
    }
    g.opened.notify_all();
}

void lower_thread_priority(int by) {
    // On Linux a thread's own: its children inherit it. Failure only costs some smoothness.
    const id_t thread = id_t(::gettid());
    (void)::setpriority(PRIO_PROCESS, thread, ::getpriority(PRIO_PROCESS, thread) + by);
}

}  // namespace likeness

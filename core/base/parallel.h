// A small fork-join pool for loops over pixels, tiles and Gaussians.
#pragma once

#include <cstddef>
#include <functional>

namespace likeness {

// Number of threads the loops below use (hardware threads, at least 1).
int worker_count();

// Calls body(begin, end) over disjoint ranges that cover [0, count), on the pool's threads and the caller's.
// Ranges are handed out dynamically, at least `grain` items each. Exceptions reach the caller.
// A nested call, or one while other threads use the pool (with many processors there are two), runs on the calling
// thread alone.
void parallel_for(std::size_t count, std::size_t grain, const std::function<void(std::size_t, std::size_t)>& body);

// While one lives, its thread's work has precedence: its own loops run on a second pool, and the loops of all other
// threads wait between two ranges (but never above 50 ms at a time, so nothing starves or dead-locks). A window holds
// one while it draws, a viewer while it renders a picture that somebody waits for. May be nested; end it on the thread
// that began it.
class ForegroundWork {
  public:
    ForegroundWork();
    ~ForegroundWork();
    ForegroundWork(const ForegroundWork&) = delete;
    ForegroundWork& operator=(const ForegroundWork&) = delete;
};

// While one lives, loops of its thread run on that thread alone: for threads that share out whole pictures among
// themselves, where loops within one only get in each other's way. May be nested; end it on the thread that began it.
class LoneWork {
  public:
    LoneWork();
    ~LoneWork();
    LoneWork(const LoneWork&) = delete;
    LoneWork& operator=(const LoneWork&) = delete;

  private:
    const bool before_;
};

// Lets the calling thread, and pools that it is the first to use, give way to threads of normal priority; `by` is in
// the system's steps of niceness, of which each is about a quarter less of a contended processor.
void lower_thread_priority(int by = 10);

}  // namespace likeness

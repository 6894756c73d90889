// A small fork-join pool for loops over pixels, tiles and Gaussians.
#pragma once

#include <cstddef>
#include <functional>

namespace likeness {

// Number of threads the loops below use (hardware threads, at least 1).
int worker_count();

// Calls body(begin, end) over disjoint ranges that cover [0, count), on the pool's threads and the caller's.
// Ranges are handed out dynamically, at least `grain` items each. Exceptions reach the caller.
// A nested call, or one while another thread uses the pool, runs on the calling thread alone.
void parallel_for(std::size_t count, std::size_t grain, const std::function<void(std::size_t, std::size_t)>& body);

}  // namespace likeness

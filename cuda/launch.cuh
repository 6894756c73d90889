// What every launch needs.
#pragma once

#include "cuda/constants.h"
#include "likeness/cuda/check.h"

namespace likeness::cuda {

// Blocks of `linear_threads` threads that cover `count` items.
inline unsigned blocks_for(std::size_t count) { return unsigned((count + linear_threads - 1) / linear_threads); }

}  // namespace likeness::cuda

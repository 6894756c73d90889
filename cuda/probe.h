// What this build has kernels for.
#pragma once

#include <cuda_runtime_api.h>

namespace likeness::cuda {

// Asks the driver whether it can load this build's kernels.
cudaError_t probe_kernels();

// The lowest compute capability that this build has code for, 10 * major + minor.
int least_capability();

}  // namespace likeness::cuda

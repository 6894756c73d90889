// Asks the driver whether it can load this build's kernels.
#pragma once

#include <cuda_runtime_api.h>

namespace likeness::cuda {

cudaError_t probe_kernels();

}  // namespace likeness::cuda

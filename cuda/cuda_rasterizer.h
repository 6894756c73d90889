// The CUDA rasterizer behind the host-side interface: uploads, renders, downloads. For tests, tools and stills; a
// trainer keeps its splats on the GPU and uses likeness/cuda/device_rasterizer.h.
#pragma once

#include <memory>

#include "core/splat/rasterizer.h"

namespace likeness {

// Null when no GPU can be used; likeness::cuda::find_device() says why.
std::unique_ptr<Rasterizer> make_cuda_rasterizer();

}  // namespace likeness

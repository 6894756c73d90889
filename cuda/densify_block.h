// What the engines do to densify: plan, learn from the GPU how many there will be, make them.
#pragma once

#include "core/learning/densify.h"
#include "likeness/cuda/device_buffer.h"

namespace likeness::cuda {

// `values`: a block of Gaussians as cut_parameters() cuts it, replaced; `gradients` [count]. Waits.
Ancestry densify_block(DeviceBuffer<float>& values, const DeviceBuffer<float>& gradients, const SplatFrames& at_rest,
                       const DensifyOptions& options);

}  // namespace likeness::cuda

// Anchored Gaussians to posed ones, and back: the GPU twin of the deformer's last step. The formulas and the arrays are
// those of core/avatar/surface_batch.h; all pointers are device pointers of contiguous float32 arrays.
#pragma once

#include <cuda_runtime_api.h>

#include "core/avatar/surface_batch.h"

namespace likeness::cuda {

using likeness::AnchoredArrays;
using likeness::AnchoredGradientArrays;
using likeness::frame_floats;
using likeness::PosedArrays;
using likeness::PosedGradients;

using likeness::ViewWeights;

// As the processor's functions of these names (`frames` too is in device memory); `gradients` are overwritten.
void deform_batch(int views, int count, const float* const* frames, const AnchoredArrays& anchored,
                  const PosedArrays& posed, cudaStream_t stream);
void deform_batch_backward(int views, int count, const float* const* frames, const AnchoredArrays& anchored,
                           const PosedGradients& posed_gradients, const AnchoredGradientArrays& gradients,
                           const ViewWeights& weights, cudaStream_t stream);

}  // namespace likeness::cuda

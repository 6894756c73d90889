// From anchored to posed Gaussians, and the gradients back. One chain for training and viewing.
#pragma once

#include <vector>

#include "core/avatar/avatar.h"
#include "core/avatar/surface_batch.h"

namespace likeness {

// The surface's frame under each Gaussian in one pose, see surface_batch.h.
struct SplatFrames {
    std::vector<float> values;  // [count, 13]
};
SplatFrames splat_frames(const Avatar& avatar, const HeadPose& pose);
// The same for other Gaussians on this avatar's surface (a training snapshot's).
SplatFrames splat_frames(const Avatar& avatar, const AnchoredSplats& splats, const HeadPose& pose);

// The formulas are in surface_batch.h.
void deform(const AnchoredSplats& splats, const SplatFrames& frames, SplatSet& posed);

// Gradients by the anchored parameters.
struct AnchoredGradients : GaussianValues {
    void resize(std::size_t n) { resize_attributes(*this, n); }
    void set_zero();
};
// Adds to `gradients`. `posed` is what deform gave.
void deform_backward(const AnchoredSplats& splats, const SplatFrames& frames, const SplatSet& posed,
                     const SplatGradients& posed_gradients, AnchoredGradients& gradients);

}  // namespace likeness

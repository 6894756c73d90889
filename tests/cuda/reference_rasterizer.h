// core/splat/rasterizer.h written down plainly in double precision: every pixel looks at every Gaussian. It shares no
// code with the two rasterizers, so that finite differences of it judge both.
#pragma once

#include <vector>

#include "core/splat/rasterizer.h"

namespace likeness::cuda_tests {

struct ReferenceSplats {
    std::size_t count = 0;
    int extra_channels = 0;
    std::vector<double> means, scales, rotations, colors, opacities, extra;
    std::vector<double> screen_offsets;  // [count, 2] pixels, added to the projected position

    explicit ReferenceSplats(const SplatSet& splats);
};

// Channels of a pixel: color 3, alpha, depth, normal 3, extra.
struct ReferenceFrame {
    int width = 0, height = 0, channels = 0;
    std::vector<double> values;
};

ReferenceFrame render_reference(const ReferenceSplats& splats, const Camera& camera, const RasterOptions& options);

// sum of gradient times picture: its derivative is what backward() computes.
double weighted_sum(const ReferenceFrame& frame, const FrameGradients& gradients);

}  // namespace likeness::cuda_tests

// Which pixels can a Gaussian reach? Its alpha exceeds 1/255 inside the ellipse power(d) <= ln(255 opacity), where
// power(d) = d^T Sigma^-1 d / 2.
#pragma once

#include "cuda/constants.h"
#include "cuda/raster_stages.h"

namespace likeness::cuda {

__device__ inline float power_limit(float opacity) { return logf(opacity / smallest_alpha) + power_slack; }

// Whether the ellipse reaches the rectangle of pixel centres [left, right] x [top, bottom]. Power is convex with its
// minimum at the mean, so unless the mean is inside, the least value over the rectangle lies on an edge that faces
// the mean; along such an edge power is a parabola whose minimum is clamped to the edge.
__device__ inline bool ellipse_meets(float mean_x, float mean_y, float xx, float xy, float yy, float limit, float left,
                                     float top, float right, float bottom) {
    const float x0 = left - mean_x, x1 = right - mean_x;
    const float y0 = top - mean_y, y1 = bottom - mean_y;
    const float near_x = fminf(fmaxf(0.0f, x0), x1);  // 0 when the mean lies between left and right
    const float near_y = fminf(fmaxf(0.0f, y0), y1);
    // With near_x == 0 the first candidate is the line through the mean, whose minimum clamps to near_y's edge or
    // to the mean itself, so both candidates are always points of the rectangle.
    // The fast division is exact enough: power is flat about the minimum.
    const float dy = fminf(fmaxf(__fdividef(-xy * near_x, yy), y0), y1);
    const float dx = fminf(fmaxf(__fdividef(-xy * near_y, xx), x0), x1);
    const float on_column = 0.5f * (xx * near_x * near_x + yy * dy * dy) + xy * near_x * dy;
    const float on_row = 0.5f * (xx * dx * dx + yy * near_y * near_y) + xy * dx * near_y;
    return fminf(on_column, on_row) <= limit;
}

// Alpha before clamping. The pinned roundings make the forward and the backward pass agree to the last bit.
__device__ inline float splat_alpha(const ScreenSplat& s, float dx, float dy) {
    const float square = __fmaf_rn(__fmul_rn(s.yy, dy), dy, __fmul_rn(__fmul_rn(s.xx, dx), dx));
    const float power = __fmaf_rn(__fmul_rn(s.xy, dx), dy, __fmul_rn(0.5f, square));
    return __fmul_rn(s.opacity, __expf(-power));
}

}  // namespace likeness::cuda

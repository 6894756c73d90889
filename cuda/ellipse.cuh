// Which pixels can a Gaussian reach? Its alpha exceeds 1/255 inside the ellipse power(d) <= ln(255 opacity), where
// power(d) = d^T Sigma^-1 d / 2.
#pragma once

#include "cuda/constants.h"
#include "cuda/raster_stages.h"

namespace likeness::cuda {

__device__ inline float power_limit(float opacity) { return logf(opacity / smallest_alpha) + power_slack; }

// A Gaussian as blending reads it: alpha = 2^(log_opacity + xx dx^2 + xy dx dy + yy dy^2), which takes five
// instructions and the power.
struct alignas(16) PixelSplat {
    float x, y;         // pixels
    float log_opacity;  // to the base 2
    float limit;        // the exponent without log_opacity is above it where alpha can reach smallest_alpha
    float xx, xy, yy;   // -log2(e) / 2, -log2(e) and -log2(e) / 2 times the inverse covariance's
    float unused;
};

__device__ inline PixelSplat pixel_splat(const ScreenSplat& s) {
    return {s.x, s.y, log2f(s.opacity), -log2_e * s.power_limit, -0.5f * log2_e * s.xx, -log2_e * s.xy,
            -0.5f * log2_e * s.yy, 0};
}

// Whether the ellipse reaches the rectangle of pixel centres [left, right] x [top, bottom]. The exponent is concave with
// its maximum at the mean, so unless the mean is inside, the largest value over the rectangle lies on an edge that faces
// the mean; along such an edge the exponent is a parabola whose maximum is clamped to the edge.
__device__ inline bool ellipse_meets(const PixelSplat& s, float left, float top, float right, float bottom) {
    const float x0 = left - s.x, x1 = right - s.x;
    const float y0 = top - s.y, y1 = bottom - s.y;
    const float near_x = fminf(fmaxf(0.0f, x0), x1);  // 0 when the mean lies between left and right
    const float near_y = fminf(fmaxf(0.0f, y0), y1);
    // With near_x == 0 the first candidate is the line through the mean, whose maximum clamps to near_y's edge or
    // to the mean itself, so both candidates are always points of the rectangle.
    // The fast division is exact enough: the exponent is flat about the maximum.
    const float dy = fminf(fmaxf(__fdividef(-0.5f * s.xy * near_x, s.yy), y0), y1);
    const float dx = fminf(fmaxf(__fdividef(-0.5f * s.xy * near_y, s.xx), x0), x1);
    const float on_column = s.xx * near_x * near_x + s.yy * dy * dy + s.xy * near_x * dy;
    const float on_row = s.xx * dx * dx + s.yy * near_y * near_y + s.xy * dx * near_y;
    return fmaxf(on_column, on_row) >= s.limit;
}

// Alpha before clamping. The pinned roundings make the forward and the backward pass agree to the last bit.
__device__ inline float splat_alpha(const PixelSplat& s, float dx, float dy) {
    const float column = __fmaf_rn(__fmul_rn(s.xx, dx), dx, s.log_opacity);
    const float exponent = __fmaf_rn(__fmaf_rn(s.yy, dy, __fmul_rn(s.xy, dx)), dy, column);
    float alpha;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(alpha) : "f"(exponent));
    return alpha;
}

}  // namespace likeness::cuda

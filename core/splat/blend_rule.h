// The numbers that decide what a Gaussian adds to a pixel (rasterizer.h gives the semantics): the processor (kernels/)
// and the GPU (cuda/) use these very ones, so both drop, clamp and end alike.
#pragma once

namespace likeness::blend_rule {

inline constexpr float screen_dilation = 0.3f;            // pixel^2 on the diagonal of the projected covariance
inline constexpr float smallest_alpha = 1.0f / 255.0f;    // less is dropped
inline constexpr float largest_alpha = 0.99f;             // more is clamped, without gradient
inline constexpr float smallest_transmittance = 1.0e-4f;  // a Gaussian that would go below it ends the pixel
inline constexpr float frustum_limit = 1.3f;              // on |x/z| and |y/z| in the Jacobian, in tan(fov / 2)

// Bounds are taken on a slightly larger ellipse, so that rounding never drops a pixel that blending would keep; 1e-3 in
// the exponent is 0.1 % of the smallest alpha, far above float rounding at any screen position.
inline constexpr float power_slack = 1.0e-3f;

// Metres that SplatSet::leading_from's are drawn earlier than they lie, and the least depth that they then have. More
// than large Gaussians of a bent surface differ in depth, less than what lies behind one another: ear and head, lips.
inline constexpr float lead = 2.0e-3f, nearest_order = 1.0e-6f;

inline constexpr float log2_e = 1.44269504f;

}  // namespace likeness::blend_rule

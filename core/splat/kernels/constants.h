// Numbers that projection, tile lists and blending share, with their reasons (rasterizer.h gives the semantics).
#pragma once

namespace likeness::cpu_raster {

// A tile row is one 8-lane register; eight rows keep a tile's state (transmittance and colour, 1 KB) in the L1 cache
// and waste few lanes on Gaussians of about ten pixels.
inline constexpr int tile_size = 8;
inline constexpr int tile_pixels = tile_size * tile_size;

inline constexpr float screen_dilation = 0.3f;            // px^2 on the diagonal of the projected covariance
inline constexpr float smallest_alpha = 1.0f / 255.0f;    // less is dropped
inline constexpr float largest_alpha = 0.99f;             // more is clamped, without gradient
inline constexpr float smallest_transmittance = 1.0e-4f;  // a Gaussian that would go below it ends the pixel
inline constexpr float frustum_limit = 1.3f;              // on |x/z| and |y/z| in the Jacobian, in tan(fov / 2)

inline constexpr float log2_e = 1.44269504f;
inline constexpr float log2_smallest_alpha = -7.99435344f;  // log2(1/255)

// Bounds are taken on a slightly larger ellipse, so that rounding never drops a pixel that blending would keep.
inline constexpr float power_slack = 1.0e-3f;  // in the exponent
inline constexpr float pixel_slack = 1.0e-3f;  // in pixels

// Sums over a Gaussian's pixels in the backward pass: s, s dx, s dx^2, s dy, s dx dy, red, green, blue, s dy^2 with s
// the gradient by the exponent; further channels follow. The first eight are one register.
inline constexpr int pixel_sums = 9;

}  // namespace likeness::cpu_raster

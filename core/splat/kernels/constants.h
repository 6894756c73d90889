// Numbers that projection, tile lists and blending share, with their reasons (rasterizer.h gives the semantics).
#pragma once

#include "core/splat/blend_rule.h"

namespace likeness::cpu_raster {

// A tile row is one 8-lane register; eight rows keep a tile's state (transmittance and color, 1 KB) in the L1 cache
// and waste few lanes on Gaussians of about ten pixels.
inline constexpr int tile_size = 8;
inline constexpr int tile_pixels = tile_size * tile_size;

using namespace blend_rule;
inline constexpr float log2_smallest_alpha = -7.99435344f;  // log2(1/255)
inline constexpr float pixel_slack = 1.0e-3f;               // of bounds, in pixels

// Sums over a Gaussian's pixels in the backward pass: s, s dx, s dx^2, s dy, s dx dy, red, green, blue, s dy^2 with s
// the gradient by the exponent; further channels follow. The first eight are one register.
inline constexpr int pixel_sums = 9;

}  // namespace likeness::cpu_raster

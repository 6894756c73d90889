// Every number that the kernels share, with its reason; those of the rasterizer's rule lie in core/splat.
#pragma once

#include "core/splat/blend_rule.h"

namespace likeness::cuda {

// A tile is one thread block; 16 x 16 as in Kerbl et al. 2023, section 6.
inline constexpr int tile_width = 16;
inline constexpr int tile_height = 16;
inline constexpr int tile_pixels = tile_width * tile_height;

// Each warp of a tile owns a patch of 8 x 8 pixels and skips the Gaussians that miss it. A lane has two of them, one above
// the other: they share what is fetched of a Gaussian, and the half of its exponent that depends on x alone.
inline constexpr int warp_threads = 32;
inline constexpr int pixels_per_lane = 2;
inline constexpr int patch_width = 8;
inline constexpr int lane_rows = warp_threads / patch_width;  // from a lane's pixel to its next
inline constexpr int patch_height = lane_rows * pixels_per_lane;
inline constexpr int patches_per_row = tile_width / patch_width;
inline constexpr int tile_patches = patches_per_row * (tile_height / patch_height);
inline constexpr int blend_threads = tile_pixels / pixels_per_lane;
inline constexpr unsigned all_lanes = 0xffffffffu;

// A tile's list is cut into segments of this many Gaussians that are blended side by side: the deepest tile of a head
// holds ten times the mean, and alone it would decide the time of a picture.
inline constexpr int segment_length = 128;
// Keys that a block sorts at once.
inline constexpr int piece_keys = 1024;
inline constexpr unsigned no_tile = 0xffffffffu;

// Threads of a block in kernels with one thread per Gaussian, per instance or per value.
inline constexpr int linear_threads = 128;  // 20 000 Gaussians then reach every multiprocessor

using namespace blend_rule;

// Channels are blended in groups of at most 8: more would spill registers in the backward pass.
inline constexpr int largest_channel_group = 8;

// Row of screen-space sums of the backward pass: six geometric values, then the channels.
inline constexpr int screen_sums = 6;

// Deterministic sums are integers, which no order changes: units in 1 of a screen space sum (they hold up to 5e5; those
// of a loss that is a mean over pixels are far smaller), of a derivative by a vertex, and of a term of the loss. The
// last are kept as doubles, which hold multiples of their unit exactly.
inline constexpr double screen_units = 17592186044416.0;  // 2^44
inline constexpr double vertex_units = 1099511627776.0;   // 2^40
inline constexpr double term_units = 1099511627776.0;

}  // namespace likeness::cuda

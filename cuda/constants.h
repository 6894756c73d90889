// Every number that the kernels share, with its reason.
#pragma once

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

// Blending (core/splat/rasterizer.h).
inline constexpr float screen_dilation = 0.3f;            // pixel^2 on the diagonal of the projected covariance
inline constexpr float smallest_alpha = 1.0f / 255.0f;    // less is dropped
inline constexpr float largest_alpha = 0.99f;             // more is clamped, without gradient
inline constexpr float smallest_transmittance = 1.0e-4f;  // a Gaussian that would go below it ends the pixel
inline constexpr float frustum_limit = 1.3f;              // limit on |x/z| and |y/z| in the Jacobian, in tan(fov / 2)

// The tile tests work on a slightly larger ellipse, so that rounding never drops a pixel that blending would keep;
// 1e-3 in the exponent is 0.1 % of the smallest alpha, far above float rounding at any screen position.
inline constexpr float power_slack = 1.0e-3f;

// Channels are blended in groups of at most 8: more would spill registers in the backward pass.
inline constexpr int largest_channel_group = 8;

// Row of screen-space sums of the backward pass: six geometric values, then the channels.
inline constexpr int screen_sums = 6;

// Repeatable sums are integers, which no order changes: units in 1 of a screen space sum (they hold up to 5e5; those of
// a loss that is a mean over pixels are far smaller), of a derivative by a vertex, and of a term of the loss. The last
// are kept as doubles, which hold multiples of their unit exactly.
inline constexpr double screen_units = 17592186044416.0;  // 2^44
inline constexpr double vertex_units = 1099511627776.0;   // 2^40
inline constexpr double term_units = 1099511627776.0;

// Structural similarity (Wang et al. 2004): 11 x 11 Gaussian window, sigma 1.5, K1 = 0.01, K2 = 0.03, range 1.
inline constexpr int ssim_radius = 5;
inline constexpr float ssim_sigma = 1.5f;
inline constexpr float ssim_c1 = 0.01f * 0.01f;
inline constexpr float ssim_c2 = 0.03f * 0.03f;

}  // namespace likeness::cuda

// What the forward and the backward blending share: a block is a segment of a tile's list, a warp an 8 x 8 patch of the
// tile, a lane two of its pixels.
#pragma once

#include "cuda/ellipse.cuh"
#include "cuda/half_splat.cuh"

namespace likeness::cuda {

struct PixelPlace {
    int view;
    std::size_t pixel;  // in the pictures of all views
    float centre_x, centre_y;
    bool inside;  // of the picture
};

// `place`: n * blend_threads + thread is the thread's pixel n, and where the tile's planes of values keep it.
__device__ inline PixelPlace pixel_place(unsigned tile, const Canvas& canvas, int place) {
    const int columns = canvas.grid.columns;
    PixelPlace p;
    p.view = int(tile) / canvas.grid.of_view();
    tile -= unsigned(p.view * canvas.grid.of_view());
    const int n = place / blend_threads, warp = place % blend_threads / warp_threads, lane = place % warp_threads;
    const int x = int(tile) % columns * tile_width + warp % patches_per_row * patch_width + lane % patch_width;
    const int y = int(tile) / columns * tile_height + warp / patches_per_row * patch_height + n * lane_rows +
                  lane / patch_width;
    p.pixel = (std::size_t(p.view) * canvas.height + y) * canvas.width + x;
    p.centre_x = float(x) + 0.5f;
    p.centre_y = float(y) + 0.5f;
    p.inside = x < canvas.width && y < canvas.height;
    return p;
}

struct Segment {
    unsigned tile;        // no_tile: the slot is not in use
    unsigned first_slot;  // of the tile
    unsigned index;       // in the tile
    unsigned begin, end;  // positions in the lists
    unsigned list_end;    // of the tile
    bool last;            // of the tile
    bool merged;          // the list was sorted in pieces
};

__device__ inline Segment find_segment(const RasterWorkspace& w, unsigned slot) {
    Segment s{};
    s.tile = w.segment_tiles[slot];
    if (s.tile == no_tile) return s;
    const uint2 range = static_cast<const uint2*>(w.tile_ranges)[s.tile];
    s.first_slot = range.x / segment_length + s.tile;
    s.index = slot - s.first_slot;
    s.begin = range.x + s.index * segment_length;
    s.list_end = range.y;
    s.merged = range.y - range.x > piece_keys;
    s.last = range.y - s.begin <= segment_length;
    s.end = s.last ? range.y : s.begin + segment_length;
    return s;
}

// A Gaussian's channels, loaded four at once.
template <int Channels>
struct alignas(16) Features {
    float channel[(Channels + 3) / 4 * 4];
};
template <>
struct Features<0> {};

// A segment's Gaussians in shared memory, and which of them reach each warp's patch: a bit each.
constexpr int hit_words = segment_length / warp_threads;
template <int Channels>
struct Batch {
    PixelSplat splats[segment_length];
    Features<Channels> features[Channels > 0 ? segment_length : 1];
    unsigned indices[segment_length];
    unsigned hits[tile_patches * hit_words];
};

__device__ inline float feature(const float* features, std::size_t row, int stride, int channel) {
    return features[row * stride + channel];
}
__device__ inline float feature(const HalfSplat* splats, std::size_t row, int, int channel) {
    return widened(splats[row].color[channel]);
}

// Each thread fetches a Gaussian. `channels` may be less than Channels; the rest are zero. With `hits_known` an earlier
// kernel left the hits in the workspace, else this one does.
static_assert(blend_threads == segment_length);
template <int Channels, class Source>
__device__ inline void load_batch(Batch<Channels>& batch, const RasterWorkspace& w, const Source* features, int stride,
                                  unsigned wrap, int channels, const Segment& segment, const Canvas& canvas,
                                  bool hits_known) {
    const unsigned position = segment.begin + threadIdx.x;
    PixelSplat splat{};
    if (position < segment.end) {
        const unsigned index = unsigned((segment.merged ? w.merged_keys : w.keys)[position]);
        splat = pixel_splat(static_cast<const ScreenSplat*>(w.geometry)[index]);
        batch.splats[threadIdx.x] = splat;
        batch.indices[threadIdx.x] = index;
        const std::size_t row = index < wrap ? index : index % wrap;
        if constexpr (Channels > 0) {
            Features<Channels> own{};
#pragma unroll
            for (int c = 0; c < Channels; ++c) own.channel[c] = c < channels ? feature(features, row, stride, c) : 0.0f;
            batch.features[threadIdx.x] = own;
        }
    }
    unsigned* const known = w.patch_hits + std::size_t(blockIdx.x) * (tile_patches * hit_words);
    if (hits_known) {
        if (threadIdx.x < tile_patches * hit_words) batch.hits[threadIdx.x] = known[threadIdx.x];
    } else {
        const unsigned tile = segment.tile % unsigned(canvas.grid.of_view());
        const float left = float(tile % canvas.grid.columns * tile_width) + 0.5f;
        const float top = float(tile / canvas.grid.columns * tile_height) + 0.5f;
#pragma unroll
        for (int patch = 0; patch < tile_patches; ++patch) {
            const float x = left + float(patch % patches_per_row * patch_width);
            const float y = top + float(patch / patches_per_row * patch_height);
            const unsigned hits = __ballot_sync(
                all_lanes, position < segment.end && ellipse_meets(splat, x, y, x + float(patch_width - 1),
                                                                   y + float(patch_height - 1)));
            const unsigned word = patch * hit_words + threadIdx.x / warp_threads;
            if (threadIdx.x % warp_threads == 0) batch.hits[word] = known[word] = hits;
        }
    }
    __syncthreads();
}

// Walks the Gaussians that reach the warp's patch in order: apply(i, dx, dy and alpha of each of the lane's pixels). The
// alphas of `Together` Gaussians are computed side by side, since a lone one waits for memory and the exponential. Ends
// early when finished() holds, asked every 32.
template <int Together, int Channels, class Finished, class Apply>
__device__ inline void walk_segment(const Batch<Channels>& batch, int filled, const PixelPlace& place,
                                    const Finished& finished, const Apply& apply) {
    const unsigned* const words = batch.hits + threadIdx.x / warp_threads * hit_words;
    for (int first = 0; first < filled && !finished(); first += warp_threads) {
        unsigned hits = words[first / warp_threads];
        while (hits != 0) {
            int index[Together];
            float dx[Together], dy[Together][pixels_per_lane], alpha[Together][pixels_per_lane];
            const int count = __popc(hits);
#pragma unroll
            for (int k = 0; k < Together; ++k) {
                index[k] = k == 0 || hits != 0 ? first + __ffs(int(hits)) - 1 : index[0];
                hits &= hits - 1;  // of no effect when it is 0
                const PixelSplat splat = batch.splats[index[k]];
                dx[k] = place.centre_x - splat.x;
#pragma unroll
                for (int n = 0; n < pixels_per_lane; ++n) {
                    dy[k][n] = place.centre_y + float(n * lane_rows) - splat.y;
                    alpha[k][n] = splat_alpha(splat, dx[k], dy[k][n]);
                }
            }
#pragma unroll
            for (int k = 0; k < Together; ++k)
                if (k < count) apply(index[k], dx[k], dy[k], alpha[k]);
        }
    }
}

// Behind a Gaussian of that alpha. Pinned, so that the forward and the backward pass take the same steps; where they
// begin a segment may differ by a rounding.
__device__ inline float behind(float transmittance, float alpha) {
    return __fmaf_rn(-alpha, transmittance, transmittance);
}

}  // namespace likeness::cuda

// What the forward and the backward blending share: a block is a segment of a tile's list, a warp an 8 x 4 patch of the
// tile, a lane a pixel.
#pragma once

#include "cuda/ellipse.cuh"

namespace likeness::cuda {

struct PixelPlace {
    int lane;
    int x, y;           // pixel
    std::size_t pixel;  // in the pictures of all views
    int view;
    float centre_x, centre_y;
    bool inside;      // of the picture
    float left, top;  // centre of the patch's first pixel
};

// `thread`: the tile's pixels in the order of their patches.
__device__ inline PixelPlace pixel_place(unsigned tile, const Canvas& canvas, int thread) {
    const int columns = canvas.grid.columns, width = canvas.width, height = canvas.height;
    const int view = int(tile) / canvas.grid.of_view();
    tile -= unsigned(view * canvas.grid.of_view());
    const int warp = thread / warp_threads, lane = thread % warp_threads;
    const int tile_x = int(tile) % columns, tile_y = int(tile) / columns;
    const int left = tile_x * tile_width + (warp % patches_per_row) * patch_width;
    const int top = tile_y * tile_height + (warp / patches_per_row) * patch_height;
    PixelPlace p;
    p.lane = lane;
    p.view = view;
    p.x = left + lane % patch_width;
    p.y = top + lane / patch_width;
    p.pixel = (std::size_t(view) * height + p.y) * width + p.x;
    p.centre_x = float(p.x) + 0.5f;
    p.centre_y = float(p.y) + 0.5f;
    p.inside = p.x < width && p.y < height;
    p.left = float(left) + 0.5f;
    p.top = float(top) + 0.5f;
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

// A segment's Gaussians in shared memory.
template <int Channels>
struct Batch {
    PixelSplat splats[segment_length];
    Features<Channels> features[Channels > 0 ? segment_length : 1];
    unsigned indices[segment_length];
};

// The first threads fetch one Gaussian each. `channels` may be less than Channels; the rest are zero.
template <int Channels>
__device__ inline void load_batch(Batch<Channels>& batch, const RasterWorkspace& w, const float* features, int stride,
                                  unsigned wrap, int channels, const Segment& segment) {
    const unsigned position = segment.begin + threadIdx.x;
    if (position < segment.end && threadIdx.x < segment_length) {
        const unsigned index = unsigned((segment.merged ? w.merged_keys : w.keys)[position]);
        batch.splats[threadIdx.x] = pixel_splat(static_cast<const ScreenSplat*>(w.geometry)[index]);
        batch.indices[threadIdx.x] = index;
        const std::size_t row = index < wrap ? index : index % wrap;
        if constexpr (Channels > 0) {
            Features<Channels> own{};
#pragma unroll
            for (int c = 0; c < Channels; ++c) own.channel[c] = c < channels ? features[row * stride + c] : 0.0f;
            batch.features[threadIdx.x] = own;
        }
    }
    __syncthreads();
}

// Lanes' votes: which of 32 Gaussians from `first` reach the warp's pixels, `rows` of them from the patch's top on.
template <int Channels>
__device__ inline unsigned patch_hits(const Batch<Channels>& batch, int first, int filled, const PixelPlace& place,
                                      int rows = patch_height) {
    const int i = first + place.lane;
    bool hit = false;
    if (i < filled) {
        hit = ellipse_meets(batch.splats[i], place.left, place.top, place.left + float(patch_width - 1),
                            place.top + float(rows - 1));
    }
    return __ballot_sync(all_lanes, hit);
}

template <int Channels>
__device__ inline float alpha_here(const Batch<Channels>& batch, int i, const PixelPlace& place) {
    const PixelSplat& s = batch.splats[i];
    return splat_alpha(s, place.centre_x - s.x, place.centre_y - s.y);
}

// Walks the Gaussians that reach the warp's patch in order: apply(i, raw alpha). The alphas of two are computed
// together, since a lone one waits for memory and the exponential. Ends early when finished() holds, asked every 32.
template <int Channels, class Finished, class Apply>
__device__ inline void walk_segment(const Batch<Channels>& batch, int filled, const PixelPlace& place,
                                    const Finished& finished, const Apply& apply) {
    for (int first = 0; first < filled && !finished(); first += warp_threads) {
        unsigned hits = patch_hits(batch, first, filled, place);
        while (hits != 0) {
            const int i = first + __ffs(int(hits)) - 1;
            hits &= hits - 1;
            const bool pair = hits != 0;
            const int j = pair ? first + __ffs(int(hits)) - 1 : i;
            hits &= hits - 1;  // of no effect when it was 0
            const float alpha_i = alpha_here(batch, i, place), alpha_j = alpha_here(batch, j, place);
            apply(i, alpha_i);
            if (pair) apply(j, alpha_j);
        }
    }
}

}  // namespace likeness::cuda

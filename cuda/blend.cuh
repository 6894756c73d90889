// What the forward and the backward blending share: a block is a tile, a warp an 8 x 4 patch, a lane a pixel.
#pragma once

#include "cuda/ellipse.cuh"

namespace likeness::cuda {

struct PixelPlace {
    int lane;
    int x, y;  // pixel
    float centre_x, centre_y;
    bool inside;      // of the picture
    float left, top;  // centre of the patch's first pixel
};

__device__ inline PixelPlace pixel_place(int columns, int width, int height) {
    const int warp = int(threadIdx.x) / warp_threads, lane = int(threadIdx.x) % warp_threads;
    const int tile_x = int(blockIdx.x) % columns, tile_y = int(blockIdx.x) / columns;
    const int left = tile_x * tile_width + (warp % patches_per_row) * patch_width;
    const int top = tile_y * tile_height + (warp / patches_per_row) * patch_height;
    PixelPlace p;
    p.lane = lane;
    p.x = left + lane % patch_width;
    p.y = top + lane / patch_width;
    p.centre_x = float(p.x) + 0.5f;
    p.centre_y = float(p.y) + 0.5f;
    p.inside = p.x < width && p.y < height;
    p.left = float(left) + 0.5f;
    p.top = float(top) + 0.5f;
    return p;
}

// A batch of the tile's Gaussians in shared memory.
template <int Channels>
struct Batch {
    ScreenSplat splats[tile_pixels];
    float features[tile_pixels * Channels];
    unsigned indices[tile_pixels];
};

// Every thread fetches one Gaussian. `channels` may be less than Channels; the rest are zero.
template <int Channels>
__device__ inline void load_batch(Batch<Channels>& batch, const RasterWorkspace& w, const float* features, int stride,
                                  int channels, unsigned position, unsigned end) {
    if (position >= end) return;
    const unsigned index = w.instances[1][position];
    const float4* geometry = static_cast<const float4*>(w.geometry) + 2 * std::size_t(index);
    float4* target = reinterpret_cast<float4*>(batch.splats + threadIdx.x);
    target[0] = geometry[0];
    target[1] = geometry[1];
    batch.indices[threadIdx.x] = index;
#pragma unroll
    for (int c = 0; c < Channels; ++c) {
        batch.features[threadIdx.x * Channels + c] = c < channels ? features[std::size_t(index) * stride + c] : 0.0f;
    }
}

// Lanes' votes: which of 32 Gaussians from `first` reach the warp's patch.
template <int Channels>
__device__ inline unsigned patch_hits(const Batch<Channels>& batch, int first, int filled, const PixelPlace& place) {
    const int i = first + place.lane;
    bool hit = false;
    if (i < filled) {
        const ScreenSplat& s = batch.splats[i];
        hit = ellipse_meets(s.x, s.y, s.xx, s.xy, s.yy, s.power_limit, place.left, place.top,
                            place.left + float(patch_width - 1), place.top + float(patch_height - 1));
    }
    return __ballot_sync(all_lanes, hit);
}

}  // namespace likeness::cuda

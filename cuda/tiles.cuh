// The tiles that a Gaussian's ellipse touches, visited by one thread or by a warp. Counting and emitting share it.
#pragma once

#include "cuda/ellipse.cuh"

namespace likeness::cuda {

// Tile columns [x, z) and rows [y, w).
__device__ inline int box_tiles(ushort4 box) { return int(box.z - box.x) * int(box.w - box.y); }

__device__ inline ushort4 no_tiles() { return make_ushort4(0, 0, 0, 0); }

// Box of the tiles whose pixel centres the ellipse's bounding box can hold: half sizes sqrt(2 limit Sigma_xx) and
// sqrt(2 limit Sigma_yy), tight for the opacity.
__device__ inline ushort4 tile_box(float x, float y, float sigma_xx, float sigma_yy, float limit, int columns,
                                   int rows) {
    const float half_x = sqrtf(2.0f * limit * sigma_xx), half_y = sqrtf(2.0f * limit * sigma_yy);
    // A centre at i + 0.5 is inside when x - half <= i + 0.5 <= x + half. Clamped as floats: they may be huge.
    const float width = float(columns * tile_width), height = float(rows * tile_height);
    const float left = fminf(fmaxf(ceilf(x - half_x - 0.5f), 0.0f), width);
    const float right = fminf(fmaxf(floorf(x + half_x - 0.5f) + 1.0f, 0.0f), width);  // exclusive
    const float top = fminf(fmaxf(ceilf(y - half_y - 0.5f), 0.0f), height);
    const float bottom = fminf(fmaxf(floorf(y + half_y - 0.5f) + 1.0f, 0.0f), height);
    if (!(left < right && top < bottom)) return no_tiles();
    return make_ushort4(static_cast<unsigned short>(int(left) / tile_width),
                        static_cast<unsigned short>(int(top) / tile_height),
                        static_cast<unsigned short>((int(right) + tile_width - 1) / tile_width),
                        static_cast<unsigned short>((int(bottom) + tile_height - 1) / tile_height));
}

// Calls visit(column, row, rank) for each touched tile; every lane of the warp must enter. `busy` says whether this
// lane brings a Gaussian. Small boxes are walked by their own lane; for each large one all lanes test 32 tiles at a
// time, so that one large Gaussian does not hold up 31 small ones. visit() of large ones runs on other lanes, with
// `owner` naming the lane whose Gaussian it is. Returns the number of touched tiles of this lane's Gaussian.
template <class Visit>
__device__ inline int visit_tiles(bool busy, const ScreenSplat& splat, ushort4 box, const Visit& visit) {
    const int lane = int(threadIdx.x) & (warp_threads - 1);
    const int tiles = busy ? box_tiles(box) : 0;
    int touched = 0;
    if (tiles > 0 && tiles <= tiles_for_one_thread) {
        for (int row = box.y; row < box.w; ++row) {
            for (int column = box.x; column < box.z; ++column) {
                if (ellipse_meets_tile(splat, column, row)) visit(column, row, touched++, lane);
            }
        }
    }
    unsigned large = __ballot_sync(all_lanes, tiles > tiles_for_one_thread);
    while (large != 0) {
        const int owner = __ffs(int(large)) - 1;
        large &= large - 1;
        ScreenSplat shared;
        shared.x = __shfl_sync(all_lanes, splat.x, owner);
        shared.y = __shfl_sync(all_lanes, splat.y, owner);
        shared.power_limit = __shfl_sync(all_lanes, splat.power_limit, owner);
        shared.xx = __shfl_sync(all_lanes, splat.xx, owner);
        shared.xy = __shfl_sync(all_lanes, splat.xy, owner);
        shared.yy = __shfl_sync(all_lanes, splat.yy, owner);
        const int first_column = __shfl_sync(all_lanes, int(box.x), owner);
        const int first_row = __shfl_sync(all_lanes, int(box.y), owner);
        const int columns = __shfl_sync(all_lanes, int(box.z), owner) - first_column;
        const int count = __shfl_sync(all_lanes, tiles, owner);
        int found = 0;
        for (int base = 0; base < count; base += warp_threads) {
            const int i = base + lane;
            const int column = first_column + i % columns, row = first_row + i / columns;
            const bool hit = i < count && ellipse_meets_tile(shared, column, row);
            const unsigned hits = __ballot_sync(all_lanes, hit);
            if (hit) visit(column, row, found + __popc(hits & ((1u << lane) - 1u)), owner);
            found += __popc(hits);
        }
        if (lane == owner) touched = found;
    }
    return touched;
}

}  // namespace likeness::cuda

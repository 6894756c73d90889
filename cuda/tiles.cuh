// The tiles that a Gaussian's ellipse touches, visited by teams of lanes. Counting and emitting share it.
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

// Calls visit(column, row, rank, owner) for each touched tile of the warp's 32 Gaussians; every lane must enter. `busy`
// says whether this lane brings a Gaussian. Neighbours are alike, so a warp of large ones is common: eight lanes take
// a Gaussian together, four Gaussians at a time. `owner` names the lane whose Gaussian it is, `rank` counts its tiles.
// Returns the number of touched tiles of this lane's Gaussian.
template <class Visit>
__device__ inline int visit_tiles(bool busy, const ScreenSplat& splat, ushort4 box, const Visit& visit) {
    constexpr int team = lanes_per_splat, teams = warp_threads / team;
    const int lane = int(threadIdx.x) % warp_threads, member = lane % team;
    const unsigned team_lanes = ((1u << team) - 1u) << (lane - member);
    const int tiles = busy ? box_tiles(box) : 0;
    int touched = 0;
    for (int first = 0; first < warp_threads; first += teams) {
        const int owner = first + lane / team;
        const int count = __shfl_sync(all_lanes, tiles, owner);
        if (!__any_sync(all_lanes, count > 0)) continue;
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
        int found = 0;
        for (int base = 0; __any_sync(all_lanes, base < count); base += team) {
            const int i = base + member;
            const int row_offset = i < count ? i / columns : 0;
            const int column = first_column + i - row_offset * columns, row = first_row + row_offset;
            const bool hit = i < count && ellipse_meets_tile(shared, column, row);
            const unsigned hits = __ballot_sync(all_lanes, hit) & team_lanes;
            if (hit) visit(column, row, found + __popc(hits & ((1u << lane) - 1u)), owner);
            found += __popc(hits);
        }
        const int own = __shfl_sync(all_lanes, found, (lane - first) * team & (warp_threads - 1));
        if (lane >= first && lane < first + teams) touched = own;
    }
    return touched;
}

}  // namespace likeness::cuda

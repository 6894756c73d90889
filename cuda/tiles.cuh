// The tiles that a Gaussian may touch.
#pragma once

#include "cuda/ellipse.cuh"

namespace likeness::cuda {

// Tile columns [x, z) and rows [y, w).
__device__ inline int box_tiles(ushort4 box) { return int(box.z - box.x) * int(box.w - box.y); }

__device__ inline ushort4 no_tiles() { return make_ushort4(0, 0, 0, 0); }

// Tile columns [x, y) of a row that the ellipse touches, between `first` and `end`. Over the row's pixel centres the
// ellipse's right edge is highest where it is the ellipse's own rightmost point, or at the end of the row next to it;
// the left edge likewise. `determinant` is xx yy - xy^2 to full precision, which a needle's own numbers do not give.
__device__ inline int2 row_columns(const ScreenSplat& s, float determinant, int row, int first, int end) {
    const float top_y = float(row * tile_height) + 0.5f - s.y;
    const float reach = sqrtf(2.0f * s.power_limit * s.xx / determinant);  // of the ellipse in y
    const float low = fmaxf(top_y, -reach), high = fminf(top_y + float(tile_height - 1), reach);
    if (!(low <= high)) return make_int2(first, first);
    const float half = sqrtf(2.0f * s.power_limit * s.yy / determinant);  // in x
    const float tilt = s.xy / s.yy * half, inverse = 1.0f / s.xx;
    const float right_y = fminf(fmaxf(-tilt, low), high), left_y = fminf(fmaxf(tilt, low), high);
    const auto edge = [&](float y, float sign) {
        const float root = s.xx * (2.0f * s.power_limit) - determinant * y * y;
        return (-s.xy * y + sign * sqrtf(fmaxf(root, 0.0f))) * inverse;
    };
    // A little more than the edges, for their rounding.
    const float slack = 1e-3f + 1e-5f * half;
    const float left = s.x + edge(left_y, -1.0f) - slack, right = s.x + edge(right_y, 1.0f) + slack;
    const float width = float(end * tile_width);
    const int from = int(fminf(fmaxf(ceilf(left - 0.5f), float(first * tile_width)), width)) / tile_width;
    const int to = (int(fminf(fmaxf(floorf(right - 0.5f) + 1.0f, 0.0f), width)) + tile_width - 1) / tile_width;
    return make_int2(from, max(from, to));
}

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

}  // namespace likeness::cuda

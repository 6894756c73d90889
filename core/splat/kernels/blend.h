// Blending of one tile: a register is a row of eight pixels, or two of them with AVX-512; the tile's state stays in the
// L1 cache.
//
// Kerbl et al. 2023, equations 3 and 4: w_i = T_i alpha_i, T_{i+1} = T_i (1 - alpha_i), C = sum w_i f_i + T_N b.
#pragma once

#include "core/splat/kernels/exp2.h"
#include "core/splat/kernels/kernels.h"

namespace likeness::cpu_raster {
namespace {

// How many Gaussians ahead records are fetched, and how often finished rows are looked for.
inline constexpr std::uint32_t prefetch_distance = 6;
inline constexpr std::uint32_t check_interval = 8;

// Rows of a tile in a register, and what their centres are apart from the first's.
inline constexpr int step_rows = sizeof(Wide) / sizeof(F8);

// A Gaussian in a tile, its parameters in all lanes.
struct Stroke {
    Wide dx, xx_dx, xy, yy, log2_opacity;
};

LIKENESS_INLINE Stroke stroke(const ScreenSplat& s, Wide centre_x) {
    const Wide dx = centre_x - every<Wide>(s.u);
    return {dx, every<Wide>(s.xx) * dx, every<Wide>(s.xy), every<Wide>(s.yy), every<Wide>(s.log2_opacity)};
}

// alpha before the clamp, 0 below the smallest alpha.
LIKENESS_INLINE Wide raw_alpha(const Stroke& s, Wide dy) {
    const Wide constant = madd(s.yy * dy, dy, s.log2_opacity);
    const Wide exponent = madd(madd(s.xy, dy, s.xx_dx), s.dx, constant);
    return keep(at_least(exponent, every<Wide>(log2_smallest_alpha)), exp2(exponent));
}

// One step of the blending recurrence. A pixel that stopped keeps its transmittance with the sign turned, which makes
// every later comparison fail without a mask of its own.
struct Step {
    Wide alpha, weight, transmittance;
    WideMask blended;
};

LIKENESS_INLINE Step step(Wide raw, Wide transmittance) {
    Step s;
    s.alpha = minimum(raw, every<Wide>(largest_alpha));
    const Wide next = nmadd(s.alpha, transmittance, transmittance);
    s.blended = at_least(next, every<Wide>(smallest_transmittance));
    s.weight = keep(s.blended, s.alpha * transmittance);
    s.transmittance = select(s.blended, next, negative(transmittance));
    return s;
}

struct TilePlace {
    int left, top;      // pixels
    int width, height;  // inside the picture
    Wide centre_x;
    float centre_y;
};

// The rows of a Gaussian that are still wanted, in whole steps: [first, end).
struct RowRange {
    int first, end;
};

LIKENESS_INLINE RowRange row_range(const TileInstance& instance, int first, int last) {
    const int from = instance.first_row > first ? instance.first_row : first;
    const int to = instance.last_row < last ? instance.last_row : last;
    return {from & -step_rows, to + 1};
}

LIKENESS_INLINE TilePlace tile_place(const BlendTask& task, std::size_t tile) {
    TilePlace p;
    p.left = int(tile % std::size_t(task.columns)) * tile_size;
    p.top = int(tile / std::size_t(task.columns)) * tile_size;
    p.width = task.view.width - p.left < tile_size ? task.view.width - p.left : tile_size;
    p.height = task.view.height - p.top < tile_size ? task.view.height - p.top : tile_size;
    p.centre_x = columns_of<Wide>() + every<Wide>(float(p.left) + 0.5f);
    p.centre_y = float(p.top) + 0.5f;
    return p;
}

// Transmittance 1 inside the picture, "stopped" outside.
LIKENESS_INLINE void start_transmittance(const TilePlace& place, float* transmittance) {
    const F8 column{0, 1, 2, 3, 4, 5, 6, 7};
    const F8 row_start = select(column < all(float(place.width)), all(1.0f), all(-1.0f));
    for (int y = 0; y < tile_size; ++y) {
        store(transmittance + y * tile_size, y < place.height ? row_start : all(-1.0f));
    }
}

// Narrows [first, last] to the rows that still let light through; empty (first > last) when none does.
LIKENESS_INLINE void narrow_rows(const float* transmittance, int& first, int& last) {
    while (first <= last && sign_bits(load(transmittance + first * tile_size)) == 0xffu) ++first;
    while (first <= last && sign_bits(load(transmittance + last * tile_size)) == 0xffu) --last;
}

LIKENESS_INLINE void write_pictures(const BlendTask& task, const TilePlace& place, const float* state) {
    const float* background = task.view.background;
    for (int y = 0; y < place.height; ++y) {
        const std::size_t pixel = std::size_t(place.top + y) * std::size_t(task.view.width) + std::size_t(place.left);
        const float* row = state + y * tile_size;
        for (int x = 0; x < place.width; ++x) {
            const float transmittance = __builtin_fabsf(row[x]);
            float* color = task.color + (pixel + std::size_t(x)) * 3;
            color[0] = row[x + tile_pixels] + transmittance * background[0];
            color[1] = row[x + 2 * tile_pixels] + transmittance * background[1];
            color[2] = row[x + 3 * tile_pixels] + transmittance * background[2];
            task.alpha[pixel + std::size_t(x)] = 1.0f - transmittance;
        }
        const float* channel = row + 4 * tile_pixels;
        if (task.further.depth) {
            for (int x = 0; x < place.width; ++x) task.depth[pixel + std::size_t(x)] = channel[x];
            channel += tile_pixels;
        }
        if (task.further.normal) {
            for (int c = 0; c < 3; ++c, channel += tile_pixels) {
                for (int x = 0; x < place.width; ++x) task.normal[(pixel + std::size_t(x)) * 3 + c] = channel[x];
            }
        }
        const std::size_t extras = std::size_t(task.further.extras);
        for (std::size_t c = 0; c < extras; ++c, channel += tile_pixels) {
            for (int x = 0; x < place.width; ++x) task.extra[(pixel + std::size_t(x)) * extras + c] = channel[x];
        }
    }
}

template <bool WithFurther>
void blend_tile(const BlendTask& task, std::size_t tile) {
    const TilePlace place = tile_place(task, tile);
    const int further = WithFurther ? task.further.count() : 0;
    float* state = task.state + tile * std::size_t(4 + further) * tile_pixels;
    float *transmittance = state, *red = state + tile_pixels, *green = red + tile_pixels, *blue = green + tile_pixels;
    start_transmittance(place, transmittance);
    for (int i = tile_pixels; i < (4 + further) * tile_pixels; i += 8) store(state + i, all(0.0f));

    const std::uint32_t begin = task.tile_begin[tile], end = task.tile_begin[tile + 1];
    int first = 0, last = place.height - 1;
    std::uint32_t i = begin;
    for (; i < end; ++i) {
        if ((i - begin) % check_interval == 0) {
            narrow_rows(transmittance, first, last);
            if (first > last) break;
        }
        const std::uint32_t ahead = i + prefetch_distance < end ? i + prefetch_distance : i;
        __builtin_prefetch(task.screen + task.instances[ahead].splat);
        const TileInstance& instance = task.instances[i];
        const ScreenSplat& splat = task.screen[instance.splat];
        const Stroke s = stroke(splat, place.centre_x);
        const Wide r = every<Wide>(splat.red), g = every<Wide>(splat.green), b = every<Wide>(splat.blue);
        const RowRange rows = row_range(instance, first, last);
        const float* features =
            WithFurther ? task.features + std::size_t(instance.splat) * std::size_t(further) : nullptr;
        Wide dy = rows_of<Wide>() + every<Wide>(place.centre_y + float(rows.first) - splat.v);
        for (int y = rows.first; y < rows.end; y += step_rows, dy += every<Wide>(float(step_rows))) {
            const int at = y * tile_size;
            const Step p = step(raw_alpha(s, dy), read<Wide>(transmittance + at));
            write(transmittance + at, p.transmittance);
            write(red + at, madd(p.weight, r, read<Wide>(red + at)));
            write(green + at, madd(p.weight, g, read<Wide>(green + at)));
            write(blue + at, madd(p.weight, b, read<Wide>(blue + at)));
            if constexpr (WithFurther) {
                float* channel = state + 4 * tile_pixels + at;
                for (int c = 0; c < further; ++c, channel += tile_pixels) {
                    write(channel, madd(p.weight, every<Wide>(features[c]), read<Wide>(channel)));
                }
            }
        }
    }
    task.walked[tile] = i - begin;
    write_pictures(task, place, state);
}

void blend(const BlendTask& task, std::size_t begin, std::size_t end) {
    for (std::size_t tile = begin; tile < end; ++tile) {
        if (task.further.count() > 0) {
            blend_tile<true>(task, tile);
        } else {
            blend_tile<false>(task, tile);
        }
    }
}

}  // namespace
}  // namespace likeness::cpu_raster

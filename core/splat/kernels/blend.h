// Blending of one tile: a register is a row of eight pixels, the tile's state stays in the L1 cache.
//
// Kerbl et al. 2023, equations 3 and 4: w_i = T_i alpha_i, T_{i+1} = T_i (1 - alpha_i), C = sum w_i f_i + T_N b.
#pragma once

#include "core/splat/kernels/kernels.h"
#include "core/splat/kernels/vec8.h"

namespace likeness::cpu_raster {
namespace {

// How many Gaussians ahead records are fetched, and how often finished rows are looked for.
inline constexpr std::uint32_t prefetch_distance = 6;
inline constexpr std::uint32_t check_interval = 8;

// A Gaussian in a tile, its parameters in all lanes.
struct Stroke {
    F8 dx, xx_dx, xy, yy, log2_opacity;
};

LIKENESS_INLINE Stroke stroke(const ScreenSplat& s, F8 centre_x) {
    const F8 dx = centre_x - all(s.u);
    return {dx, all(s.xx) * dx, all(s.xy), all(s.yy), all(s.log2_opacity)};
}

// alpha before the clamp, 0 below the smallest alpha.
LIKENESS_INLINE F8 raw_alpha(const Stroke& s, F8 dy) {
    const F8 constant = madd(s.yy * dy, dy, s.log2_opacity);
    const F8 exponent = madd(madd(s.xy, dy, s.xx_dx), s.dx, constant);
    return keep(exponent >= all(log2_smallest_alpha), exp2(exponent));
}

// One step of the blending recurrence in a row. A pixel that stopped keeps its transmittance with the sign turned,
// which makes every later comparison fail without a mask of its own.
struct Step {
    F8 alpha, kept, weight, transmittance;
    I8 blended;
};

LIKENESS_INLINE Step step(F8 raw, F8 transmittance) {
    Step s;
    s.alpha = minimum(raw, all(largest_alpha));
    s.kept = all(1.0f) - s.alpha;
    const F8 next = transmittance * s.kept;
    s.blended = next >= all(smallest_transmittance);
    s.weight = keep(s.blended, s.alpha * transmittance);
    const F8 stopped = reinterpret_cast<F8>(reinterpret_cast<I8>(transmittance) | INT32_MIN);
    s.transmittance = select(s.blended, next, stopped);
    return s;
}

struct TilePlace {
    int left, top;      // pixels
    int width, height;  // inside the picture
    F8 centre_x;
    float centre_y;
};

LIKENESS_INLINE TilePlace tile_place(const BlendTask& task, std::size_t tile) {
    TilePlace p;
    p.left = int(tile % std::size_t(task.columns)) * tile_size;
    p.top = int(tile / std::size_t(task.columns)) * tile_size;
    p.width = task.view.width - p.left < tile_size ? task.view.width - p.left : tile_size;
    p.height = task.view.height - p.top < tile_size ? task.view.height - p.top : tile_size;
    p.centre_x = F8{0.5f, 1.5f, 2.5f, 3.5f, 4.5f, 5.5f, 6.5f, 7.5f} + all(float(p.left));
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
        const F8 r = all(splat.red), g = all(splat.green), b = all(splat.blue);
        const int row_begin = instance.first_row > first ? instance.first_row : first;
        const int row_end = instance.last_row < last ? instance.last_row : last;
        const float* features =
            WithFurther ? task.features + std::size_t(instance.splat) * std::size_t(further) : nullptr;
        F8 dy = all(place.centre_y + float(row_begin) - splat.v);
        for (int y = row_begin; y <= row_end; ++y, dy += all(1.0f)) {
            const int at = y * tile_size;
            const Step p = step(raw_alpha(s, dy), load(transmittance + at));
            store(transmittance + at, p.transmittance);
            store(red + at, madd(p.weight, r, load(red + at)));
            store(green + at, madd(p.weight, g, load(green + at)));
            store(blue + at, madd(p.weight, b, load(blue + at)));
            if constexpr (WithFurther) {
                float* channel = state + 4 * tile_pixels + at;
                for (int c = 0; c < further; ++c, channel += tile_pixels) {
                    store(channel, madd(p.weight, all(features[c]), load(channel)));
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

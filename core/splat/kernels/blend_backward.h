// Derivative of the blending, walked front to back a second time.
//
// With the loss's gradients g by the pixel value C = sum w_i f_i + T_N b and h by alpha = 1 - T_N:
//   dL/df_i     = w_i g
//   dL/dalpha_i = T_i (g . f_i) - R_i / (1 - alpha_i),   R_i = sum_{j>i} w_j (g . f_j) + T_N (g . b - h).
// R starts as g . C - T_N h from the forward pass and loses w_i (g . f_i) at each step: one scalar stands for all that
// lies behind, whatever the number of channels, and no transmittance is rebuilt by division.
#pragma once

#include "core/splat/kernels/blend.h"

namespace likeness::cpu_raster {
namespace {

// More channels than this are refused by the rasterizer: the planes of a tile's gradients live on the stack.
inline constexpr int largest_further = 64;

struct alignas(64) TileGradients {
    float transmittance[tile_pixels];
    float rest[tile_pixels];                              // R
    float channels[(3 + largest_further) * tile_pixels];  // g, planes
};

// Adds g . C of one picture to the rest and copies g into planes.
LIKENESS_INLINE void load_picture(const BlendTask& task, const TilePlace& place, const float* picture, int channels,
                                  const float* value, float* plane, float* rest) {
    for (int i = 0; i < channels * tile_pixels; i += 8) store(plane + i, all(0.0f));
    if (!picture) return;
    for (int y = 0; y < place.height; ++y) {
        const float* row =
            picture + (std::size_t(place.top + y) * std::size_t(task.view.width) + std::size_t(place.left)) *
                          std::size_t(channels);
        for (int c = 0; c < channels; ++c) {
            const int at = c * tile_pixels + y * tile_size;
            for (int x = 0; x < place.width; ++x) plane[at + x] = row[x * channels + c];
        }
    }
    for (int c = 0; c < channels; ++c) {
        for (int i = 0; i < tile_pixels; i += 8) {
            const int at = c * tile_pixels + i;
            store(rest + i, madd(load(plane + at), load(value + at), load(rest + i)));
        }
    }
}

template <bool WithFurther>
LIKENESS_INLINE void load_gradients(const BlendBackwardTask& task, const TilePlace& place, const float* state,
                                    TileGradients& g) {
    const BlendTask& forward = task.forward;
    for (int i = 0; i < tile_pixels; i += 8) store(g.rest + i, all(0.0f));
    load_picture(forward, place, task.color, 3, state + tile_pixels, g.channels, g.rest);
    if constexpr (WithFurther) {
        const float* value = state + 4 * tile_pixels;
        float* plane = g.channels + 3 * tile_pixels;
        const auto next = [&](const float* picture, int channels) {
            load_picture(forward, place, picture, channels, value, plane, g.rest);
            value += channels * tile_pixels;
            plane += channels * tile_pixels;
        };
        if (forward.further.depth) next(task.depth, 1);
        if (forward.further.normal) next(task.normal, 3);
        if (forward.further.extras > 0) next(task.extra, forward.further.extras);
    }
    // T_N (g . b - h)
    const float* background = forward.view.background;
    for (int y = 0; y < place.height; ++y) {
        const std::size_t pixel =
            std::size_t(place.top + y) * std::size_t(forward.view.width) + std::size_t(place.left);
        for (int x = 0; x < place.width; ++x) {
            const int at = y * tile_size + x;
            const float along = g.channels[at] * background[0] + g.channels[at + tile_pixels] * background[1] +
                                g.channels[at + 2 * tile_pixels] * background[2];
            const float grad_alpha = task.alpha ? task.alpha[pixel + std::size_t(x)] : 0.0f;
            g.rest[at] += __builtin_fabsf(state[at]) * (along - grad_alpha);
        }
    }
}

template <bool WithFurther>
void blend_tile_backward(const BlendBackwardTask& task, std::size_t tile) {
    const BlendTask& forward = task.forward;
    const std::uint32_t begin = forward.tile_begin[tile], end = forward.tile_begin[tile + 1];
    if (begin == end) return;
    const TilePlace place = tile_place(forward, tile);
    const int kept_channels = forward.further.count();  // in the state
    const int further = WithFurther ? kept_channels : 0;
    const std::size_t stride = std::size_t(pixel_sums + further);

    TileGradients g;
    load_gradients<WithFurther>(task, place, forward.state + tile * std::size_t(4 + kept_channels) * tile_pixels, g);
    start_transmittance(place, g.transmittance);
    const float *grad_red = g.channels, *grad_green = grad_red + tile_pixels, *grad_blue = grad_green + tile_pixels;

    int first = 0, last = place.height - 1;
    const std::uint32_t walked = forward.walked[tile];
    for (std::uint32_t i = 0; i < walked; ++i) {
        if (i % check_interval == 0) narrow_rows(g.transmittance, first, last);
        const std::uint32_t ahead = i + prefetch_distance < walked ? i + prefetch_distance : i;
        __builtin_prefetch(forward.screen + forward.instances[begin + ahead].splat);
        const TileInstance& instance = forward.instances[begin + i];
        const ScreenSplat& splat = forward.screen[instance.splat];
        const Stroke s = stroke(splat, place.centre_x);
        const Wide r = every<Wide>(splat.red), green = every<Wide>(splat.green), b = every<Wide>(splat.blue);
        float* sums = task.sums + std::size_t(instance.slot) * stride;
        __builtin_prefetch(sums, 1);
        __builtin_prefetch(sums + pixel_sums - 1, 1);
        const RowRange rows = row_range(instance, first, last);
        const float* features = nullptr;
        alignas(64) float further_sums[WithFurther ? largest_further * 16 : 16];
        if constexpr (WithFurther) {
            features = forward.features + std::size_t(instance.splat) * std::size_t(further);
            for (int c = 0; c < further; ++c) write(further_sums + c * 16, every<Wide>(0.0f));
        }
        // Sums over rows, one a column; dx is the same in all rows, so moments of dx wait until the end.
        const Wide zero = every<Wide>(0.0f);
        Wide sum_s = zero, sum_s_dy = zero, sum_s_dy_dy = zero, sum_r = zero, sum_g = zero, sum_b = zero;
        Wide dy = rows_of<Wide>() + every<Wide>(place.centre_y + float(rows.first) - splat.v);
        for (int y = rows.first; y < rows.end; y += step_rows, dy += every<Wide>(float(step_rows))) {
            const int at = y * tile_size;
            const Wide transmittance = read<Wide>(g.transmittance + at);
            const Wide raw = raw_alpha(s, dy);
            const Step p = step(raw, transmittance);
            write(g.transmittance + at, p.transmittance);
            const Wide gr = read<Wide>(grad_red + at), gg = read<Wide>(grad_green + at),
                       gb = read<Wide>(grad_blue + at);
            Wide along = madd(gr, r, madd(gg, green, gb * b));
            sum_r = madd(p.weight, gr, sum_r);
            sum_g = madd(p.weight, gg, sum_g);
            sum_b = madd(p.weight, gb, sum_b);
            if constexpr (WithFurther) {
                const float* plane = g.channels + 3 * tile_pixels + at;
                for (int c = 0; c < further; ++c, plane += tile_pixels) {
                    const Wide grad_channel = read<Wide>(plane);
                    along = madd(grad_channel, every<Wide>(features[c]), along);
                    float* sum = further_sums + c * 16;
                    write(sum, madd(p.weight, grad_channel, read<Wide>(sum)));
                }
            }
            const Wide rest = nmadd(p.weight, along, read<Wide>(g.rest + at));
            write(g.rest + at, rest);
            // A clamped alpha does not move; neither does one that was not blended.
            const WideMask moves = p.blended & at_most(raw, every<Wide>(largest_alpha));
            const Wide grad_alpha = transmittance * along - rest / (every<Wide>(1.0f) - p.alpha);
            const Wide grad_exponent = keep(moves, grad_alpha * p.alpha);
            const Wide s_dy = grad_exponent * dy;
            sum_s += grad_exponent;
            sum_s_dy += s_dy;
            sum_s_dy_dy = madd(s_dy, dy, sum_s_dy_dy);
        }
        const F8 dx = first_row(s.dx), all_s = fold_rows(sum_s), all_s_dy = fold_rows(sum_s_dy);
        const F8 s_dx = all_s * dx;
        store_unaligned(sums, sum8(all_s, s_dx, s_dx * dx, all_s_dy, all_s_dy * dx, fold_rows(sum_r), fold_rows(sum_g),
                                   fold_rows(sum_b)));
        sums[8] = sum(fold_rows(sum_s_dy_dy));
        for (int c = 0; c < further; ++c) sums[pixel_sums + c] = sum(fold_rows(read<Wide>(further_sums + c * 16)));
    }
    for (std::uint32_t i = begin + walked; i < end; ++i) {
        __builtin_memset(task.sums + std::size_t(forward.instances[i].slot) * stride, 0, stride * sizeof(float));
    }
}

void blend_backward(const BlendBackwardTask& task, std::size_t begin, std::size_t end) {
    for (std::size_t tile = begin; tile < end; ++tile) {
        if (task.use_further) {
            blend_tile_backward<true>(task, tile);
        } else {
            blend_tile_backward<false>(task, tile);
        }
    }
}

}  // namespace
}  // namespace likeness::cpu_raster

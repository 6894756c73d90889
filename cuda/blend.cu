// Front-to-back blending (Kerbl et al. 2023, equation 3), segments of a tile's list side by side.
//
// A pixel stops at the first Gaussian that would take its transmittance below 1e-4. Without that rule the transmittance
// before a segment is the product of the earlier segments' own; it only falls, so a segment that starts below 1e-4 lies
// behind the stop, and one that starts above it can follow the rule by itself.
#include <type_traits>

#include "cuda/blend.cuh"
#include "cuda/launch.cuh"

namespace likeness::cuda {
namespace {

template <class Condition>
__device__ inline bool all_of(const float (&values)[pixels_per_lane], const Condition& condition) {
    bool all = true;
#pragma unroll
    for (int n = 0; n < pixels_per_lane; ++n) all = all && condition(values[n]);
    return all;
}

// What each segment lets through. A tile's last segment has nobody to tell.
__global__ void __launch_bounds__(blend_threads) transmittance_kernel(RasterWorkspace w, Canvas canvas) {
    wait_for_previous();
    __shared__ Batch<0> batch;
    const Segment segment = find_segment(w, blockIdx.x);
    if (segment.tile == no_tile || segment.last) return;
    load_batch<0, float>(batch, w, nullptr, 0, ~0u, 0, segment, canvas, false);
    const PixelPlace place = pixel_place(segment.tile, canvas, int(threadIdx.x));
    float product[pixels_per_lane];
#pragma unroll
    for (int n = 0; n < pixels_per_lane; ++n)
        product[n] = pixel_place(segment.tile, canvas, n * blend_threads + int(threadIdx.x)).inside ? 1.0f : 0.0f;
    walk_segment<2>(
        batch, int(segment.end - segment.begin), place,
        [&] { return __all_sync(all_lanes, all_of(product, [](float p) { return p < smallest_transmittance; })); },
        [&](int, float, const float*, const float* raw) {
#pragma unroll
            for (int n = 0; n < pixels_per_lane; ++n)
                if (raw[n] >= smallest_alpha) product[n] = behind(product[n], fminf(raw[n], largest_alpha));
        });
#pragma unroll
    for (int n = 0; n < pixels_per_lane; ++n)
        w.segment_products[std::size_t(blockIdx.x) * tile_pixels + n * blend_threads + threadIdx.x] = product[n];
}

template <int Channels>
__device__ inline void write_pixel(const ChannelGroup& group, const View* views, const PixelPlace& place,
                                   const float (&sums)[Channels], float transmittance) {
#pragma unroll
    for (int c = 0; c < Channels; ++c) {
        if (group.output[c] == nullptr) continue;
        const float behind = group.background[c] ? transmittance * views[place.view].background[c] : 0.0f;
        group.output[c][place.pixel * group.pixel_stride[c]] = sums[c] + behind;
    }
}

// A tile's only segment writes the pictures itself; others leave their sums for join_kernel().
template <int Channels, class Source>
__global__ void __launch_bounds__(blend_threads) blend_kernel(RasterWorkspace w, const View* views, ChannelGroup group,
                                                              float* alpha_output, int channels, Canvas canvas) {
    wait_for_previous();
    __shared__ Batch<Channels> batch;
    const Segment segment = find_segment(w, blockIdx.x);
    if (segment.tile == no_tile) return;
    const bool leads = group.first == 0;  // transmittance is the same for all groups; the first one leaves it
    PixelPlace places[pixels_per_lane];
    float transmittance[pixels_per_lane];  // negative where the pixel has stopped
#pragma unroll
    for (int n = 0; n < pixels_per_lane; ++n) {
        const int place = n * blend_threads + int(threadIdx.x);
        const std::size_t state = std::size_t(blockIdx.x) * tile_pixels + place;
        places[n] = pixel_place(segment.tile, canvas, place);
        float& start = transmittance[n] = 1.0f;
        if (segment.index == 0) {
            // nothing before
        } else if (leads) {
            const float* product = w.segment_products + std::size_t(segment.first_slot) * tile_pixels + place;
            for (unsigned k = 0; k < segment.index; ++k, product += tile_pixels) start *= *product;
        } else {
            start = w.segment_ends[state - tile_pixels];  // negative: stopped before
        }
        if (!places[n].inside || start < smallest_transmittance) start = -fabsf(start);
    }
    const Source* features = nullptr;
    if constexpr (std::is_same_v<Source, HalfSplat>) {
        features = group.halves;
    } else {
        features = group.features;
    }
    load_batch(batch, w, features, group.stride, group.wrap, group.count, segment, canvas, !segment.last || !leads);
    float sums[pixels_per_lane][Channels] = {};
    int last[pixels_per_lane] = {};
    walk_segment<2>(
        batch, int(segment.end - segment.begin), places[0],
        [&] { return __all_sync(all_lanes, all_of(transmittance, [](float t) { return t <= 0.0f; })); },
        [&](int i, float, const float*, const float* raw) {
            const Features<Channels> features = batch.features[i];
#pragma unroll
            for (int n = 0; n < pixels_per_lane; ++n) {
                if (raw[n] < smallest_alpha) continue;
                const float alpha = fminf(raw[n], largest_alpha), next = behind(transmittance[n], alpha);
                if (next < smallest_transmittance) {
                    transmittance[n] = -fabsf(transmittance[n]);
                    continue;
                }
                const float weight = alpha * transmittance[n];
#pragma unroll
                for (int c = 0; c < Channels; ++c) sums[n][c] += weight * features.channel[c];
                transmittance[n] = next;
                last[n] = i + 1;
            }
        });
#pragma unroll
    for (int n = 0; n < pixels_per_lane; ++n) {
        const int place = n * blend_threads + int(threadIdx.x);
        if (segment.index == 0 && segment.last) {
            if (!places[n].inside) continue;
            write_pixel(group, views, places[n], sums[n], fabsf(transmittance[n]));
            if (leads) {
                alpha_output[places[n].pixel] = 1.0f - fabsf(transmittance[n]);
                w.last_instance[places[n].pixel] = unsigned(last[n]);
            }
            continue;
        }
        float* const plane = w.segment_sums + (std::size_t(blockIdx.x) * channels + group.first) * tile_pixels + place;
#pragma unroll
        for (int c = 0; c < Channels; ++c) {
            if (c < group.count) plane[c * tile_pixels] = sums[n][c];
        }
        if (leads) {
            const std::size_t state = std::size_t(blockIdx.x) * tile_pixels + place;
            w.segment_ends[state] = transmittance[n];
            w.segment_last[state] = static_cast<unsigned char>(last[n]);
        }
    }
}

// A tile that no Gaussian reaches. Colors lie side by side in the picture, and so do the threads that write them.
template <int Channels>
__device__ inline void write_empty(const ChannelGroup& group, const View* views, float* alpha_output,
                                   const Canvas& canvas, unsigned tile) {
    const PixelPlace own = pixel_place(tile, canvas, int(threadIdx.x)), corner = pixel_place(tile, canvas, 0);
    if (own.inside) {
#pragma unroll
        for (int c = 0; c < Channels; ++c)
            if (group.output[c] && !group.background[c]) group.output[c][own.pixel * group.pixel_stride[c]] = 0.0f;
        if (group.first == 0) alpha_output[own.pixel] = 0.0f;
    }
    if (!group.background[0] || group.output[0] == nullptr) return;
    const int width = min(tile_width, canvas.width - int(corner.centre_x));
    const int height = min(tile_height, canvas.height - int(corner.centre_y));
    for (int i = int(threadIdx.x); i < 3 * tile_pixels; i += tile_pixels) {
        const int x = i % (3 * tile_width), y = i / (3 * tile_width);
        if (x < 3 * width && y < height)
            group.output[0][3 * (corner.pixel + std::size_t(y) * canvas.width) + x] = views[own.view].background[x % 3];
    }
}

// Adds up a tile's segments and writes the pictures. Leaves in each segment's place the sums of all before it.
template <int Channels>
__global__ void __launch_bounds__(tile_pixels) join_kernel(RasterWorkspace w, const View* views, ChannelGroup group,
                                                           float* alpha_output, int channels, Canvas canvas) {
    wait_for_previous();
    const unsigned tile = blockIdx.x;
    const uint2 range = static_cast<const uint2*>(w.tile_ranges)[tile];
    const unsigned first_slot = range.x / segment_length + tile;
    const unsigned count = (range.y - range.x + segment_length - 1) / segment_length;
    if (count == 1) return;  // blend_kernel() did it
    if (count == 0) return write_empty<Channels>(group, views, alpha_output, canvas, tile);
    const PixelPlace place = pixel_place(tile, canvas, int(threadIdx.x));
    if (!place.inside) return;
    float transmittance = 1.0f;
    float sums[Channels] = {};
    unsigned last = 0;
    constexpr unsigned ahead = 4;  // segments that are fetched together
    for (unsigned k = 0; k < count; k += ahead) {
        float ends[ahead], own[ahead][Channels];
        unsigned own_last[ahead];
#pragma unroll
        for (unsigned n = 0; n < ahead; ++n) {
            const std::size_t slot = first_slot + min(k + n, count - 1), state = slot * tile_pixels + threadIdx.x;
            const float* const plane = w.segment_sums + (slot * channels + group.first) * tile_pixels + threadIdx.x;
            ends[n] = w.segment_ends[state];
            own_last[n] = w.segment_last[state];
#pragma unroll
            for (int c = 0; c < Channels; ++c) own[n][c] = c < group.count ? plane[c * tile_pixels] : 0.0f;
        }
        bool stopped = false;
#pragma unroll
        for (unsigned n = 0; n < ahead; ++n) {
            if (stopped || k + n >= count) continue;
            float* const plane = w.segment_sums +
                                 ((first_slot + k + n) * std::size_t(channels) + group.first) * tile_pixels +
                                 threadIdx.x;
#pragma unroll
            for (int c = 0; c < Channels; ++c) {
                if (c >= group.count) continue;
                plane[c * tile_pixels] = sums[c];
                sums[c] += own[n][c];
            }
            if (own_last[n] > 0) last = (k + n) * segment_length + own_last[n];
            transmittance = fabsf(ends[n]);
            stopped = ends[n] < 0.0f;
        }
        if (stopped) break;  // nothing behind counts
    }
    write_pixel(group, views, place, sums, transmittance);
    if (group.first == 0) {
        alpha_output[place.pixel] = 1.0f - transmittance;
        w.last_instance[place.pixel] = last;
    }
}

template <int Channels>
void launch(const RasterShape& shape, const View* view, const RasterWorkspace& workspace, const ChannelGroup& group,
            float* alpha, cudaStream_t stream) {
    if (shape.splats > 0) {
        auto kernel = blend_kernel<Channels, float>;
        if constexpr (Channels == 3) {
            if (group.halves) kernel = blend_kernel<Channels, HalfSplat>;
        }
        launch_chained("blend", kernel, segment_slots(shape), blend_threads, stream, workspace, view,
                       group, alpha, shape.channels(), canvas_of(shape));
    }
    launch_chained("join segments", join_kernel<Channels>, unsigned(tile_grid(shape).count()), tile_pixels, stream,
                   workspace, view, group, alpha, shape.channels(), canvas_of(shape));
}

}  // namespace

void launch_transmittance(const RasterShape& shape, const RasterWorkspace& workspace, cudaStream_t stream) {
    launch_chained("transmittance", transmittance_kernel, segment_slots(shape), blend_threads, stream, workspace,
                   canvas_of(shape));
}

void launch_blend(const RasterShape& shape, const View* view, const RasterWorkspace& workspace,
                  const ChannelGroup& group, float* alpha, cudaStream_t stream) {
    if (group.count <= 3) {
        launch<3>(shape, view, workspace, group, alpha, stream);
    } else if (group.count <= 4) {
        launch<4>(shape, view, workspace, group, alpha, stream);
    } else {
        launch<largest_channel_group>(shape, view, workspace, group, alpha, stream);
    }
}

}  // namespace likeness::cuda

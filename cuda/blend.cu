// Front-to-back blending (Kerbl et al. 2023, equation 3), segments of a tile's list side by side.
//
// A pixel stops at the first Gaussian that would take its transmittance below 1e-4. Without that rule the transmittance
// before a segment is the product of the earlier segments' own; it only falls, so a segment that starts below 1e-4 lies
// behind the stop, and one that starts above it can follow the rule by itself.
#include "cuda/blend.cuh"
#include "cuda/launch.cuh"

namespace likeness::cuda {
namespace {

// What each segment lets through. A tile's last segment has nobody to tell.
__global__ void __launch_bounds__(tile_pixels)
    transmittance_kernel(RasterWorkspace w, int columns, int width, int height) {
    __shared__ Batch<0> batch;
    const Segment segment = find_segment(w, blockIdx.x);
    if (segment.tile == no_tile || segment.last) return;
    const PixelPlace place = pixel_place(segment.tile, columns, width, height);
    load_batch(batch, w, nullptr, 0, 0, segment);
    float product = place.inside ? 1.0f : 0.0f;
    walk_segment(
        batch, int(segment.end - segment.begin), place,
        [&] { return __all_sync(all_lanes, product < smallest_transmittance); },
        [&](int, float raw) {
            if (raw >= smallest_alpha) product *= 1.0f - fminf(raw, largest_alpha);
        });
    w.segment_products[std::size_t(blockIdx.x) * tile_pixels + threadIdx.x] = product;
}

template <int Channels>
__global__ void __launch_bounds__(tile_pixels)
    blend_kernel(RasterWorkspace w, ChannelGroup group, int channels, int columns, int width, int height) {
    __shared__ Batch<Channels> batch;
    const Segment segment = find_segment(w, blockIdx.x);
    if (segment.tile == no_tile) return;
    const PixelPlace place = pixel_place(segment.tile, columns, width, height);
    const std::size_t state = std::size_t(blockIdx.x) * tile_pixels + threadIdx.x;
    const bool leads = group.first == 0;  // transmittance is the same for all groups; the first one leaves it
    float transmittance = 1.0f;
    if (leads) {
        const float* product = w.segment_products + std::size_t(segment.first_slot) * tile_pixels + threadIdx.x;
        for (unsigned k = 0; k < segment.index; ++k, product += tile_pixels) transmittance *= *product;
        w.segment_starts[state] = transmittance;
    } else {
        transmittance = w.segment_starts[state];
    }
    load_batch(batch, w, group.features, group.stride, group.count, segment);
    bool done = !place.inside || transmittance < smallest_transmittance;
    float sums[Channels] = {};
    int last = 0;
    walk_segment(
        batch, int(segment.end - segment.begin), place, [&] { return __all_sync(all_lanes, done); },
        [&](int i, float raw) {
            if (done || raw < smallest_alpha) return;
            const float alpha = fminf(raw, largest_alpha);
            const float next = __fmul_rn(transmittance, __fsub_rn(1.0f, alpha));
            if (next < smallest_transmittance) {
                done = true;
                return;
            }
            const float weight = alpha * transmittance;
#pragma unroll
            for (int c = 0; c < Channels; ++c) sums[c] += weight * batch.features[i * Channels + c];
            transmittance = next;
            last = i + 1;
        });
    float* const plane =
        w.segment_sums + (std::size_t(blockIdx.x) * channels + group.first) * tile_pixels + threadIdx.x;
#pragma unroll
    for (int c = 0; c < Channels; ++c) {
        if (c < group.count) plane[c * tile_pixels] = sums[c];
    }
    if (leads) {
        w.segment_ends[state] = done ? -transmittance : transmittance;
        w.segment_last[state] = static_cast<unsigned char>(last);
    }
}

// Adds up a tile's segments and writes the pictures. Leaves in each segment's place the sums of all before it.
template <int Channels>
__global__ void __launch_bounds__(tile_pixels)
    join_kernel(RasterWorkspace w, const View* view, ChannelGroup group, float* alpha_output, int channels, int columns,
                int width, int height) {
    const unsigned tile = blockIdx.x;
    const PixelPlace place = pixel_place(tile, columns, width, height);
    if (!place.inside) return;
    const uint2 range = static_cast<const uint2*>(w.tile_ranges)[tile];
    const unsigned first_slot = range.x / segment_length + tile;
    const unsigned count = (range.y - range.x + segment_length - 1) / segment_length;
    float transmittance = 1.0f;
    float sums[Channels] = {};
    unsigned last = 0;
    for (unsigned k = 0; k < count; ++k) {
        const std::size_t slot = first_slot + k, state = slot * tile_pixels + threadIdx.x;
        float* const plane = w.segment_sums + (slot * channels + group.first) * tile_pixels + threadIdx.x;
#pragma unroll
        for (int c = 0; c < Channels; ++c) {
            if (c >= group.count) continue;
            const float own = plane[c * tile_pixels];
            plane[c * tile_pixels] = sums[c];
            sums[c] += own;
        }
        const float end = w.segment_ends[state];
        const unsigned own_last = w.segment_last[state];
        if (own_last > 0) last = k * segment_length + own_last;
        transmittance = fabsf(end);
        if (end < 0.0f) break;  // stopped: nothing behind counts
    }
    const std::size_t pixel = std::size_t(place.y) * width + place.x;
#pragma unroll
    for (int c = 0; c < Channels; ++c) {
        if (group.output[c] == nullptr) continue;
        const float behind = group.background[c] ? transmittance * view->background[c] : 0.0f;
        group.output[c][pixel * group.pixel_stride[c]] = sums[c] + behind;
    }
    if (group.first == 0) {
        alpha_output[pixel] = 1.0f - transmittance;
        w.last_instance[pixel] = last;
    }
}

template <int Channels>
void launch(const RasterShape& shape, const View* view, const RasterWorkspace& workspace, const ChannelGroup& group,
            float* alpha, cudaStream_t stream) {
    const TileGrid grid = tile_grid(shape);
    if (shape.splats > 0) {
        blend_kernel<Channels><<<segment_slots(shape), tile_pixels, 0, stream>>>(
            workspace, group, shape.channels(), grid.columns, shape.width, shape.height);
        check_launch("blend", stream);
    }
    join_kernel<Channels><<<unsigned(grid.count()), tile_pixels, 0, stream>>>(
        workspace, view, group, alpha, shape.channels(), grid.columns, shape.width, shape.height);
    check_launch("join segments", stream);
}

}  // namespace

void launch_transmittance(const RasterShape& shape, const RasterWorkspace& workspace, cudaStream_t stream) {
    transmittance_kernel<<<segment_slots(shape), tile_pixels, 0, stream>>>(workspace, tile_grid(shape).columns,
                                                                           shape.width, shape.height);
    check_launch("transmittance", stream);
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

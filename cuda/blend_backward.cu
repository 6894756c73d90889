// Derivative of the blending, walked front to back a second time.
//
// With weights w_i = T_i alpha_i, T_{i+1} = T_i (1 - alpha_i), pixel value C = sum w_i f_i + T_N b and the loss's
// gradient g by C and h by alpha = 1 - T_N:
//   dL/df_i     = w_i g
//   dL/dalpha_i = T_i (g . f_i) - R_i / (1 - alpha_i),   R_i = sum_{j>i} w_j (g . f_j) + T_N (g . b - h).
// R starts as g . C - T_N h, which the forward pass left in its outputs, and loses w_i (g . f_i) at each step: one
// scalar stands for everything behind, however many channels there are, and no division rebuilds T. A segment of a
// tile's list starts with the T and the C that the forward pass left there, so segments run side by side.
//
// A pixel adds nothing by itself: a lane sums its two pixels, a warp its 32 lanes, then a lane for each value adds it to
// the Gaussian's row, a single contiguous access. Summing over the warp is most of the work, hence two pixels a lane.
#include "cuda/blend.cuh"
#include "cuda/exact.cuh"
#include "cuda/launch.cuh"

namespace likeness::cuda {
namespace {

inline constexpr int sum_slots = 16;
static_assert(screen_sums + largest_channel_group <= sum_slots);

// One step of sum_over_warp(). A template, so that every index is a constant and the values stay in registers.
template <int Half>
__device__ inline void fold(float (&values)[sum_slots], int lane) {
    const bool upper = (lane & (2 * Half)) != 0;
#pragma unroll
    for (int i = 0; i < Half; ++i) {
        const float keep = upper ? values[i + Half] : values[i];
        const float send = upper ? values[i] : values[i + Half];
        values[i] = keep + __shfl_xor_sync(all_lanes, send, 2 * Half);
    }
}

// Sums each of 16 values over the warp in 16 shuffles: at each step a lane keeps one half of its values and hands the
// other half to its partner. Lane l ends with the total of value l / 2. With no more than 9 values the first eight are
// folded and the ninth is summed by itself, which takes two thirds of the instructions: lanes l and l + 16 end with the
// total of value l / 2, but lane 1 with that of the ninth.
template <int Values>
__device__ inline float sum_over_warp(float (&values)[sum_slots], int lane) {
    if constexpr (Values <= 9) {
        fold<4>(values, lane);
        fold<2>(values, lane);
        fold<1>(values, lane);
        float total = values[0] + __shfl_xor_sync(all_lanes, values[0], 1), ninth = values[8];
        total += __shfl_xor_sync(all_lanes, total, 16);
#pragma unroll
        for (int step = warp_threads / 2; step > 0; step /= 2) ninth += __shfl_xor_sync(all_lanes, ninth, step);
        return lane == 1 ? ninth : total;
    } else {
        fold<8>(values, lane);
        fold<4>(values, lane);
        fold<2>(values, lane);
        fold<1>(values, lane);
        return values[0] + __shfl_xor_sync(all_lanes, values[0], 1);
    }
}
// The value whose total sum_over_warp() leaves in a lane; each is in one lane only, -1 in the others.
template <int Values>
__device__ inline int value_of_lane(int lane) {
    if constexpr (Values <= 9) return lane == 1 ? 8 : lane % 2 == 0 && lane < 16 ? lane / 2 : -1;
    return lane % 2 == 0 ? lane / 2 : -1;
}

// __reduce_max_sync() needs compute capability 8.0.
__device__ inline int max_over_warp(int value) {
    for (int step = warp_threads / 2; step > 0; step /= 2) value = max(value, __shfl_xor_sync(all_lanes, value, step));
    return value;
}

// What the walk knows of a pixel.
template <int Channels>
struct PixelWalk {
    float gradient[Channels] = {};
    float rest = 0.0f;  // R
    float transmittance = 0.0f;
    int last = 0;  // Gaussians of this segment up to the last one blended
};

template <int Channels>
__device__ inline PixelWalk<Channels> begin_walk(const RasterWorkspace& w, const ChannelGroup& group,
                                                 const float* alpha_output, const float* alpha_gradient, int channels,
                                                 const Segment& segment, const PixelPlace& place, int thread) {
    PixelWalk<Channels> walk;
    if (!place.inside) return walk;
    const std::size_t pixel = place.pixel, slot = blockIdx.x;
    walk.last = int(w.last_instance[pixel]) - int(segment.index * segment_length);
    if (walk.last <= 0) return walk;
    const bool first = segment.index == 0;  // nothing before
    walk.transmittance = first ? 1.0f : w.segment_ends[(slot - 1) * tile_pixels + thread];
    const float* before = w.segment_sums + (slot * channels + group.first) * tile_pixels + thread;
#pragma unroll
    for (int c = 0; c < Channels; ++c) {
        if (group.gradient[c] == nullptr) continue;
        const std::size_t at = pixel * group.pixel_stride[c];
        walk.gradient[c] = group.gradient[c][at];
        walk.rest += walk.gradient[c] * (group.output[c][at] - (first ? 0.0f : before[c * tile_pixels]));
    }
    if (group.first == 0 && alpha_gradient) walk.rest -= (1.0f - alpha_output[pixel]) * alpha_gradient[pixel];
    return walk;
}

// A Gaussian of alpha `raw` in a pixel: adds to the channels' gradients and returns the one by the power.
template <int Channels>
__device__ inline float step_walk(PixelWalk<Channels>& walk, float raw, const Features<Channels>& features,
                                  float (&values)[sum_slots]) {
    const float alpha = fminf(raw, largest_alpha);
    const float weight = alpha * walk.transmittance;
    float along = 0.0f;  // g . f
#pragma unroll
    for (int c = 0; c < Channels; ++c) {
        along += walk.gradient[c] * features.channel[c];
        values[screen_sums + c] += weight * walk.gradient[c];
    }
    walk.rest -= weight * along;
    const float grad_alpha = walk.transmittance * along - __fdividef(walk.rest, 1.0f - alpha);
    walk.transmittance = behind(walk.transmittance, alpha);
    return raw <= largest_alpha ? -alpha * grad_alpha : 0.0f;  // a clamped alpha does not move
}

template <int Channels, bool Deterministic>
__global__ void __launch_bounds__(blend_threads)
    blend_backward_kernel(RasterWorkspace w, ChannelGroup group, const float* alpha_output, const float* alpha_gradient,
                          int channels, Canvas canvas, int row) {
    wait_for_previous();
    __shared__ Batch<Channels> batch;
    const Segment segment = find_segment(w, blockIdx.x);
    if (segment.tile == no_tile) return;
    const PixelPlace place = pixel_place(segment.tile, canvas, int(threadIdx.x));
    const int lane = int(threadIdx.x) % warp_threads;
    PixelWalk<Channels> walks[pixels_per_lane];
    int last = 0;
#pragma unroll
    for (int n = 0; n < pixels_per_lane; ++n) {
        const int own = n * blend_threads + int(threadIdx.x);
        walks[n] = begin_walk<Channels>(w, group, alpha_output, alpha_gradient, channels, segment,
                                        pixel_place(segment.tile, canvas, own), own);
        last = max(last, walks[n].last);
    }
    const int warp_last = min(max_over_warp(last), int(segment.end - segment.begin));
    if (__syncthreads_and(warp_last <= 0)) return;
    load_batch(batch, w, group.features, group.stride, group.wrap, group.count, segment, canvas, true);

    const int slot = value_of_lane<screen_sums + Channels>(lane);
    walk_segment<1>(
        batch, warp_last, place, [] { return false; },
        [&](int i, float dx, const float* dy, const float* raw) {
            if (i >= warp_last) return;
            bool blended[pixels_per_lane], any = false;
#pragma unroll
            for (int n = 0; n < pixels_per_lane; ++n) {
                blended[n] = i < walks[n].last && raw[n] >= smallest_alpha;
                any = any || blended[n];
            }
            if (!__any_sync(all_lanes, any)) return;
            // Sums of dL/dpower times 1, dx, dy, dx^2, dx dy, dy^2, then the channels'.
            float values[sum_slots] = {};
            const Features<Channels> features = batch.features[i];
#pragma unroll
            for (int n = 0; n < pixels_per_lane; ++n) {
                if (!blended[n]) continue;
                const float grad_power = step_walk(walks[n], raw[n], features, values);
                values[0] += grad_power;
                values[2] += grad_power * dy[n];
                values[5] += grad_power * dy[n] * dy[n];
            }
            values[1] = values[0] * dx;
            values[3] = values[1] * dx;
            values[4] = values[2] * dx;
            const float total = sum_over_warp<screen_sums + Channels>(values, lane);
            if (slot >= 0 && slot < screen_sums + group.count) {
                const int offset = slot < screen_sums ? slot : slot + group.first;
                const std::size_t at = std::size_t(batch.indices[i]) * row + offset;
                if constexpr (Deterministic) {
                    add_exactly(reinterpret_cast<ExactSum*>(w.screen_gradients) + at, total, screen_units);
                } else {
                    atomicAdd(w.screen_gradients + at, total);
                }
            }
        });
}

template <int Channels>
void launch(const RasterShape& shape, const RasterWorkspace& workspace, const ChannelGroup& group, const float* alpha,
            const float* alpha_gradient, cudaStream_t stream) {
    const auto kernel =
        shape.deterministic ? blend_backward_kernel<Channels, true> : blend_backward_kernel<Channels, false>;
    launch_chained("blend backward", kernel, segment_slots(shape), blend_threads, stream, workspace, group, alpha,
                   alpha_gradient, shape.channels(), canvas_of(shape), screen_gradient_row(shape));
}

}  // namespace

void launch_blend_backward(const RasterShape& shape, const RasterWorkspace& workspace, const ChannelGroup& group,
                           const float* alpha, const float* alpha_gradient, cudaStream_t stream) {
    if (group.count <= 3) {
        launch<3>(shape, workspace, group, alpha, alpha_gradient, stream);
    } else if (group.count <= 4) {
        launch<4>(shape, workspace, group, alpha, alpha_gradient, stream);
    } else {
        launch<largest_channel_group>(shape, workspace, group, alpha, alpha_gradient, stream);
    }
}

}  // namespace likeness::cuda

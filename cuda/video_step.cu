#include <stdexcept>

#include "cuda/adam.cuh"
#include "cuda/exact.cuh"
#include "cuda/launch.cuh"
#include "cuda/vector.cuh"
#include "likeness/cuda/video_step.h"

namespace likeness::cuda {
namespace {

__global__ void set_video_step_kernel(VideoStepState* target, const __grid_constant__ VideoStepState state) {
    *target = state;
}

__global__ void __launch_bounds__(linear_threads)
    gather_poses_kernel(PoseRows rows, int width, const VideoStepState* state, bool count, BatchPoses poses) {
    wait_for_previous();
    const std::size_t b = blockIdx.x, frame = std::size_t(state->frames[b]);
    const float* row = rows.values + frame * width;
    const int controls = rows.controls, joints = 3 * rows.joints;
    for (int k = int(threadIdx.x); k < width; k += linear_threads) {
        float* const to = k < controls            ? poses.controls + b * controls + k
                          : k < controls + joints ? poses.joints + b * joints + k - controls
                                                  : poses.translation + 3 * b + k - controls - joints;
        *to = row[k];
    }
    if (count && threadIdx.x == 0) ++rows.steps[frame];
}

// A column of threads for each coordinate of a vertex, then of a joint; each sums its share of the identity.
constexpr int shape_columns = 32, shape_parts = 8;
__global__ void __launch_bounds__(shape_columns* shape_parts)
    shape_kernel(HeadShape shape, HeadArrays head, ShapeArrays a) {
    wait_for_previous();
    __shared__ float sums[shape_parts][shape_columns];
    const int i = int(blockIdx.x) * shape_columns + int(threadIdx.x), part = int(threadIdx.y);
    const int coordinates = 3 * shape.vertices, expressed = 3 * shape.expressed, j = i - coordinates;
    float sum = 0;
    if (a.identity) {
        if (i < expressed) {
#pragma unroll 8
            for (int k = part; k < shape.identities; k += shape_parts)
                sum += a.identity[k] * head.identity[std::size_t(k) * expressed + i];
        } else if (j >= 0 && j < 3 * shape.joints) {
            for (int k = part; k < shape.identities; k += shape_parts)
                sum += a.identity[k] * head.joint_identity[std::size_t(j) * shape.identities + k];
        }
    }
    sums[part][threadIdx.x] = sum;
    __syncthreads();
    if (part != 0) return;
    for (int other = 1; other < shape_parts; ++other) sum += sums[other][threadIdx.x];
    if (j < 0) {
        a.rest[i] = a.loaded_rest[i] + (a.offsets ? a.offsets[i] : 0.0f) + sum;
    } else if (j < 3 * shape.joints) {
        a.joints[j] = a.loaded_joints[j] + sum;
    }
}

struct Arguments {
    VideoStepSettings settings;
    VideoStepBuffers buffers;
    UnknownGroup groups[unknown_kinds];
    unsigned first_block[unknown_kinds + 1];
    int group_count;
};

// The value that a thread works on: entry `i` of a step's values of a group, entry `at` of the group's memory.
struct Place {
    int group, kind;
    unsigned i;
    bool inside;
    std::size_t at;
    unsigned column;  // of a frame's row
    int frame;        // -1: shared by all
};
__device__ Place find_place(const Arguments& a) {
    Place p{0, 0, 0, false, 0, 0, -1};
    while (p.group + 1 < a.group_count && blockIdx.x >= a.first_block[p.group + 1]) ++p.group;
    if (a.group_count == 0) return p;
    const UnknownGroup& group = a.groups[p.group];
    p.kind = int(group.kind);
    p.i = (blockIdx.x - a.first_block[p.group]) * linear_threads + threadIdx.x;
    p.inside = p.i < group.count;
    p.at = p.i;
    if (p.inside && group.width > 0) {
        p.column = p.i % group.width;
        p.frame = a.buffers.state->frames[p.i / group.width];
        p.at = std::size_t(p.frame) * group.stride + p.column;
    }
    return p;
}

// Sum over the triangles of a vertex of its differences to the two other corners, and their squares.
__device__ float2 differences(const SurfaceArrays& surface, const float* offsets, unsigned coordinate) {
    const int v = int(coordinate / 3), axis = int(coordinate % 3);
    const float own = offsets[coordinate];
    float sum = 0, squares = 0;
    for (int k = surface.vertex_first[v]; k < surface.vertex_first[v + 1]; ++k) {
        const int* corners = surface.triangles + 3 * std::size_t(surface.vertex_triangles[k]);
#pragma unroll
        for (int c = 0; c < 3; ++c) {
            const float d = own - offsets[3 * corners[c] + axis];  // nothing to itself
            sum += d;
            squares += d * d;
        }
    }
    return {sum, squares};
}

__global__ void __launch_bounds__(linear_threads) pull_kernel(const __grid_constant__ Arguments a) {
    __shared__ double sums[linear_threads / warp_threads];
    const Place p = find_place(a);
    const VideoStepState& state = *a.buffers.state;
    double energy = 0;
    bool good = true;
    if (p.inside) {
        const UnknownGroup& group = a.groups[p.group];
        const float pull = state.pulls[p.kind];
        const float distance = group.values[p.at] - (group.seeds ? group.seeds[p.at] : 0.0f);
        float gradient = group.gradients[p.i] + pull * distance;
        energy = 0.5 * double(pull) * double(distance) * double(distance);
        if (group.kind == Unknown::vertex && state.smooth > 0) {
            const float2 d = differences(a.settings.surface_arrays, group.values, p.i);
            gradient += state.smooth * d.x;
            energy += 0.25 * double(state.smooth) * double(d.y);  // a pair is met at both its ends
        }
        group.gradients[p.i] = gradient;
        good = isfinite(gradient);
    }
    if (blockIdx.x == 0 && threadIdx.x < unsigned(a.settings.frames)) {
        const LossTerms& t = a.buffers.terms[threadIdx.x];
        good = good && isfinite(t.l1 + t.dssim + t.alpha);
    }
    if (!good) *a.buffers.broken = 1;
    for (int step = warp_threads / 2; step > 0; step /= 2) energy += __shfl_down_sync(all_lanes, energy, step);
    if (threadIdx.x % warp_threads == 0) sums[threadIdx.x / warp_threads] = energy;
    __syncthreads();
    if (threadIdx.x != 0) return;
    for (int warp = 1; warp < linear_threads / warp_threads; ++warp) energy += sums[warp];
    if (energy != 0) add_units(a.buffers.pulls, energy, term_units);
}

__global__ void __launch_bounds__(linear_threads) update_kernel(const __grid_constant__ Arguments a) {
    const VideoStepBuffers& b = a.buffers;
    const VideoStepSettings& s = a.settings;
    const unsigned broken = *b.broken;
    if (blockIdx.x == 0) {
        VideoStepReport& report = b.reports[b.state->report];
        if (threadIdx.x < unsigned(s.frames)) report.terms[threadIdx.x] = b.terms[threadIdx.x];
        if (threadIdx.x == 0) {
            report.pulls = *b.pulls;
            report.counters = *b.counters;
            report.broken = broken;
        }
    }
    const Place p = find_place(a);
    if (broken != 0 || !p.inside) return;
    const UnknownGroup& group = a.groups[p.group];
    float rate = b.state->rates[p.kind], second_scale = b.state->second_scales[p.kind];
    float low = b.state->low[p.kind], high = b.state->high[p.kind];
    if (p.frame >= 0) {
        // 1 - beta^t as -expm1(t log(beta)): exact for beta close to 1.
        const float steps = float(b.frame_steps[p.frame]);
        rate /= -expm1f(steps * logf(s.beta1));
        second_scale = 1.0f / -expm1f(steps * logf(s.beta2));
        if (group.limits) {
            low = group.limits[p.column];
            high = group.limits[group.width + p.column];
        }
    }
    float value = group.values[p.at];
    adam_update(value, group.first_moments[p.at], group.second_moments[p.at], group.gradients[p.i],
                {s.beta1, s.beta2, s.epsilon, second_scale}, rate);
    group.values[p.at] = value < low ? low : value > high ? high : value;
}

struct Launch {
    Arguments arguments;
    unsigned blocks;
};
Launch launch_of(const VideoStepSettings& settings, const UnknownGroup* groups, int group_count,
                 const VideoStepBuffers& buffers) {
    if (group_count > unknown_kinds || settings.frames > most_batch_frames)
        throw std::invalid_argument("training step: too many kinds of unknowns or frames");
    Launch launch{};
    Arguments& a = launch.arguments;
    a.settings = settings;
    a.buffers = buffers;
    for (int g = 0; g < group_count; ++g) {
        if (groups[g].count == 0) continue;
        a.groups[a.group_count] = groups[g];
        a.first_block[a.group_count++] = launch.blocks;
        launch.blocks += blocks_for(groups[g].count);
    }
    a.first_block[a.group_count] = launch.blocks;
    if (launch.blocks == 0) launch.blocks = 1;  // it reports even when nothing is free
    return launch;
}

}  // namespace

void set_video_step(VideoStepState* target, const VideoStepState& state, cudaStream_t stream) {
    set_video_step_kernel<<<1, 1, 0, stream>>>(target, state);
    check_launch("set step", stream);
}

void gather_poses(const PoseRows& rows, int frames, const VideoStepState* state, bool count, const BatchPoses& poses,
                  cudaStream_t stream) {
    launch_chained("gather poses", gather_poses_kernel, unsigned(frames), linear_threads, stream, rows, rows.width(), state, count, poses);
}

void shape_person(const HeadShape& shape, const HeadArrays& head, const ShapeArrays& arrays, cudaStream_t stream) {
    const unsigned values = 3 * unsigned(shape.vertices + shape.joints);
    launch_chained("shape", shape_kernel, (values + shape_columns - 1) / shape_columns, dim3(shape_columns, shape_parts), stream, shape, head, arrays);
}

void pull_unknowns(const VideoStepSettings& settings, const UnknownGroup* groups, int group_count,
                   const VideoStepBuffers& buffers, cudaStream_t stream) {
    check(cudaMemsetAsync(buffers.pulls, 0, sizeof(double), stream), "clear pulls");
    const Launch launch = launch_of(settings, groups, group_count, buffers);
    pull_kernel<<<launch.blocks, linear_threads, 0, stream>>>(launch.arguments);
    check_launch("pulls", stream);
}

void update_unknowns(const VideoStepSettings& settings, const UnknownGroup* groups, int group_count,
                     const VideoStepBuffers& buffers, cudaStream_t stream) {
    const Launch launch = launch_of(settings, groups, group_count, buffers);
    update_kernel<<<launch.blocks, linear_threads, 0, stream>>>(launch.arguments);
    check_launch("update", stream);
}

}  // namespace likeness::cuda

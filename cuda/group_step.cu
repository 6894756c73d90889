#include <stdexcept>

#include "cuda/exact.cuh"
#include "cuda/launch.cuh"
#include "cuda/vector.cuh"
#include "likeness/cuda/group_step.h"

namespace likeness::cuda {
namespace {

// What is summed up in a step begins at zero here, which spares it two nodes of its own.
static_assert(sizeof(StepState) % sizeof(int) == 0);
static_assert(most_batch_views <= linear_threads);
__global__ void __launch_bounds__(linear_threads)
    set_step_kernel(StepState* target, const __grid_constant__ StepState state, StepSums zero) {
    if (threadIdx.x < unsigned(zero.batch)) zero.terms[threadIdx.x] = {};
    if (zero.sums && threadIdx.x < 2) zero.sums[threadIdx.x] = 0;
    const int* const from = reinterpret_cast<const int*>(&state);
    int* const to = reinterpret_cast<int*>(target);
    for (unsigned i = threadIdx.x; i < sizeof(StepState) / sizeof(int); i += linear_threads) to[i] = from[i];
}

inline constexpr int most_row_tasks = most_groups + 3;
struct RowTasks {
    RowTask tasks[most_row_tasks];
};
// A block for each task of each view.
__global__ void __launch_bounds__(linear_threads)
    gather_rows_kernel(const __grid_constant__ RowTasks tasks, const StepState* state, int* view_steps) {
    wait_for_previous();
    const RowTask& task = tasks.tasks[blockIdx.y];
    const std::size_t b = blockIdx.x, view = std::size_t(state->views[b]);
    for (int k = int(threadIdx.x); k < task.width; k += linear_threads)
        task.to[b * task.width + k] = task.rows[view * task.width + k];
    if (view_steps && blockIdx.y == 0 && threadIdx.x == 0) ++view_steps[view];
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
    StepSettings settings;
    StepBuffers buffers;
    DeviceGroup groups[most_groups];
    unsigned first_block[most_groups + 1];
    int group_count;
};

// The value that a thread works on: entry `i` of a step's values of a group, entry `at` of the group's memory.
struct Place {
    int group;
    unsigned i;
    bool inside;
    std::size_t at;
    unsigned column;
    int view;  // -1: shared by all
};
__device__ Place find_place(const Arguments& a) {
    Place p{0, 0, false, 0, 0, -1};
    while (p.group + 1 < a.group_count && blockIdx.x >= a.first_block[p.group + 1]) ++p.group;
    if (a.group_count == 0) return p;
    const DeviceGroup& group = a.groups[p.group];
    p.i = (blockIdx.x - a.first_block[p.group]) * linear_threads + threadIdx.x;
    p.inside = p.i < group.count && !a.buffers.state->groups[group.step].rests;
    p.at = p.i;
    if (p.inside && (group.of_views || group.low)) p.column = p.i % group.width;
    if (p.inside && group.of_views) {
        p.view = a.buffers.state->views[p.i / group.width];
        p.at = std::size_t(p.view) * group.width + p.column;
    }
    return p;
}

// Sum over the triangles of a vertex of its differences to the two other corners, and their squares.
__device__ float2 differences(const SurfaceArrays& surface, const float* values, unsigned width, unsigned i) {
    const int v = int(i / width), column = int(i % width);
    const float own = values[i];
    float sum = 0, squares = 0;
    for (int k = surface.vertex_first[v]; k < surface.vertex_first[v + 1]; ++k) {
        const int* corners = surface.triangles + 3 * std::size_t(surface.vertex_triangles[k]);
#pragma unroll
        for (int c = 0; c < 3; ++c) {
            const float d = own - values[std::size_t(width) * corners[c] + column];  // nothing to itself
            sum += d;
            squares += d * d;
        }
    }
    return {sum, squares};
}

__global__ void __launch_bounds__(linear_threads) prior_kernel(const __grid_constant__ Arguments a) {
    __shared__ double sums[linear_threads / warp_threads];
    const Place p = find_place(a);
    double energy = 0;
    bool good = true;
    if (p.inside) {
        const DeviceGroup& group = a.groups[p.group];
        const GroupStep& step = a.buffers.state->groups[group.step];
        float gradient = group.gradients[p.i];
        if (step.squared != 0 || step.absolute != 0) {
            const float d = group.values[p.at] - group.centre[p.at];
            gradient += step.squared * d + (d > 0 ? step.absolute : d < 0 ? -step.absolute : 0.0f);
            energy = 0.5 * double(step.squared) * double(d) * double(d) + double(step.absolute) * double(fabsf(d));
        }
        if (group.on_surface && step.smooth > 0) {
            const float2 d = differences(a.settings.surface, group.values, group.width, p.i);
            gradient += step.smooth * d.x;
            energy += 0.25 * double(step.smooth) * double(d.y);  // a pair is met at both its ends
        }
        group.gradients[p.i] = gradient;
        good = isfinite(gradient);
    }
    if (blockIdx.x == 0 && threadIdx.x < unsigned(a.settings.batch)) {
        const LossTerms& t = a.buffers.terms[threadIdx.x];
        good = good && isfinite(t.l1 + t.dssim + t.alpha + a.buffers.sums[1]);
    }
    if (!good) *a.buffers.broken = 1;
    for (int step = warp_threads / 2; step > 0; step /= 2) energy += __shfl_down_sync(all_lanes, energy, step);
    if (threadIdx.x % warp_threads == 0) sums[threadIdx.x / warp_threads] = energy;
    __syncthreads();
    if (threadIdx.x != 0) return;
    for (int warp = 1; warp < linear_threads / warp_threads; ++warp) energy += sums[warp];
    if (energy != 0) add_units(a.buffers.sums, energy, term_units);
}

__global__ void __launch_bounds__(linear_threads) update_kernel(const __grid_constant__ Arguments a) {
    const StepBuffers& b = a.buffers;
    const unsigned broken = *b.broken;
    if (blockIdx.x == 0) {
        StepReport& report = b.reports[b.state->report];
        if (threadIdx.x < unsigned(a.settings.batch)) report.terms[threadIdx.x] = b.terms[threadIdx.x];
        if (threadIdx.x == 0) {
            report.priors = b.sums[0];
            report.modules = b.sums[1];
            report.counters = *b.counters;
            report.broken = broken;
        }
    }
    const Place p = find_place(a);
    if (broken != 0 || !p.inside) return;
    const DeviceGroup& group = a.groups[p.group];
    const GroupStep& step = b.state->groups[group.step];
    float rate = step.rate, second_scale = step.second_scale, low = step.low, high = step.high;
    if (p.view >= 0) {
        // 1 - beta^t as -expm1(t log(beta)): exact for beta close to 1.
        const float steps = float(b.view_steps[p.view]);
        rate /= -expm1f(steps * logf(adam_beta1));
        second_scale = 1.0f / -expm1f(steps * logf(adam_beta2));
    }
    if (group.low) {
        low = group.low[p.column];
        high = group.high[p.column];
    }
    // Adam (Kingma and Ba 2015, algorithm 1).
    const float gradient = group.gradients[p.i];
    const float first = adam_beta1 * group.first_moments[p.at] + (1.0f - adam_beta1) * gradient;
    const float second = adam_beta2 * group.second_moments[p.at] + (1.0f - adam_beta2) * gradient * gradient;
    group.first_moments[p.at] = first;
    group.second_moments[p.at] = second;
    const float value = group.values[p.at] - rate * first / (sqrtf(second * second_scale) + adam_epsilon);
    group.values[p.at] = value < low ? low : value > high ? high : value;
}

struct Launch {
    Arguments arguments;
    unsigned blocks;
};
Launch launch_of(const StepSettings& settings, const DeviceGroup* groups, int group_count, const StepBuffers& buffers) {
    if (group_count > most_groups || settings.batch > most_batch_views)
        throw std::invalid_argument("training step: too many parameter groups or views");
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
    if (launch.blocks == 0) launch.blocks = 1;  // it reports even when nothing is learned
    return launch;
}

}  // namespace

void set_step(StepState* target, const StepState& state, cudaStream_t stream, const StepSums& sums) {
    set_step_kernel<<<1, linear_threads, 0, stream>>>(target, state, sums);
    check_launch("set step", stream);
}

void gather_rows(const RowTask* tasks, int task_count, int batch, const StepState* state, int* view_steps,
                 cudaStream_t stream) {
    if (task_count > most_row_tasks) throw std::invalid_argument("training step: too many parameter groups");
    if (task_count == 0) return;
    RowTasks arguments{};
    for (int k = 0; k < task_count; ++k) arguments.tasks[k] = tasks[k];
    launch_chained("gather rows", gather_rows_kernel, dim3(unsigned(batch), unsigned(task_count)), linear_threads,
                   stream, arguments, state, view_steps);
}

void shape_person(const HeadShape& shape, const HeadArrays& head, const ShapeArrays& arrays, cudaStream_t stream) {
    const unsigned values = 3 * unsigned(shape.vertices + shape.joints);
    launch_chained("shape", shape_kernel, (values + shape_columns - 1) / shape_columns, dim3(shape_columns, shape_parts), stream, shape, head, arrays);
}

void add_priors(const StepSettings& settings, const DeviceGroup* groups, int group_count, const StepBuffers& buffers,
                cudaStream_t stream) {
    const Launch launch = launch_of(settings, groups, group_count, buffers);
    prior_kernel<<<launch.blocks, linear_threads, 0, stream>>>(launch.arguments);
    check_launch("priors", stream);
}

void update_groups(const StepSettings& settings, const DeviceGroup* groups, int group_count,
                   const StepBuffers& buffers, cudaStream_t stream) {
    const Launch launch = launch_of(settings, groups, group_count, buffers);
    update_kernel<<<launch.blocks, linear_threads, 0, stream>>>(launch.arguments);
    check_launch("update", stream);
}

}  // namespace likeness::cuda

#include <stdexcept>

#include "cuda/adam.cuh"
#include "cuda/launch.cuh"
#include "likeness/cuda/adam.h"

namespace likeness::cuda {
namespace {

struct AdamArguments {
    AdamGroup groups[largest_adam_groups];
    unsigned first_block[largest_adam_groups + 1];
    int group_count;
    float beta1, beta2, epsilon;
    int step;
    const AdamClock* clock;
};

__global__ void __launch_bounds__(linear_threads) adam_kernel(const __grid_constant__ AdamArguments a) {
    int g = 0;
    while (g + 1 < a.group_count && blockIdx.x >= a.first_block[g + 1]) ++g;
    const AdamGroup& group = a.groups[g];
    const std::size_t i = std::size_t(blockIdx.x - a.first_block[g]) * linear_threads + threadIdx.x;
    if (i >= group.count) return;
    if (group.mask && group.mask[i / unsigned(group.values_per_mask)] == 0) return;
    const int step = a.clock ? a.clock->step : a.step;
    const float rate = group.learning_rate * (a.clock ? a.clock->rate : 1.0f);
    // 1 - beta^t as -expm1(t log(beta)): exact for beta close to 1.
    const float correction1 = -expm1f(float(step) * logf(a.beta1));
    const float correction2 = -expm1f(float(step) * logf(a.beta2));
    adam_update(group.values[i], group.first_moments[i], group.second_moments[i], group.gradients[i],
                {a.beta1, a.beta2, a.epsilon, 1.0f / correction2}, rate / correction1);
}

__global__ void tick_kernel(AdamClock* clock) { ++clock->step; }
__global__ void set_clock_kernel(AdamClock* clock, AdamClock value) { *clock = value; }

}  // namespace

void adam_step(const AdamGroup* groups, int group_count, const AdamOptions& options, cudaStream_t stream) {
    if (group_count < 0 || group_count > largest_adam_groups) throw std::invalid_argument("adam: too many groups");
    AdamArguments a{};
    unsigned blocks = 0;
    for (int g = 0; g < group_count; ++g) {
        if (groups[g].count == 0) continue;
        a.groups[a.group_count] = groups[g];
        a.first_block[a.group_count++] = blocks;
        blocks += blocks_for(groups[g].count);
    }
    if (blocks == 0) return;
    a.first_block[a.group_count] = blocks;
    a.beta1 = options.beta1;
    a.beta2 = options.beta2;
    a.epsilon = options.epsilon;
    a.step = options.step;
    a.clock = options.clock;
    adam_kernel<<<blocks, linear_threads, 0, stream>>>(a);
    check_launch("adam", stream);
}

void adam_tick(AdamClock* clock, cudaStream_t stream) {
    tick_kernel<<<1, 1, 0, stream>>>(clock);
    check_launch("adam tick", stream);
}

void adam_set_clock(AdamClock* clock, const AdamClock& value, cudaStream_t stream) {
    set_clock_kernel<<<1, 1, 0, stream>>>(clock, value);
    check_launch("adam clock", stream);
}

}  // namespace likeness::cuda

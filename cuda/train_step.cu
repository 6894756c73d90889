#include "likeness/cuda/train_step.h"

#include <cmath>

#include "cuda/adam.cuh"
#include "cuda/deform.cuh"
#include "cuda/launch.cuh"

namespace likeness::cuda {
namespace {

struct StepArguments {
    StepOptions options;
    const float* frames;
    PosedGradients gradients;
    StepBuffers buffers;
    float smallest_log_scale;
};

// Unlike fminf and fmaxf this keeps NaN, which must not look like a good value.
__device__ float clamped(float value, float low, float high) { return value < low ? low : value > high ? high : value; }

__device__ void update(const ParameterArrays& values, const StepBuffers& b, float* ParameterArrays::*array,
                       std::size_t index, float gradient, float rate, float second_scale, float low, float high) {
    float value = (values.*array)[index];
    adam_update(value, (b.first_moments.*array)[index], (b.second_moments.*array)[index], gradient,
                {step_beta1, step_beta2, step_epsilon, second_scale}, rate);
    (values.*array)[index] = clamped(value, low, high);
}

__global__ void __launch_bounds__(linear_threads) finish_step_kernel(const __grid_constant__ StepArguments a) {
    const StepOptions& o = a.options;
    const StepBuffers& b = a.buffers;
    const std::size_t i = std::size_t(blockIdx.x) * linear_threads + threadIdx.x;
    const LossTerms terms = *b.terms;
    // Every thread decides by itself: who reads `broken` before or after the write below decides the same.
    const bool broken = *b.broken != 0 || !isfinite(double(o.l1_weight) * terms.l1 + double(o.dssim_weight) * terms.dssim +
                                                    double(o.alpha_weight) * terms.alpha);
    if (i == 0) {
        if (broken) *b.broken = 1;
        b.reports[b.state->report] = {terms, *b.counters, broken ? 1u : 0u};
    }
    if (broken || i >= std::size_t(o.count)) return;

    const StepState s = *b.state;
    const ParameterArrays& v = b.values;
    const SplatDerivatives d =
        deform_derivatives(i, {a.frames, v.offsets, v.log_scales, v.quaternions, v.albedos, v.logits}, a.gradients);
    const float weight = o.weights ? o.weights[i] : 1.0f;
    constexpr float unlimited = INFINITY;
    const float albedo[3] = {d.albedo.x, d.albedo.y, d.albedo.z};
#pragma unroll
    for (std::size_t k = 0; k < 3; ++k) {
        update(v, b, &ParameterArrays::albedos, 3 * i + k, weight * albedo[k], s.albedo_rate, s.second_scale, 0.0f, 1.0f);
    }
    if (o.colors_only) return;
    const float offset[3] = {d.offset.x, d.offset.y, d.offset.z};
    const float log_scale[3] = {d.log_scale.x, d.log_scale.y, d.log_scale.z};
#pragma unroll
    for (std::size_t k = 0; k < 3; ++k) {
        const std::size_t at = 3 * i + k;
        update(v, b, &ParameterArrays::offsets, at,
               weight * offset[k] + s.offset_pull * (v.offsets[at] - b.seed_offsets[at]), s.offset_rate, s.second_scale,
               -unlimited, unlimited);
        update(v, b, &ParameterArrays::log_scales, at,
               weight * log_scale[k] + s.scale_pull * (v.log_scales[at] - b.seed_log_scales[at]), s.log_scale_rate,
               s.second_scale, a.smallest_log_scale, s.largest_log_scale);
    }
    const float quaternion[4] = {d.quaternion.w, d.quaternion.x, d.quaternion.y, d.quaternion.z};
#pragma unroll
    for (std::size_t k = 0; k < 4; ++k) {
        update(v, b, &ParameterArrays::quaternions, 4 * i + k, weight * quaternion[k], s.rotation_rate, s.second_scale,
               -unlimited, unlimited);
    }
    update(v, b, &ParameterArrays::logits, i, weight * d.logit, s.opacity_rate, s.second_scale, lowest_logit,
           highest_logit);
}

__global__ void set_step_kernel(StepState* target, StepState state) { *target = state; }

}  // namespace

void set_step(StepState* target, const StepState& state, cudaStream_t stream) {
    set_step_kernel<<<1, 1, 0, stream>>>(target, state);
    check_launch("set step", stream);
}

void finish_step(const StepOptions& options, const float* frames, const PosedGradients& gradients,
                 const StepBuffers& buffers, cudaStream_t stream) {
    // One block at least: it reports even when there is no Gaussian.
    const unsigned blocks = options.count > 0 ? blocks_for(std::size_t(options.count)) : 1;
    finish_step_kernel<<<blocks, linear_threads, 0, stream>>>(
        {options, frames, gradients, buffers, std::log(smallest_scale)});
    check_launch("finish step", stream);
}

}  // namespace likeness::cuda

#include "likeness/cuda/train_step.h"

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
};

// Unlike fminf and fmaxf this keeps NaN, which must not look like a good value.
__device__ float clamped(float value, float low, float high) { return value < low ? low : value > high ? high : value; }

__device__ void update(const StepBuffers& b, float* ParameterArrays::*array, std::size_t index, float gradient,
                       const AdamFactors& adam, float rate, float low, float high) {
    float value = (b.values.*array)[index];
    adam_update(value, (b.first_moments.*array)[index], (b.second_moments.*array)[index], gradient, adam, rate);
    (b.values.*array)[index] = clamped(value, low, high);
}

__device__ SplatDerivatives derivatives_of(const StepArguments& a, std::size_t i) {
    const ParameterArrays& v = a.buffers.values;
    return deform_derivatives(i, {a.frames, v.offsets, v.log_scales, v.quaternions, v.albedos, v.logits}, a.gradients);
}

// Before anything is changed: is every number of this step one?
__global__ void __launch_bounds__(linear_threads) check_step_kernel(const __grid_constant__ StepArguments a) {
    wait_for_previous();
    const std::size_t i = std::size_t(blockIdx.x) * linear_threads + threadIdx.x;
    double sum = 0;
    if (i == 0) {
        const StepOptions& o = a.options;
        const LossTerms terms = *a.buffers.terms;
        sum = double(o.l1_weight) * terms.l1 + double(o.dssim_weight) * terms.dssim + double(o.alpha_weight) * terms.alpha;
    }
    if (i < std::size_t(a.options.count)) {
        const SplatDerivatives d = derivatives_of(a, i);
        const Vec3 three = d.offset + d.log_scale + d.albedo;
        const Quaternion& q = d.quaternion;
        sum += double(three.x + three.y + three.z + q.w + q.x + q.y + q.z + d.logit);
    }
    if (!isfinite(sum)) *a.buffers.broken = 1;
}

__global__ void __launch_bounds__(linear_threads) finish_step_kernel(const __grid_constant__ StepArguments a) {
    wait_for_previous();
    const StepOptions& o = a.options;
    const StepBuffers& b = a.buffers;
    const std::size_t i = std::size_t(blockIdx.x) * linear_threads + threadIdx.x;
    const unsigned broken = *b.broken;
    if (i == 0) b.reports[b.state->report] = {*b.terms, *b.counters, broken};
    if (broken != 0 || i >= std::size_t(o.count)) return;

    const StepState s = *b.state;
    const AdamFactors adam{o.beta1, o.beta2, o.epsilon, s.second_scale};
    const ParameterArrays& v = b.values;
    const SplatDerivatives d = derivatives_of(a, i);
    const float weight = o.weights ? o.weights[i] : 1.0f;
    constexpr float unlimited = INFINITY;
    const float albedo[3] = {d.albedo.x, d.albedo.y, d.albedo.z};
#pragma unroll
    for (std::size_t k = 0; k < 3; ++k) {
        const std::size_t at = 3 * i + k;
        update(b, &ParameterArrays::albedos, at, weight * albedo[k] + s.albedo_pull * (v.albedos[at] - b.seed_albedos[at]),
               adam, s.albedo_rate, 0.0f, 1.0f);
    }
    if (o.colors_only) return;
    const float offset[3] = {d.offset.x, d.offset.y, d.offset.z};
    const float log_scale[3] = {d.log_scale.x, d.log_scale.y, d.log_scale.z};
#pragma unroll
    for (std::size_t k = 0; k < 3; ++k) {
        const std::size_t at = 3 * i + k;
        update(b, &ParameterArrays::offsets, at,
               weight * offset[k] + s.offset_pull * (v.offsets[at] - b.seed_offsets[at]), adam, s.offset_rate,
               -unlimited, unlimited);
        update(b, &ParameterArrays::log_scales, at,
               weight * log_scale[k] + s.scale_pull * (v.log_scales[at] - b.seed_log_scales[at]), adam,
               s.log_scale_rate, o.smallest_log_scale, s.largest_log_scale);
    }
    const float quaternion[4] = {d.quaternion.w, d.quaternion.x, d.quaternion.y, d.quaternion.z};
#pragma unroll
    for (std::size_t k = 0; k < 4; ++k) {
        update(b, &ParameterArrays::quaternions, 4 * i + k, weight * quaternion[k], adam, s.rotation_rate, -unlimited,
               unlimited);
    }
    update(b, &ParameterArrays::logits, i, weight * d.logit, adam, s.opacity_rate, o.lowest_logit, o.highest_logit);
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
    const StepArguments arguments{options, frames, gradients, buffers};
    launch_chained("check step", check_step_kernel, blocks, linear_threads, stream, arguments);
    launch_chained("finish step", finish_step_kernel, blocks, linear_threads, stream, arguments);
}

}  // namespace likeness::cuda

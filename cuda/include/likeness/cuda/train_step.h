// The end of a training step in two kernels: is all of it a number? Then derivatives by a Gaussian's own parameters,
// their weight, the pulls towards the seed, Adam, limits: the GPU twin of what core/learning/cpu_step_engine.cpp does
// after the rasterizer's backward pass. All pointers are device pointers; nothing is allocated, everything may be
// captured into a graph.
#pragma once

#include <cuda_runtime_api.h>

#include "likeness/cuda/deform.h"
#include "likeness/cuda/loss.h"
#include "likeness/cuda/rasterize.h"

namespace likeness::cuda {

// What changes from step to step. It lives in device memory, so that a captured graph can be replayed.
struct StepState {
    // Step sizes, already divided by Adam's 1 - beta1^t.
    float offset_rate = 0, log_scale_rate = 0, rotation_rate = 0, albedo_rate = 0, opacity_rate = 0;
    float second_scale = 1;                                  // Adam's 1 / (1 - beta2^t)
    float offset_pull = 0, scale_pull = 0, albedo_pull = 0;  // derivative of the pulls by the distance from the seed
    float largest_log_scale = 0;
    unsigned report = 0;  // which entry of StepBuffers::reports to fill
};

// What a step tells the host.
struct StepReport {
    LossTerms terms;
    RasterCounters counters;
    unsigned broken = 0;  // a number of this step or of one before it was not finite: nothing was changed
};

// One array for each attribute, shapes as in AnchoredArrays.
struct ParameterArrays {
    float* quaternions = nullptr;  // aligned to 16 bytes
    float* offsets = nullptr;
    float* log_scales = nullptr;
    float* albedos = nullptr;
    float* logits = nullptr;
};
inline constexpr std::size_t parameters_per_splat = 14;
// Cuts a block of 14 floats for each Gaussian into its attributes; quaternions first, which need the alignment. Posed
// Gaussians lie likewise: rotations, means, scales, colours, opacities.
inline ParameterArrays cut_parameters(float* memory, std::size_t count) {
    return {memory, memory + 4 * count, memory + 7 * count, memory + 10 * count, memory + 13 * count};
}

struct StepBuffers {
    ParameterArrays values, first_moments, second_moments;
    const float* seed_offsets = nullptr;       // [count, 3]
    const float* seed_log_scales = nullptr;    // [count, 3]
    const float* seed_albedos = nullptr;       // [count, 3]
    const StepState* state = nullptr;          // one
    const LossTerms* terms = nullptr;          // one, of this step
    const RasterCounters* counters = nullptr;  // one, of this step
    unsigned* broken = nullptr;                // one, 0 at the start; stays 1 once a number was not finite
    StepReport* reports = nullptr;             // host memory mapped into the device
};

struct StepOptions {
    int count = 0;
    bool colors_only = false;        // albedo alone changes
    const float* weights = nullptr;  // [count] scales a Gaussian's derivatives before the pulls; null means 1
    float l1_weight = 0, dssim_weight = 0, alpha_weight = 0;  // the sum that must be finite
    float beta1 = 0, beta2 = 0, epsilon = 0;                  // Adam's
    float smallest_log_scale = 0, lowest_logit = 0, highest_logit = 0;
};

void set_step(StepState* target, const StepState& state, cudaStream_t stream);

// `frames` is where the pose carries the Gaussians [count, 13]; `gradients` are the rasterizer's.
void finish_step(const StepOptions& options, const float* frames, const PosedGradients& gradients,
                 const StepBuffers& buffers, cudaStream_t stream);

}  // namespace likeness::cuda

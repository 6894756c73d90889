// The training step on the GPU; see core/learning/step_engine.h.
#pragma once

#include <memory>

#include "core/learning/step_engine.h"

namespace likeness {

struct CudaStepOptions {
    // Steps that may be under way when step() returns; it then gives the last loss known of its view, at most one step
    // more than this old. 0 waits for each step: 2 % slower on an H200, but losses and PSNR are those of the step named,
    // as on the CPU (backgrounds change from step to step, and with them PSNR by more than 1 dB). At most 9.
    int steps_in_flight = 0;
    bool graphs = true;  // replay a view's third and later steps from a CUDA graph
    bool repeatable = false;  // the same results, to the bit, from the same calls; slower (docs/results.md)
};

// Parameters, moments and views stay on the GPU; null when there is no usable GPU (device.h says why).
std::unique_ptr<StepEngine> make_cuda_step_engine(const CudaStepOptions& options = {});

}  // namespace likeness

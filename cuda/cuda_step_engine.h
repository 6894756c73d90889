// The training step on the GPU; see core/learning/step_engine.h.
#pragma once

#include <memory>

#include "core/learning/step_engine.h"

namespace likeness {

struct CudaStepOptions {
    // Steps that may be under way when step() returns: it then gives the last loss known of its view, which is at most
    // this many steps old. 0 waits for each step.
    int steps_in_flight = 8;
    bool graphs = true;  // replay a view's third and later steps from a CUDA graph
};

// Parameters, moments and views stay on the GPU; null when there is no usable GPU (device.h says why).
std::unique_ptr<StepEngine> make_cuda_step_engine(const CudaStepOptions& options = {});

}  // namespace likeness

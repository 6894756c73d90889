// The training engine on the GPU; see core/learning/training_engine.h.
#pragma once

#include <memory>

#include "core/learning/training_engine.h"

namespace likeness {

struct CudaEngineOptions {
    int steps_in_flight = 4;  // that may be under way when step() returns; 0 waits for each. At most 8.
    bool graphs = true;       // replay the third and later steps of a kind of batch from a CUDA graph
    // The same results, to the bit, from the same calls; slower (docs/results.md).
    bool deterministic = false;
};

// Everything stays on the GPU, pictures as 8 bits; null when there is no usable GPU (device.h says why).
std::unique_ptr<TrainingEngine> make_cuda_training_engine(const CudaEngineOptions& options = {});

}  // namespace likeness

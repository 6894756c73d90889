// The training step on frames of a video, on the GPU; see core/learning/video_step.h.
#pragma once

#include <memory>

#include "core/learning/video_step.h"

namespace likeness {

struct CudaVideoOptions {
    int steps_in_flight = 4;  // that may be under way when step() returns; 0 waits for each. At most 8.
    bool graphs = true;       // replay the third and later steps of a batch size from a CUDA graph
    // The same results, to the bit, from the same calls; slower (docs/results.md).
    bool repeatable = false;
};

// Everything stays on the GPU, pictures as 8 bits; null when there is no usable GPU (device.h says why).
std::unique_ptr<VideoStepEngine> make_cuda_video_engine(const CudaVideoOptions& options = {});

}  // namespace likeness

// The derivatives of a batch by all that is unknown, back on the host.
#pragma once

#include <cuda_runtime_api.h>

#include <vector>

#include "core/learning/video_step.h"
#include "likeness/cuda/video_step.h"

namespace likeness::cuda {

// Copies each group's derivatives into its place in `to`, whose arrays have their sizes already. Waits for the stream.
void download_gradients(const std::vector<UnknownGroup>& groups, VideoGradients& to, cudaStream_t stream);

}  // namespace likeness::cuda

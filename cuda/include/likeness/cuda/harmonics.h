// Colors of a viewed file that depend on where it is seen from (core/splat/harmonics.h).
#pragma once

#include <cuda_runtime_api.h>

#include "likeness/cuda/half_splat.h"

namespace likeness::cuda {

struct HarmonicArrays {
    const float* means = nullptr;   // [count, 3]
    const float* colors = nullptr;  // [count, 3] of degree 0, as SplatSet has them
    const float* values = nullptr;  // [count, (degree + 1)^2 - 1, 3]
    int degree = 1;                 // 1 to 3
};

// Overwrites the colors of `splats` with what is seen from a position in the world.
void color_harmonics(int count, const HarmonicArrays& from, float x, float y, float z, HalfSplat* splats,
                     cudaStream_t stream);

}  // namespace likeness::cuda

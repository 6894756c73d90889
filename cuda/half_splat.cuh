// Half floats of likeness/cuda/half_splat.h on the GPU.
#pragma once

#include <cuda_fp16.h>

#include "cuda/vector.cuh"
#include "likeness/cuda/half_splat.h"

namespace likeness::cuda {

__device__ inline float widened(std::uint16_t bits) { return __half2float(__ushort_as_half(bits)); }
__device__ inline std::uint16_t narrowed(float value) { return __half_as_ushort(__float2half(value)); }

__device__ inline Vec3 widened(const std::uint16_t (&v)[3]) { return {widened(v[0]), widened(v[1]), widened(v[2])}; }
__device__ inline Quaternion widened(const std::uint16_t (&q)[4]) {
    return {widened(q[0]), widened(q[1]), widened(q[2]), widened(q[3])};
}

__device__ inline HalfSplat narrowed(Vec3 scale, Quaternion rotation, Vec3 color, float opacity) {
    return {{narrowed(scale.x), narrowed(scale.y), narrowed(scale.z)},
            {narrowed(rotation.w), narrowed(rotation.x), narrowed(rotation.y), narrowed(rotation.z)},
            {narrowed(color.x), narrowed(color.y), narrowed(color.z)},
            narrowed(opacity),
            0};
}

}  // namespace likeness::cuda

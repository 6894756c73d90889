#include "likeness/cuda/harmonics.h"

#include "core/splat/harmonic_basis.h"
#include "cuda/half_splat.cuh"
#include "cuda/launch.cuh"

namespace likeness::cuda {
namespace {

__global__ void __launch_bounds__(linear_threads)
    color_harmonics_kernel(int count, HarmonicArrays from, Vec3 position, HalfSplat* splats) {
    const std::size_t i = std::size_t(blockIdx.x) * linear_threads + threadIdx.x;
    if (i >= std::size_t(count)) return;
    const Vec3 way = load3(from.means + 3 * i) + -1.0f * position;
    const Vec3 d = (1.0f / fmaxf(sqrtf(dot(way, way)), 1e-12f)) * way;
    const auto basis = harmonic_basis(d.x, d.y, d.z);
    const int functions = harmonic_count(from.degree);
    Vec3 color = load3(from.colors + 3 * i);
    for (int k = 0; k < functions; ++k) color = color + basis[k] * load3(from.values + (i * functions + k) * 3);
    splats[i].color[0] = narrowed(fmaxf(color.x, 0.0f));
    splats[i].color[1] = narrowed(fmaxf(color.y, 0.0f));
    splats[i].color[2] = narrowed(fmaxf(color.z, 0.0f));
}

}  // namespace

void color_harmonics(int count, const HarmonicArrays& from, float x, float y, float z, HalfSplat* splats,
                     cudaStream_t stream) {
    if (count == 0) return;
    color_harmonics_kernel<<<blocks_for(std::size_t(count)), linear_threads, 0, stream>>>(count, from, Vec3{x, y, z},
                                                                                          splats);
    check_launch("color harmonics", stream);
}

}  // namespace likeness::cuda

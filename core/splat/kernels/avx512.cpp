// The AVX2 kernels with AVX-512's 32 registers and mask registers, still eight lanes: a row of a tile.
#include "core/splat/kernels/blend_backward.h"
#include "core/splat/kernels/project_backward.h"

namespace likeness::cpu_raster {

const Kernels* avx512_kernels() {
#if defined(__AVX512VL__) && defined(__AVX512DQ__)
    static constexpr Kernels kernels{"avx512", project, blend, blend_backward, project_backward};
    if (__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("fma")) {
        return &kernels;
    }
#endif
    return nullptr;
}

}  // namespace likeness::cpu_raster

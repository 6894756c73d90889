// The kernels for processors with AVX2 and FMA; this file alone is compiled with -mavx2 -mfma.
#include "core/splat/kernels/blend_backward.h"
#include "core/splat/kernels/project_backward.h"

namespace likeness::cpu_raster {

const Kernels* avx2_kernels() {
#if defined(__AVX2__) && defined(__FMA__)
    static constexpr Kernels kernels{"avx2", project, blend, blend_backward, project_backward};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &kernels;
#endif
    return nullptr;
}

}  // namespace likeness::cpu_raster

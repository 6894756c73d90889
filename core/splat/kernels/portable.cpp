// The kernels for any processor.
#include "core/splat/kernels/blend_backward.h"
#include "core/splat/kernels/project_backward.h"

namespace likeness::cpu_raster {

const Kernels& portable_kernels() {
    static constexpr Kernels kernels{"portable", project, blend, blend_backward, project_backward};
    return kernels;
}

}  // namespace likeness::cpu_raster

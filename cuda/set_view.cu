// The view travels as a kernel argument: no host memory has to outlive the call.
#include "cuda/launch.cuh"
#include "cuda/probe.h"
#include "likeness/cuda/rasterize.h"

namespace likeness::cuda {
namespace {

__global__ void set_view_kernel(View* target, View view) { *target = view; }

}  // namespace

void set_view(View* target, const View& view, cudaStream_t stream) {
    set_view_kernel<<<1, 1, 0, stream>>>(target, view);
    check_launch("set view", stream);
}

cudaError_t probe_kernels() {
    cudaFuncAttributes attributes{};
    return cudaFuncGetAttributes(&attributes, set_view_kernel);
}

}  // namespace likeness::cuda

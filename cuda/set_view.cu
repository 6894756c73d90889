// The view travels as a kernel argument: no host memory has to outlive the call.
#include <algorithm>
#include <iterator>

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

int least_capability() {
    constexpr int built_for[] = {__CUDA_ARCH_LIST__};  // 100 * major + 10 * minor
    return *std::min_element(std::begin(built_for), std::end(built_for)) / 10;
}

}  // namespace likeness::cuda

// Small things between host and GPU without a copy: views travel as a kernel's argument, so that no host memory has to
// outlive the call, and counters are written straight to the host's. Between two kernels a copy, which is another
// engine's work, makes the stream give up the GPU: where OpenGL shares it, for a third of a millisecond.
#include <algorithm>
#include <iterator>

#include "cuda/launch.cuh"
#include "cuda/probe.h"
#include "likeness/cuda/rasterize.h"

namespace likeness::cuda {
namespace {

// A kernel's arguments may have 4 KiB.
struct SomeViews {
    static constexpr int most = 32;
    View views[most];
};

__global__ void set_views_kernel(View* target, SomeViews some) { target[threadIdx.x] = some.views[threadIdx.x]; }

__global__ void report_counters_kernel(const RasterCounters* from, RasterCounters* to) { *to = *from; }

}  // namespace

void set_views(View* target, const View* views, int count, cudaStream_t stream) {
    for (int first = 0; first < count; first += SomeViews::most) {
        SomeViews some{};
        const int here = std::min(count - first, SomeViews::most);
        std::copy_n(views + first, here, some.views);
        set_views_kernel<<<1, unsigned(here), 0, stream>>>(target + first, some);
        check_launch("set views", stream);
    }
}

void report_counters(const RasterCounters* from, RasterCounters* to, cudaStream_t stream) {
    report_counters_kernel<<<1, 1, 0, stream>>>(from, to);
    check_launch("report counters", stream);
}

cudaError_t probe_kernels() {
    cudaFuncAttributes attributes{};
    return cudaFuncGetAttributes(&attributes, set_views_kernel);
}

int least_capability() {
    constexpr int built_for[] = {__CUDA_ARCH_LIST__};  // 100 * major + 10 * minor
    return *std::min_element(std::begin(built_for), std::end(built_for)) / 10;
}

}  // namespace likeness::cuda

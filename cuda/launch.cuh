// What every launch needs.
#pragma once

#include "cuda/constants.h"
#include "likeness/cuda/check.h"

namespace likeness::cuda {

// Blocks of `linear_threads` threads that cover `count` items.
inline unsigned blocks_for(std::size_t count) { return unsigned((count + linear_threads - 1) / linear_threads); }

// Whether this kernel can start while the last blocks of the one before still run. It goes by what the kernel was compiled
// for, not by the GPU: only then does wait_for_previous() wait. Asked once a signature; all are compiled for the same.
template <class... Parameters>
bool overlaps(void (*kernel)(Parameters...)) {
    static const bool can = [kernel] {
        cudaFuncAttributes attributes{};
        return cudaFuncGetAttributes(&attributes, kernel) == cudaSuccess && attributes.ptxVersion >= 90;
    }();
    return can;
}

// Launches a kernel that begins with wait_for_previous(): it moves in while the one before it on the stream ends. `shared`:
// bytes of shared memory beyond what the kernel declares.
template <class... Parameters, class... Arguments>
void launch_chained_sharing(std::size_t shared, const char* stage, void (*kernel)(Parameters...), dim3 blocks,
                            dim3 threads, cudaStream_t stream, const Arguments&... arguments) {
    cudaLaunchAttribute overlap{};
    overlap.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    overlap.val.programmaticStreamSerializationAllowed = 1;
    cudaLaunchConfig_t config{};
    config.gridDim = blocks;
    config.blockDim = threads;
    config.dynamicSmemBytes = shared;
    config.stream = stream;
    config.attrs = &overlap;
    config.numAttrs = overlaps(kernel) ? 1 : 0;
    check(cudaLaunchKernelEx(&config, kernel, Parameters(arguments)...), stage);
    check_launch(stage, stream);
}
template <class... Parameters, class... Arguments>
void launch_chained(const char* stage, void (*kernel)(Parameters...), dim3 blocks, dim3 threads, cudaStream_t stream,
                    const Arguments&... arguments) {
    launch_chained_sharing(0, stage, kernel, blocks, threads, stream, arguments...);
}

// The first statement of such a kernel, in every thread: what was launched before has ended and can be read after it.
__device__ inline void wait_for_previous() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    cudaTriggerProgrammaticLaunchCompletion();
    cudaGridDependencySynchronize();
#endif
}

}  // namespace likeness::cuda

#include "likeness/cuda/check.h"

#include <cstdlib>
#include <string>

namespace likeness::cuda {

CudaError::CudaError(cudaError_t code, const char* stage)
    : DeviceFailure(std::string(stage) + ": " + cudaGetErrorString(code) + " (" + cudaGetErrorName(code) + ")"),
      code_(code) {}

void check(cudaError_t code, const char* stage) {
    if (code == cudaSuccess) return;
    cudaGetLastError();  // a handled error must not be reported again by the next launch
    throw CudaError(code, stage);
}

void check_launch(const char* stage, cudaStream_t stream) {
    check(cudaGetLastError(), stage);
    static const bool wait = [] {
        const char* value = std::getenv("LIKENESS_CUDA_SYNC");
        return value != nullptr && std::string(value) == "1";
    }();
    if (!wait) return;
    cudaStreamCaptureStatus capture = cudaStreamCaptureStatusNone;
    check(cudaStreamIsCapturing(stream, &capture), stage);
    if (capture == cudaStreamCaptureStatusNone) check(cudaStreamSynchronize(stream), stage);
}

}  // namespace likeness::cuda

// CUDA errors as exceptions that name the stage. Callers turn them into an Error at the module's border.
#pragma once

#include <cuda_runtime_api.h>

#include "core/base/failure.h"

namespace likeness::cuda {

class CudaError : public DeviceFailure {
  public:
    CudaError(cudaError_t code, const char* stage);
    cudaError_t code() const { return code_; }
    bool out_of_memory() const { return code_ == cudaErrorMemoryAllocation; }

  private:
    cudaError_t code_;
};

// Throws CudaError unless `code` is success.
void check(cudaError_t code, const char* stage);

// Called after each kernel launch: throws when the launch was refused. With LIKENESS_CUDA_SYNC=1 in the environment
// it also waits for the kernel, so that a failing kernel is named (not while a graph is captured).
void check_launch(const char* stage, cudaStream_t stream);

}  // namespace likeness::cuda

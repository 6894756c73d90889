// Where LibTorch's side works, and how it fails.
#pragma once

#include <ATen/ATen.h>

#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>

#ifdef LIKENESS_TORCH_CUDA
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#endif

#include "core/networks/torch/interface.h"

namespace likeness::torch_side {

// While it lives, LibTorch's work goes onto the caller's stream.
class OnStream {
  public:
    explicit OnStream([[maybe_unused]] at::Device device, [[maybe_unused]] void* stream) {
#ifdef LIKENESS_TORCH_CUDA
        if (device.is_cuda())
            guard_.emplace(c10::cuda::getStreamFromExternal(static_cast<cudaStream_t>(stream), device.index()));
#endif
    }

  private:
#ifdef LIKENESS_TORCH_CUDA
    std::optional<c10::cuda::CUDAStreamGuard> guard_;
#endif
};

inline at::Device device_of(bool gpu) {
    if (!gpu) return at::kCPU;
#ifdef LIKENESS_TORCH_CUDA
    if (c10::cuda::device_count() > 0) return at::Device(at::kCUDA, c10::cuda::current_device());
#endif
    throw std::runtime_error("LibTorch finds no graphics card");
}

// Runs work and turns its exception into a line.
template <class Work>
bool tried(LikenessError* error, const Work& work) {
    const auto say = [&](const char* what) { std::snprintf(error->text, sizeof error->text, "%s", what); };
    try {
        work();
        return true;
    } catch (const c10::Error& failure) {
        say(failure.what_without_backtrace());
    } catch (const std::exception& failure) {
        say(failure.what());
    }
    return false;
}

}  // namespace likeness::torch_side

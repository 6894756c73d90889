// A CUDA stream that does not wait for the legacy default stream.
#pragma once

#include <utility>

#include "likeness/cuda/check.h"

namespace likeness::cuda {

class Stream {
  public:
    // priority: lower numbers run first; the viewer's stream takes a negative one.
    explicit Stream(int priority = 0) {
        check(cudaStreamCreateWithPriority(&stream_, cudaStreamNonBlocking, priority), "create stream");
    }
    ~Stream() {
        if (stream_) cudaStreamDestroy(stream_);
    }
    Stream(Stream&& other) noexcept : stream_(std::exchange(other.stream_, nullptr)) {}
    Stream& operator=(Stream&& other) noexcept {
        std::swap(stream_, other.stream_);
        return *this;
    }

    operator cudaStream_t() const { return stream_; }
    void wait() const { check(cudaStreamSynchronize(stream_), "wait for stream"); }

  private:
    cudaStream_t stream_ = nullptr;
};

}  // namespace likeness::cuda

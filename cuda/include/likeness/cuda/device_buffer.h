// GPU memory with one owner. It grows only between steps, never inside one, so a captured graph keeps its pointers.
//
// Allocation and release are ordered on the buffer's stream (cudaMallocAsync): growing stalls no other stream. The
// stream must outlive the buffer; work on other streams must have ended, or be ordered before, when it grows or dies.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "likeness/cuda/check.h"

namespace likeness::cuda {

template <class T>
class DeviceBuffer {
  public:
    explicit DeviceBuffer(cudaStream_t stream, std::size_t count = 0) : stream_(stream) { resize(count); }
    ~DeviceBuffer() { release(); }
    DeviceBuffer(DeviceBuffer&& other) noexcept
        : stream_(other.stream_),
          data_(std::exchange(other.data_, nullptr)),
          size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0)) {}
    DeviceBuffer& operator=(DeviceBuffer&& other) noexcept {
        std::swap(stream_, other.stream_);
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        std::swap(capacity_, other.capacity_);
        return *this;
    }

    T* data() { return data_; }
    const T* data() const { return data_; }
    std::size_t size() const { return size_; }
    std::size_t capacity() const { return capacity_; }
    std::size_t bytes() const { return size_ * sizeof(T); }
    cudaStream_t stream() const { return stream_; }

    // The content is undefined after growth beyond the capacity. Throws CudaError; the buffer is empty then.
    void resize(std::size_t count) {
        if (count > capacity_) {
            release();
            void* memory = nullptr;
            check(cudaMallocAsync(&memory, count * sizeof(T), stream_), "allocate GPU memory");
            data_ = static_cast<T*>(memory);
            capacity_ = count;
        }
        size_ = count;
    }

    // Copies from pageable memory: `source` may be changed when the call returns.
    void upload(const T* source, std::size_t count) {
        resize(count);
        if (count == 0) return;
        check(cudaMemcpyAsync(data_, source, count * sizeof(T), cudaMemcpyHostToDevice, stream_), "upload");
    }
    void upload(const std::vector<T>& source) { upload(source.data(), source.size()); }

    // Waits for the stream.
    void download(T* target) const {
        if (size_ > 0) {
            check(cudaMemcpyAsync(target, data_, bytes(), cudaMemcpyDeviceToHost, stream_), "download");
        }
        check(cudaStreamSynchronize(stream_), "download");
    }
    std::vector<T> download() const {
        std::vector<T> target(size_);
        download(target.data());
        return target;
    }

    void fill_zero() {
        if (size_ > 0) check(cudaMemsetAsync(data_, 0, bytes(), stream_), "clear GPU memory");
    }

  private:
    void release() {
        if (data_) cudaFreeAsync(data_, stream_);
        data_ = nullptr;
        size_ = capacity_ = 0;
    }

    cudaStream_t stream_ = nullptr;
    T* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace likeness::cuda

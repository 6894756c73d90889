// What the engines' steps are made of on the host: graphs to replay, events, page-locked memory for reports, names for
// profilers.
#pragma once

#include <cuda_runtime_api.h>
#include <nvtx3/nvToolsExt.h>

#include <cstddef>
#include <new>
#include <utility>

#include "likeness/cuda/check.h"

namespace likeness::cuda {

// A CUDA failure as core/learning's interfaces promise it.
template <class Work>
auto guarded(const Work& work) {
    try {
        return work();
    } catch (const CudaError& failure) {
        if (failure.out_of_memory()) throw std::bad_alloc();
        throw;
    }
}

// A named stretch of the host's work in a profiler's timeline, while it lives.
class Range {
  public:
    explicit Range(const char* name) { nvtxRangePushA(name); }
    ~Range() { nvtxRangePop(); }
    Range(const Range&) = delete;
    Range& operator=(const Range&) = delete;
};

// Freed memory is kept for the next load up to a size; the driver's default gives it back at every wait.
void keep_freed_memory();

// Page-locked host memory: kernels write to it, and copies to it are fast.
template <class T>
class PinnedArray {
  public:
    PinnedArray() = default;
    explicit PinnedArray(std::size_t count) { reserve(count); }
    ~PinnedArray() { cudaFreeHost(memory_); }
    PinnedArray(const PinnedArray&) = delete;
    PinnedArray& operator=(const PinnedArray&) = delete;

    // The content is undefined after growth.
    void reserve(std::size_t count) {
        if (count <= capacity_) return;
        cudaFreeHost(memory_);
        memory_ = nullptr;
        capacity_ = 0;
        check(cudaHostAlloc(&memory_, count * sizeof(T), cudaHostAllocMapped), "allocate pinned memory");
        capacity_ = count;
    }
    T* data() { return static_cast<T*>(memory_); }
    const T& operator[](std::size_t i) const { return static_cast<const T*>(memory_)[i]; }

  private:
    void* memory_ = nullptr;
    std::size_t capacity_ = 0;
};

class Event {
  public:
    Event() { check(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming), "create event"); }
    ~Event() {
        if (event_) cudaEventDestroy(event_);
    }
    Event(Event&& other) noexcept : event_(std::exchange(other.event_, nullptr)) {}
    Event& operator=(Event&&) = delete;

    void record(cudaStream_t stream) { check(cudaEventRecord(event_, stream), "training step"); }
    void wait() const { check(cudaEventSynchronize(event_), "training step"); }
    bool passed() const {
        const cudaError_t state = cudaEventQuery(event_);
        if (state == cudaErrorNotReady) return false;
        check(state, "training step");
        return true;
    }

  private:
    cudaEvent_t event_ = nullptr;
};

class Graph {
  public:
    Graph() = default;
    ~Graph() { reset(); }
    Graph(const Graph&) = delete;
    Graph& operator=(const Graph&) = delete;

    explicit operator bool() const { return graph_ != nullptr; }
    void reset() {
        if (graph_) cudaGraphExecDestroy(graph_);
        graph_ = nullptr;
    }
    template <class Work>
    void capture(cudaStream_t stream, const Work& work) {
        reset();
        cudaGraph_t graph = nullptr;
        check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "capture step");
        try {
            work();
        } catch (...) {
            cudaStreamEndCapture(stream, &graph);
            if (graph) cudaGraphDestroy(graph);
            throw;
        }
        check(cudaStreamEndCapture(stream, &graph), "capture step");
        const cudaError_t made = cudaGraphInstantiate(&graph_, graph, 0);
        cudaGraphDestroy(graph);
        check(made, "instantiate step");
    }
    void launch(cudaStream_t stream) { check(cudaGraphLaunch(graph_, stream), "replay step"); }

  private:
    cudaGraphExec_t graph_ = nullptr;
};

}  // namespace likeness::cuda

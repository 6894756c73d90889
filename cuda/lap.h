// A stopwatch on a stream.
#pragma once

#include <string>
#include <vector>

#include "core/base/stage_time.h"
#include "likeness/cuda/check.h"
#include "likeness/cuda/device_rasterizer.h"

namespace likeness::cuda {

class Lap {
  public:
    explicit Lap(cudaStream_t stream) : stream_(stream) { mark(""); }
    ~Lap() {
        for (const cudaEvent_t event : events_) cudaEventDestroy(event);
    }
    Lap(const Lap&) = delete;
    Lap& operator=(const Lap&) = delete;

    // A stage ends here, once the stream has got there.
    void mark(const char* stage) {
        cudaEvent_t event = nullptr;
        check(cudaEventCreate(&event), "create event");
        events_.push_back(event);
        check(cudaEventRecord(event, stream_), "time a step");
        names_.push_back(stage);
    }
    // Waits.
    std::vector<StageTime> times() const {
        std::vector<StageTime> times;
        check(cudaEventSynchronize(events_.back()), "time a step");
        for (std::size_t i = 1; i < events_.size(); ++i) {
            float milliseconds = 0;
            check(cudaEventElapsedTime(&milliseconds, events_[i - 1], events_[i]), "time a step");
            times.push_back({names_[i], double(milliseconds)});
        }
        return times;
    }

  private:
    cudaStream_t stream_;
    std::vector<cudaEvent_t> events_;
    std::vector<std::string> names_;
};

// The rasterizer calls the mark while this lives.
class Marked {
  public:
    Marked(DeviceRasterizer& rasterizer, const StageMark& mark) : rasterizer_(rasterizer) {
        rasterizer_.set_mark(mark);
    }
    ~Marked() { rasterizer_.set_mark({}); }
    Marked(const Marked&) = delete;
    Marked& operator=(const Marked&) = delete;

  private:
    DeviceRasterizer& rasterizer_;
};

}  // namespace likeness::cuda

// Base of every test that needs a GPU: skipped, with the reason, where there is none.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "likeness/cuda/device.h"
#include "likeness/cuda/device_buffer.h"
#include "likeness/cuda/stream.h"

namespace likeness::cuda_tests {

class GpuTest : public testing::Test {
  protected:
    void SetUp() override {
        const auto device = cuda::find_device();
        if (!device) GTEST_SKIP() << device.error().message << " [" << device.error().detail << "]";
        stream_.emplace();
    }

    cudaStream_t stream() const { return *stream_; }
    cuda::DeviceBuffer<float> upload(const std::vector<float>& values) const {
        cuda::DeviceBuffer<float> buffer(stream());
        buffer.upload(values);
        return buffer;
    }
    // Filled with NaN, so that a value nobody wrote is seen.
    cuda::DeviceBuffer<float> poisoned(std::size_t count) const {
        cuda::DeviceBuffer<float> buffer(stream(), count);
        if (count > 0) cuda::check(cudaMemsetAsync(buffer.data(), 0xff, buffer.bytes(), stream()), "poison");
        return buffer;
    }

  private:
    std::optional<cuda::Stream> stream_;
};

class Random {
  public:
    explicit Random(unsigned seed) : engine_(seed) {}
    float uniform(float low, float high) { return std::uniform_real_distribution<float>(low, high)(engine_); }
    float normal() { return std::normal_distribution<float>()(engine_); }
    std::vector<float> uniforms(std::size_t count, float low, float high) {
        std::vector<float> values(count);
        for (float& value : values) value = uniform(low, high);
        return values;
    }
    std::vector<float> normals(std::size_t count) {
        std::vector<float> values(count);
        for (float& value : values) value = normal();
        return values;
    }
    std::mt19937& engine() { return engine_; }

  private:
    std::mt19937 engine_;
};

// |a - b| / |b| in the Euclidean norm; NaN counts as infinitely far.
template <class A, class B>
double relative_distance(const std::vector<A>& a, const std::vector<B>& b) {
    if (a.size() != b.size()) return HUGE_VAL;
    double difference = 0, norm = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (!std::isfinite(double(a[i]))) return HUGE_VAL;
        difference += (double(a[i]) - double(b[i])) * (double(a[i]) - double(b[i]));
        norm += double(b[i]) * double(b[i]);
    }
    return norm > 0 ? std::sqrt(difference / norm) : std::sqrt(difference);
}

}  // namespace likeness::cuda_tests

// Unknowns in GPU memory with what Adam keeps of them.
#pragma once

#include "likeness/cuda/device_buffer.h"
#include "likeness/cuda/video_step.h"

namespace likeness::cuda {

struct Learned {
    explicit Learned(cudaStream_t stream) : values(stream), first(stream), second(stream), gradients(stream) {}
    void reset(std::size_t count) {
        values.resize(count);
        values.fill_zero();
        forget();
    }
    // Keeps the values, however many there are now.
    void forget() {
        for (DeviceBuffer<float>* buffer : {&first, &second, &gradients}) {
            buffer->resize(values.size());
            buffer->fill_zero();
        }
    }
    UnknownGroup group(Unknown kind, std::size_t from, std::size_t count) {
        UnknownGroup g;
        g.kind = kind;
        g.count = unsigned(count);
        g.values = values.data() + from;
        g.first_moments = first.data() + from;
        g.second_moments = second.data() + from;
        g.gradients = gradients.data() + from;
        return g;
    }
    DeviceBuffer<float> values, first, second, gradients;
};

}  // namespace likeness::cuda

// Adam (Kingma and Ba 2015, algorithm 1) over several parameter groups in one launch.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

namespace likeness::cuda {

inline constexpr int largest_adam_groups = 16;

struct AdamGroup {
    float* values = nullptr;           // [count]
    const float* gradients = nullptr;  // [count]
    float* first_moments = nullptr;    // [count], zero at the start
    float* second_moments = nullptr;   // [count], zero at the start
    std::size_t count = 0;
    float learning_rate = 0;
    // Where a byte is 0 neither values nor moments change; null: all change. A byte stands for `values_per_mask`
    // neighbours: 1 for a mask of elements, 3 for one byte for each row of three.
    const unsigned char* mask = nullptr;
    int values_per_mask = 1;
};

// Step number and rate in device memory, so that a captured graph can be replayed.
struct AdamClock {
    int step = 0;       // steps done
    float rate = 1.0f;  // multiplies every group's learning rate
};

struct AdamOptions {
    float beta1 = 0.9f;
    float beta2 = 0.999f;
    float epsilon = 1.0e-15f;  // as in Kerbl et al. 2023: gradients of means in metres are small
    int step = 1;              // counts from 1; unused with a clock
    const AdamClock* clock = nullptr;
};

// One step of all groups; `groups` is host memory, at most largest_adam_groups of them.
void adam_step(const AdamGroup* groups, int group_count, const AdamOptions& options, cudaStream_t stream);

// Adds one to the clock's step: call it before adam_step.
void adam_tick(AdamClock* clock, cudaStream_t stream);
void adam_set_clock(AdamClock* clock, const AdamClock& value, cudaStream_t stream);

}  // namespace likeness::cuda

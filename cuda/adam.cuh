// Adam's update of one value.
#pragma once

#include <cuda_runtime.h>

namespace likeness::cuda {

struct AdamFactors {
    float beta1, beta2, epsilon;
    float second_scale;  // 1 / (1 - beta2^t)
};

// `rate` is already divided by 1 - beta1^t.
__device__ inline void adam_update(float& value, float& first_moment, float& second_moment, float gradient,
                                   const AdamFactors& f, float rate) {
    const float first = f.beta1 * first_moment + (1.0f - f.beta1) * gradient;
    const float second = f.beta2 * second_moment + (1.0f - f.beta2) * gradient * gradient;
    first_moment = first;
    second_moment = second;
    value -= rate * first / (sqrtf(second * f.second_scale) + f.epsilon);
}

}  // namespace likeness::cuda

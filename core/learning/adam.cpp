#include "core/learning/adam.h"

#include <cmath>

#include "core/base/parallel.h"
#include "core/base/vectorize.h"

namespace likeness {
namespace {

LIKENESS_VECTORIZE void update(float* __restrict value, const float* __restrict gradient, float* __restrict first,
                               float* __restrict second, std::size_t count, float rate, float correction) {
    constexpr float beta1 = adam_beta1, beta2 = adam_beta2, epsilon = adam_epsilon;
    for (std::size_t i = 0; i < count; ++i) {
        const float g = gradient[i];
        first[i] = beta1 * first[i] + (1 - beta1) * g;
        second[i] = beta2 * second[i] + (1 - beta2) * g * g;
        value[i] -= rate * first[i] / (std::sqrt(second[i] * correction) + epsilon);
    }
}

}  // namespace

void adam_step(std::vector<float>& values, const std::vector<float>& gradient, AdamMoments& moments, float rate, int step) {
    moments.first.resize(values.size(), 0.0f);
    moments.second.resize(values.size(), 0.0f);
    const float first_correction = 1 - std::pow(adam_beta1, float(step)),
                second_correction = 1 - std::pow(adam_beta2, float(step));
    parallel_for(values.size(), 1 << 14, [&](std::size_t begin, std::size_t end) {
        update(&values[begin], &gradient[begin], &moments.first[begin], &moments.second[begin], end - begin,
               rate / first_correction, 1 / second_correction);
    });
}

}  // namespace likeness

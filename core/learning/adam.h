// Adam (Kingma and Ba 2015) over one contiguous array of parameters.
#pragma once

#include <cstddef>
#include <vector>

namespace likeness {

inline constexpr float adam_beta1 = 0.9f, adam_beta2 = 0.999f;
inline constexpr float adam_epsilon = 3e-8f;  // well below what a visible Gaussian gets

struct AdamMoments {
    std::vector<float> first, second;
};

// One step (1-based) with bias correction; moments are made on first use.
void adam_step(std::vector<float>& values, const std::vector<float>& gradient, AdamMoments& moments, float rate, int step);

}  // namespace likeness

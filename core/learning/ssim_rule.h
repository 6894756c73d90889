// Structural similarity (Wang et al. 2004): an 11 x 11 Gaussian window, K1 = 0.01, K2 = 0.03, range 1. Shared by the
// processor (image_loss.cpp) and the GPU (cuda/loss.cu).
#pragma once

namespace likeness::ssim_rule {

inline constexpr int radius = 5;
inline constexpr float sigma = 1.5f;
inline constexpr float c1 = 0.01f * 0.01f, c2 = 0.03f * 0.03f;

}  // namespace likeness::ssim_rule

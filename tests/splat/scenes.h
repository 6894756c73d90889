// Scenes and helpers that the splat tests share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/splat/rasterizer.h"

namespace likeness {

// Random Gaussians about the origin, seeded. Sizes and opacities are spread so that pixels stop, alphas are clamped and
// some Gaussians are below a pixel.
SplatSet random_splats(std::size_t count, int extras, unsigned seed);

// A camera about 1 m from the origin, not on an axis, with an off-centre principal point and unequal focal lengths.
Camera oblique_camera(int width, int height);

Image random_image(int width, int height, int channels, unsigned seed);

// A rasterizer with the given instruction set, or null where the processor lacks it.
std::unique_ptr<Rasterizer> rasterizer_with(const std::string& simd);

inline const std::vector<std::string> instruction_sets = {"portable", "avx2", "avx512"};

// |a - b| / |b| in the L2 norm.
double relative_difference(const std::vector<float>& a, const std::vector<double>& b);

}  // namespace likeness

// Which way hair runs in a picture, by the structure tensor.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "core/image/image.h"

namespace likeness {

struct StrandField {
    int width = 0, height = 0;
    std::vector<Eigen::Vector2f> direction;  // unit, along the strand, pixels (sign has no meaning)
    std::vector<float> coherence;            // 0 isotropic .. 1 all in one direction
    const Eigen::Vector2f& at(float x, float y) const;
    float coherence_at(float x, float y) const;

  private:
    std::size_t index(float x, float y) const;
};

// Gaussian-smoothed structure tensor of the luminance; `sigma` is the window in pixels.
StrandField strand_field(const Image& color, float sigma);

}  // namespace likeness

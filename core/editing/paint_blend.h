// How a layer's color meets the one beneath (W3C Compositing and Blending Level 1, chapters 9 and 10), sRGB-encoded.
#pragma once

#include <Eigen/Core>

#include "core/avatar/paint.h"

namespace likeness {

// The color where `layer` covers in full.
Eigen::Vector3f blended(PaintBlend mode, const Eigen::Vector3f& beneath, const Eigen::Vector3f& layer);

// Where it covers by the alpha of `layer` (premultiplied), times `opacity`.
Eigen::Vector3f laid_over(PaintBlend mode, const Eigen::Vector3f& beneath, const Eigen::Vector4f& layer, float opacity);

}  // namespace likeness

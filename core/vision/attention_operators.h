// The three operators of face_landmark_with_attention.tflite that LiteRT lacks. The network finds the eyes and the lips
// in a coarse mesh, cuts feature windows around them (Grishchenko et al. 2020, "Attention Mesh", section 2: spatial
// transformers) and maps the refined points of a window back to the picture.
#pragma once

#include <memory>
#include <vector>

#include "core/networks/litert.h"

namespace likeness {

// Landmarks2TransformMatrix, TransformTensorBilinear and TransformLandmarks, version 2.
std::vector<std::unique_ptr<CustomOperator>> attention_operators();

}  // namespace likeness

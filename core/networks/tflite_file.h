// The little that we change in a .tflite file (a FlatBuffer, schema in TensorFlow's schema.fbs) before LiteRT reads it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace likeness {

// Sets the version of the named custom operators to 1: LiteRT 2.3.0 registers every custom kernel as version 1, while
// face_landmark_with_attention.tflite asks for version 2 (of which our kernels implement the meaning).
// Throws std::runtime_error when the bytes are not a model.
void set_custom_operator_versions(std::span<std::uint8_t> model, const std::vector<std::string>& names);

}  // namespace likeness

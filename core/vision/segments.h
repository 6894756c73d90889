// Which part of a person a pixel shows: skin, hair or clothes. No network: colors and places, learned from each
// picture.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/result.h"
#include "core/image/image.h"
#include "core/vision/face_landmarks.h"

namespace likeness {

enum class Segment : std::uint8_t { background, skin, hair, clothes };

// Everything has the picture's size.
struct Segments {
    int width = 0, height = 0;
    std::vector<std::uint8_t> label;  // Segment, row by row
    // One channel each, 0..1. With the background's 1 - alpha they sum to 1. Skin is face, eyes, lips, beard, glasses,
    // ears, neck, bare shoulders and hands; hair is also most hats; clothes is the rest of the person.
    Image skin_probability, hair_probability, clothes_probability;

    Segment at(int x, int y) const { return Segment(label[std::size_t(y) * std::size_t(width) + std::size_t(x)]); }
};

// `alpha`: the person's matte, one channel of the picture's size (matte.h). Errors: invalid_argument, internal.
Result<Segments> segment_person(const Image& picture, const Image& alpha, const FaceLandmarks& face);

}  // namespace likeness

// Whether a face is a statue's: of one color, in a picture that has others, or without irises.
#pragma once

#include "core/image/image.h"
#include "core/vision/face_landmarks.h"

namespace likeness {

// People's lips differ from their skin by 3 and more in a and b of CIE Lab, and their irises are darker than the skin
// (411 portraits of all tones: two below 2.5, with dark irises). Black-and-white photographs pass: what has no colors
// anywhere tells nothing. `picture`: RGB.
bool looks_like_statue(const Image& picture, const FaceLandmarks& face);

}  // namespace likeness

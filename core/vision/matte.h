// Cuts the person out of a portrait: how much of each pixel is person, and what colour that part has.
#pragma once

#include "core/base/result.h"
#include "core/image/image.h"
#include "core/vision/face_landmarks.h"
#include "core/vision/person_segmenter.h"

namespace likeness {

struct Matte {
    Image alpha;       // 1 channel, 0..1: 1 in the person (no holes), 0 outside (no islands), between only at its edge
    Image foreground;  // 3 channels: the picture's colours without the background's share (straight, not premultiplied)
};

// Both of the picture's size; meant for pictures up to some 1500 pixels (a crop around head and shoulders).
// Errors: invalid_argument, internal.
Result<Matte> portrait_matte(PersonSegmenter& segmenter, const Image& picture, const FaceLandmarks& face);

// The same from a person's probability known already (1 channel, any size, stretched over the picture).
Matte refine_matte(const Image& picture, const Image& probability, const FaceLandmarks& face);

}  // namespace likeness

// Cuts the person out of a portrait: how much of each pixel is person. foreground.h tells what color that part has.
#pragma once

#include <span>

#include "core/base/result.h"
#include "core/image/image.h"
#include "core/vision/face_landmarks.h"
#include "core/vision/person_segmenter.h"

namespace likeness {

// One channel, 0..1: 1 in the person (no holes), 0 outside (no islands), between only at its edge. Of the picture's
// size; meant for pictures up to some 1500 pixels (a crop around head and shoulders). Errors: invalid_argument,
// internal. `others`: faces of other people in the picture or beside it (pixels of it), whose heads and bodies are
// background.
Result<Image> portrait_matte(PersonSegmenter& segmenter, const Image& picture, const FaceLandmarks& face,
                             std::span<const FaceLandmarks> others = {});

// The same from a person's probability known already (1 channel, any size, stretched over the picture).
Image refine_matte(const Image& picture, const Image& probability, const FaceLandmarks& face,
                   std::span<const FaceLandmarks> others = {});

}  // namespace likeness

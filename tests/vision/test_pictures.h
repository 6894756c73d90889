// Pictures and models that the tests of this folder share.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/image/image.h"
#include "core/vision/face_models.h"
#include "core/vision/person_segmenter.h"

namespace likeness::test {

// Loaded once; throws (so the test fails with the sentence) when an asset is missing.
FaceModels& models();
PersonSegmenter& segmenter();
// The astronaut (512 x 512, NASA, public domain).
const Image& astronaut();
// $LIKENESS_TEST_DATA, or the data beside the repository; empty when neither is there.
std::optional<std::filesystem::path> test_data();
Image load(const std::filesystem::path& file);

// `picture` scaled, turned by `angle` (radians, clockwise) about its middle and put with its middle at (x, y) of a grey
// picture of width x height.
Image place(const Image& picture, int width, int height, float x, float y, float scale, float angle = 0);
Image mirrored(const Image& picture);

}  // namespace likeness::test

// Rotated rectangles of a picture, sampled into a network's input and mapped back.
#pragma once

#include <Eigen/Core>
#include <span>

#include "core/image/image.h"

namespace likeness {

// A rectangle in a picture's pixels (continuous: a pixel's centre is at +0.5), turned clockwise on screen by `angle`.
struct Crop {
    Eigen::Vector2f centre = Eigen::Vector2f::Zero();
    Eigen::Vector2f size = Eigen::Vector2f::Zero();
    float angle = 0.0f;  // radians

    // (0, 0) is the rectangle's upper left corner, (1, 1) its lower right one.
    Eigen::Vector2f to_picture(const Eigen::Vector2f& unit) const;
    Eigen::Vector2f from_picture(const Eigen::Vector2f& pixel) const;
};

enum class CropBorder { black, replicate };

struct SampleOptions {
    CropBorder border = CropBorder::replicate;
    // Colors 0 and 1 become these.
    float low = 0.0f;
    float high = 1.0f;
    // Sample like MediaPipe does on a CPU: one bilinear sample a pixel, however fine the picture is (else their mean
    // over the pixel), and half a pixel off. For comparisons only.
    bool as_mediapipe = false;
};

// Writes width x height x 3 floats. One-channel pictures count as grey; a fourth channel is left out.
void sample_crop(const Image& picture, const Crop& crop, int width, int height, const SampleOptions& options,
                 std::span<float> output);

// The picture at a smaller size by area averaging, at most `longest` pixels on its longer side (unchanged if smaller).
Image shrink_to(const Image& picture, int longest);

// Turned clockwise by so many quarter turns (0..3); every pixel stays what it is.
Image turn_quarters(const Image& picture, int clockwise);

}  // namespace likeness

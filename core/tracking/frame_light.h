// The light on a face in every frame of a video, from the colors at its landmarks.
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

#include "core/tracking/face_track.h"

namespace likeness {

// Colors and normals of one frame at the same places of the skin: linear colors, unit normals in camera axes.
struct LitSkin {
    Eigen::Matrix3Xf color, normal;  // [3, places]; a place whose color is below zero counts as unseen
};

// Light of each frame and the skin's own color at each place in turn, by least squares with a ridge that keeps the
// light near an even one; the skin's colors are such that their light is 1 in the mean.
std::vector<FrameLight> fit_lights(std::span<const LitSkin> frames);

}  // namespace likeness

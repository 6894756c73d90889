// Scenes for the rasterizer's tests.
#pragma once

#include "core/geometry/camera.h"
#include "core/splat/rasterizer.h"

namespace likeness::cuda_tests {

// A camera `distance` metres in front of the origin, with an off-centre principal point and unequal focal lengths.
Camera front_camera(int width, int height, float distance = 1.1f);

// Blobs of all sizes, shapes and opacities about the origin, some outside the view, behind the camera, too faint to
// draw, or nearly opaque. Quaternions are not normalised.
SplatSet random_scene(std::size_t count, int extra_channels, unsigned seed);

// An ellipsoid shell of head size, covered with small flat Gaussians that lie in the surface.
SplatSet head_scene(std::size_t count, int extra_channels, unsigned seed);

// Random gradients for every picture of a frame.
FrameGradients random_gradients(const Frame& frame, unsigned seed);

}  // namespace likeness::cuda_tests

// A camera as OpenGL wants it: axes x right, y up, z backwards, and a cube from -1 to 1 that is drawn.
#pragma once

#include "core/geometry/camera.h"

namespace likeness {

Eigen::Matrix4f opengl_view(const Camera& camera);  // from the world to those axes
// From those axes to the cube (divide by w). What lies between `near` and `far`, metres, is inside; the picture's upper
// edge is at y = 1. Precondition: the camera has a size.
Eigen::Matrix4f opengl_projection(const Camera& camera, float near = 0.02f, float far = 20.0f);

// Both.
inline Eigen::Matrix4f world_to_clip(const Camera& camera) { return opengl_projection(camera) * opengl_view(camera); }

}  // namespace likeness

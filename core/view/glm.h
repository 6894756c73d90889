// Between the mathematics of core/ (Eigen, OpenCV's cameras) and that of render/ and ui/ (GLM, OpenGL's clip space).
#pragma once

#include <Eigen/Core>
#include <glm/ext/matrix_clip_space.hpp>
#include <glm/gtc/type_ptr.hpp>
#include <glm/mat3x3.hpp>
#include <glm/mat4x4.hpp>
#include <glm/vec3.hpp>

#include "core/geometry/camera.h"

namespace likeness {

inline glm::vec3 to_glm(const Eigen::Vector3f& v) { return {v.x(), v.y(), v.z()}; }
// Both store columns.
inline glm::mat3 to_glm(const Eigen::Matrix3f& m) { return glm::make_mat3(m.data()); }
inline glm::mat4 to_glm(const Eigen::Matrix4f& m) { return glm::make_mat4(m.data()); }

// From the world to OpenGL's axes: x right, y up, z backwards.
inline glm::mat4 opengl_view(const Camera& camera) {
    return glm::mat4(glm::vec4(1, 0, 0, 0), glm::vec4(0, -1, 0, 0), glm::vec4(0, 0, -1, 0), glm::vec4(0, 0, 0, 1)) *
           to_glm(camera.world_to_camera);
}
// From those axes to the cube from -1 to 1 that is drawn (divide by w). What lies between `near` and `far`, metres, is
// inside; the picture's upper edge is at y = 1. Precondition: the camera has a size.
inline glm::mat4 opengl_projection(const Camera& camera, float near = 0.02f, float far = 20.0f) {
    const float x = near / camera.fx, y = near / camera.fy;
    return glm::frustum(-camera.cx * x, (float(camera.width) - camera.cx) * x, (camera.cy - float(camera.height)) * y,
                        camera.cy * y, near, far);
}
// Both.
inline glm::mat4 world_to_clip(const Camera& camera) { return opengl_projection(camera) * opengl_view(camera); }

}  // namespace likeness

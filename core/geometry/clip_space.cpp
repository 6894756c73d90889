#include "core/geometry/clip_space.h"

namespace likeness {

Eigen::Matrix4f opengl_view(const Camera& camera) {
    return Eigen::Vector4f(1, -1, -1, 1).asDiagonal() * camera.world_to_camera;
}

Eigen::Matrix4f opengl_projection(const Camera& camera, float near, float far) {
    const float w = float(camera.width), h = float(camera.height);
    Eigen::Matrix4f p = Eigen::Matrix4f::Zero();
    p(0, 0) = 2 * camera.fx / w;
    p(0, 2) = 1 - 2 * camera.cx / w;
    p(1, 1) = 2 * camera.fy / h;
    p(1, 2) = 2 * camera.cy / h - 1;
    p(2, 2) = (far + near) / (near - far);
    p(2, 3) = 2 * far * near / (near - far);
    p(3, 2) = -1;
    return p;
}

}  // namespace likeness

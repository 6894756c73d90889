#include "core/geometry/camera.h"

namespace likeness {

Camera Camera::resized(int new_width, int new_height) const {
    Camera camera = *this;
    const float sx = float(new_width) / float(width), sy = float(new_height) / float(height);
    camera.width = new_width;
    camera.height = new_height;
    camera.fx *= sx;
    camera.cx *= sx;
    camera.fy *= sy;
    camera.cy *= sy;
    return camera;
}

Eigen::Matrix4f look_at(const Eigen::Vector3f& eye, const Eigen::Vector3f& target) {
    const Eigen::Vector3f forward = (target - eye).normalized();
    Eigen::Vector3f right = forward.cross(Eigen::Vector3f::UnitY());
    right = right.norm() > 1e-6f ? right.normalized().eval() : Eigen::Vector3f::UnitX();  // straight up or down
    const Eigen::Vector3f down = forward.cross(right);
    Eigen::Matrix4f m = Eigen::Matrix4f::Identity();
    m.row(0).head<3>() = right;
    m.row(1).head<3>() = down;
    m.row(2).head<3>() = forward;
    m.topRightCorner<3, 1>() = -m.topLeftCorner<3, 3>() * eye;
    return m;
}

Camera orbit(const Camera& camera, const Eigen::Vector3f& centre, float yaw, float pitch) {
    // Moving the camera by a rotation R about `centre` is the same as moving the world by its inverse.
    const Eigen::Vector3f offset = camera.position() - centre;
    const Eigen::Matrix3f turn_yaw = Eigen::AngleAxisf(yaw, Eigen::Vector3f::UnitY()).toRotationMatrix();
    const Eigen::Vector3f flat = turn_yaw * Eigen::Vector3f(offset.x(), 0, offset.z());
    const Eigen::Vector3f axis =
        flat.norm() > 1e-6f ? flat.normalized().cross(Eigen::Vector3f::UnitY()).eval() : Eigen::Vector3f::UnitX();
    const Eigen::Matrix3f turn = Eigen::AngleAxisf(pitch, axis).toRotationMatrix() * turn_yaw;
    Eigen::Affine3f move = Eigen::Translation3f(centre) * turn * Eigen::Translation3f(-centre);
    Camera result = camera;
    result.world_to_camera = camera.world_to_camera * move.inverse().matrix();
    return result;
}

}  // namespace likeness

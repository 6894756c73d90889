// Rotations as axis-angles (radians) and as matrices.
#pragma once

#include <Eigen/Core>
#include <Eigen/Geometry>

namespace likeness {

inline Eigen::Matrix3f rotation_matrix(const Eigen::Vector3f& axis_angle) {
    const float angle = axis_angle.norm();
    if (angle < 1e-8f) return Eigen::Matrix3f::Identity();
    return Eigen::AngleAxisf(angle, axis_angle / angle).toRotationMatrix();
}

inline Eigen::Vector3f axis_angle_of(const Eigen::Matrix3f& rotation) {
    const Eigen::AngleAxisf turn(rotation);
    return turn.angle() * turn.axis();
}

}  // namespace likeness

#include "core/head/joint_chain.h"

#include <cmath>

#include "core/geometry/rotation.h"

namespace likeness {

Eigen::VectorXf corrective_coefficients(const JointChain& chain) {
    Eigen::VectorXf entries(9 * Eigen::Index(chain.local.size()));
    for (std::size_t j = 0; j < chain.local.size(); ++j)
        entries.segment<9>(9 * Eigen::Index(j)) =
            (chain.local[j] - Eigen::Matrix3f::Identity()).transpose().reshaped();  // row by row
    return entries;
}

Eigen::Matrix<float, 9, 3> rotation_by_angle(const Eigen::Vector3f& axis_angle, const Eigen::Matrix3f& local) {
    const Eigen::Matrix3f jacobian = left_jacobian(axis_angle);
    Eigen::Matrix<float, 9, 3> grad_angle;
    for (int k = 0; k < 3; ++k) grad_angle.col(k) = (cross_matrix(jacobian.col(k)) * local).transpose().reshaped();
    return grad_angle;
}

Eigen::Matrix3f cross_matrix(const Eigen::Vector3f& v) {
    Eigen::Matrix3f m;
    m << 0, -v.z(), v.y(), v.z(), 0, -v.x(), -v.y(), v.x(), 0;
    return m;
}

Eigen::Matrix3f left_jacobian(const Eigen::Vector3f& axis_angle) {
    const float angle = axis_angle.norm();
    const Eigen::Matrix3f k = cross_matrix(axis_angle);
    if (angle < 1e-4f) return Eigen::Matrix3f::Identity() + 0.5f * k;
    const float a2 = angle * angle;
    return Eigen::Matrix3f::Identity() + (1 - std::cos(angle)) / a2 * k +
           (angle - std::sin(angle)) / (a2 * angle) * k * k;
}

JointChain joint_chain(const HeadModel& model, const Eigen::Ref<const Eigen::Matrix3Xf>& joint_position,
                       const Eigen::Ref<const Eigen::VectorXf>& controls,
                       const Eigen::Ref<const Eigen::Matrix3Xf>& joints, const Eigen::Vector3f& translation) {
    JointChain chain;
    const Eigen::VectorXf driven = model.control_joint * controls;
    for (int j = 0; j < model.joint_count(); ++j) {
        const Eigen::Vector3f p = joint_position.col(j);
        const Eigen::Vector3f a = joints.col(j) + driven.segment<3>(3 * j);
        const Eigen::Matrix3f r = rotation_matrix(a);
        const int parent = model.joint_parent[std::size_t(j)];
        const Eigen::Matrix3f above = parent < 0 ? Eigen::Matrix3f::Identity() : chain.world[std::size_t(parent)];
        const Eigen::Vector3f from = parent < 0 ? translation : chain.origin[std::size_t(parent)];
        chain.axis_angle.push_back(a);
        chain.local.push_back(r);
        chain.world.push_back(above * r);
        chain.pivot.push_back(above * p + from);
        chain.origin.push_back(chain.pivot.back() - chain.world.back() * p);
    }
    return chain;
}

}  // namespace likeness

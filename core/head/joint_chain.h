// The joints of a head in a pose; shared by the ways to pose a head.
#pragma once

#include <vector>

#include "core/head/head_model.h"

namespace likeness {

struct JointChain {
    std::vector<Eigen::Vector3f> axis_angle;    // what controls drive included
    std::vector<Eigen::Matrix3f> local, world;  // rotations
    std::vector<Eigen::Vector3f> origin;        // translation part: G(x) = world * x + origin
    std::vector<Eigen::Vector3f> pivot;         // posed joint positions
};
JointChain joint_chain(const HeadModel& model, const Eigen::Ref<const Eigen::Matrix3Xf>& joint_position,
                       const Eigen::Ref<const Eigen::VectorXf>& controls,
                       const Eigen::Ref<const Eigen::Matrix3Xf>& joints, const Eigen::Vector3f& translation);

// What the correctives are multiplied by: [9 J] row-major entries of the local rotations less the identity.
Eigen::VectorXf corrective_coefficients(const JointChain& chain);
// Gradients of a local rotation's row-major entries by its axis-angle.
Eigen::Matrix<float, 9, 3> rotation_by_angle(const Eigen::Vector3f& axis_angle, const Eigen::Matrix3f& local);

Eigen::Matrix3f cross_matrix(const Eigen::Vector3f& v);
// Left Jacobian of SO(3): exp(a + d) ~ exp(J d) exp(a) (Sola et al. 2018, eq. 145).
Eigen::Matrix3f left_jacobian(const Eigen::Vector3f& axis_angle);

}  // namespace likeness

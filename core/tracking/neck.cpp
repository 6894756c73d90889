#include "core/tracking/neck.h"

#include <Eigen/Cholesky>

#include "core/geometry/rotation.h"
#include "core/tracking/landmark_problem.h"

namespace likeness {
namespace {

const Eigen::Vector3f place_sigma(0.004f, 0.004f, 0.03f);  // of the head's joint, camera axes, metres
constexpr float neck_sigma = 0.12f;                        // of the neck's turn about its usual share, radians

}  // namespace

Eigen::Vector3f place_head(const HeadModel& model, const PersonalHead& person, const HeadFit& fit,
                           const Eigen::Matrix4f& world_to_camera, HeadPose& pose) {
    const int neck = model.joints.neck, head = model.joints.head;
    const Eigen::Vector3f base = person.joint_position.col(neck), arm = person.joint_position.col(head) - base;
    const Eigen::Matrix3f to_world = world_to_camera.topLeftCorner<3, 3>().transpose();
    const Eigen::Matrix3f seen_from = fit.camera.world_to_camera.topLeftCorner<3, 3>();
    const Eigen::Matrix3f turn = to_world * seen_from * rotation_matrix(fit.head_rotation);
    const Eigen::Vector3f seen = seen_from * (base + rotation_matrix(neck_share * fit.head_rotation) * arm) +
                                 fit.camera.world_to_camera.topRightCorner<3, 1>();
    const Eigen::Vector3f place = to_world * (seen - world_to_camera.topRightCorner<3, 1>());
    const Eigen::Matrix3f precision = place_sigma.cwiseInverse().asDiagonal() * to_world.transpose();

    const Eigen::Vector3f usual = neck_share * axis_angle_of(turn);
    Eigen::Vector3f x = usual;
    for (int round = 0; round < 6; ++round) {
        const auto missing = [&](const Eigen::Vector3f& at) -> Eigen::Vector3f {
            return precision * (base + rotation_matrix(at) * arm - place);
        };
        const Eigen::Vector3f r = missing(x);
        Eigen::Matrix3f j;
        for (int k = 0; k < 3; ++k) {
            constexpr float step = 1e-3f;
            Eigen::Vector3f moved = x;
            moved[k] += step;
            j.col(k) = (missing(moved) - r) / step;
        }
        constexpr float weight = 1 / (neck_sigma * neck_sigma);
        const Eigen::Matrix3f hessian = j.transpose() * j + weight * Eigen::Matrix3f::Identity();
        const Eigen::Vector3f step = -hessian.ldlt().solve(j.transpose() * r + weight * (x - usual));
        if (!step.allFinite()) break;
        x += step;
        if (step.norm() < 1e-5f) break;
    }
    x = x.cwiseMax(model.joint_low.col(neck)).cwiseMin(model.joint_high.col(neck));
    pose.joints.col(neck) = x;
    pose.joints.col(head) = axis_angle_of(rotation_matrix(x).transpose() * turn);
    return to_world.transpose() * (place - base - rotation_matrix(x) * arm);
}

HeadFit facing_fit(const HeadModel& model, const PersonalHead& person, const Camera& camera, const HeadPose& pose,
                   const HeadFit& like) {
    const int neck = model.joints.neck, head = model.joints.head;
    const Eigen::Vector3f base = person.joint_position.col(neck), arm = person.joint_position.col(head) - base;
    const Eigen::Matrix3f seen_from = camera.world_to_camera.topLeftCorner<3, 3>(), facing = front_flip.asDiagonal();
    const Eigen::Matrix3f of_neck = rotation_matrix(pose.joints.col(neck));
    HeadFit fit = like;
    fit.pose = pose;
    fit.head_rotation = axis_angle_of(facing * seen_from * of_neck * rotation_matrix(pose.joints.col(head)));
    turn_head(model, fit.head_rotation, fit.pose);
    fit.camera = camera;
    fit.camera.world_to_camera.topLeftCorner<3, 3>() = facing;
    fit.camera.world_to_camera.topRightCorner<3, 1>() =
        (camera.world_to_camera * (base + of_neck * arm).homogeneous()).head<3>() -
        facing * (base + rotation_matrix(neck_share * fit.head_rotation) * arm);
    return fit;
}

}  // namespace likeness

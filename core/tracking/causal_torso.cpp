#include "core/tracking/causal_torso.h"

#include <algorithm>
#include <cmath>

#include "core/geometry/rotation.h"
#include "core/tracking/neck.h"

namespace likeness {
namespace {

constexpr double judged_seconds = 0.5;  // over which it is judged whether the points tell
constexpr double trust_seconds = 0.5;   // from one kind of torso to the other
constexpr double shift_seconds = 4;     // over which the torso comes below the heads

Eigen::Vector3f neck_place(const Eigen::Matrix4f& view, const Eigen::Vector3f& neck) {
    return (view * neck.homogeneous()).head<3>();
}

}  // namespace

Eigen::Matrix4f unseen_torso(const HeadFit& fit, const Eigen::Vector3f& neck, const Eigen::Vector3f& place, float yaw) {
    Eigen::Matrix4f view = fit.camera.world_to_camera;
    view.topLeftCorner<3, 3>() *=
        Eigen::AngleAxisf(unseen_torso_yaw * yaw, Eigen::Vector3f::UnitY()).toRotationMatrix();
    view.topRightCorner<3, 1>() = place - view.topLeftCorner<3, 3>() * neck;
    return view;
}

Eigen::Matrix4f CausalTorso::next(const PersonalHead& person, const HeadFit& fit, std::span<const TorsoPoint> points,
                                  double seconds) {
    const Eigen::Vector3f seen = neck_place(fit.camera.world_to_camera, person.joint_position.col(model_.joints.neck));
    if (!follower_) {
        neck_ = person.joint_position.col(model_.joints.neck);
        focal_ = fit.camera.fx;
        follower_.emplace(fit.camera, neck_);
        shift_.setZero();
        place_ = seen;
        yaw_ = fit.head_rotation.y();
        followed_share_ = slip_ = trust_ = 0;
        seconds_ = begun_ = seconds;
    }
    const double passed = std::clamp(seconds - seconds_, 0.0, 1.0);
    seconds_ = seconds;
    const auto share = [&](double over) { return float(1 - std::exp(-passed / over)); };

    place_ += share(unseen_torso_seconds) * (seen - place_);
    yaw_ += share(unseen_torso_seconds) * (fit.head_rotation.y() - yaw_);
    const bool told = follower_->follow(points, seen);
    // At first a mean over all that was seen, then over the last seconds.
    shift_ += share(std::clamp(seconds - begun_, 1e-3, shift_seconds)) * (seen - neck_place(followed_view(), neck_));
    HeadPose pose = fit.pose;
    const float slip = place_head(model_, person, fit, followed_view(), pose).head<2>().norm();
    followed_share_ += share(judged_seconds) * (float(told) - followed_share_);
    slip_ += share(judged_seconds) * (slip - slip_);
    const auto step = float(passed / trust_seconds);
    const bool good = followed_share_ > 0.5f && slip_ < most_torso_slip;
    trust_ = std::clamp(trust_ + (good ? step : -step), 0.0f, 1.0f);

    return now(fit);
}

Eigen::Matrix4f CausalTorso::followed_view() const {
    Eigen::Matrix4f view = follower_->world_to_camera();
    view.topRightCorner<3, 1>() += shift_;
    return view;
}

Eigen::Matrix4f CausalTorso::now(const HeadFit& fit) const {
    Eigen::Matrix4f view = unseen_torso(fit, neck_, place_, yaw_);
    const Eigen::Matrix4f followed = followed_view();
    const Eigen::Vector3f by_head = neck_place(view, neck_), by_points = neck_place(followed, neck_);
    const Eigen::Matrix3f turn = followed.topLeftCorner<3, 3>() * view.topLeftCorner<3, 3>().transpose();
    view.topLeftCorner<3, 3>() = (rotation_matrix(trust_ * axis_angle_of(turn)) * view.topLeftCorner<3, 3>()).eval();
    view.topRightCorner<3, 1>() = by_head + trust_ * (by_points - by_head) - view.topLeftCorner<3, 3>() * neck_;
    return view;
}

void CausalTorso::change_person(const PersonalHead& person, const HeadFit& fit) {
    if (!follower_) return;
    const Eigen::Vector3f neck = person.joint_position.col(model_.joints.neck);
    // Further away by as much as the head is, and where it was in the picture.
    const Eigen::Vector3f seen = neck_place(fit.camera.world_to_camera, neck);
    const float deeper = seen.z() / std::max(place_.z(), 0.05f), wider = deeper * focal_ / fit.camera.fx;
    const Eigen::Vector3f ratio(wider, wider, deeper);
    Eigen::Matrix4f view = follower_->world_to_camera();
    const Eigen::Vector3f place = neck_place(view, neck_).cwiseProduct(ratio);
    view.topRightCorner<3, 1>() = place - view.topLeftCorner<3, 3>() * neck;
    Camera camera = fit.camera;
    camera.world_to_camera = view;
    follower_.emplace(camera, neck);
    neck_ = neck;
    focal_ = fit.camera.fx;
    shift_ = shift_.cwiseProduct(ratio);
    place_ = place_.cwiseProduct(ratio);
}

}  // namespace likeness

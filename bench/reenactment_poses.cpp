#include "bench/reenactment_poses.h"

#include "core/tracking/face_follower.h"
#include "core/tracking/neck.h"

namespace likeness::bench {
namespace {

// A torso in camera axes: how it is turned and where its neck begins.
struct Torso {
    Eigen::Matrix3f turn;
    Eigen::Vector3f neck;
    Torso(const Eigen::Matrix4f& world_to_camera, const Eigen::Vector3f& neck_at_rest)
        : turn(world_to_camera.topLeftCorner<3, 3>()),
          neck(turn * neck_at_rest + world_to_camera.topRightCorner<3, 1>()) {}
    Eigen::Matrix4f world_to_camera(const Eigen::Vector3f& neck_at_rest) const {
        Eigen::Matrix4f view = Eigen::Matrix4f::Identity();
        view.topLeftCorner<3, 3>() = turn;
        view.topRightCorner<3, 1>() = neck - turn * neck_at_rest;
        return view;
    }
};

// `own` moved as the tracked torso moved from `from` to `to`: turned alike, by as many pixels, and by the same share of
// its depth, since the two cameras may differ in their focal lengths.
Torso moved(Torso own, float own_focal, const Torso& from, const Torso& to, float tracked_focal) {
    const Eigen::Vector2f shift =
        tracked_focal / own_focal * (to.neck.head<2>() / to.neck.z() - from.neck.head<2>() / from.neck.z());
    const Eigen::Vector2f direction = own.neck.head<2>() / own.neck.z() + shift;
    own.turn = to.turn * from.turn.transpose() * own.turn;
    own.neck.z() *= to.neck.z() / from.neck.z();
    own.neck.head<2>() = direction * own.neck.z();
    return own;
}

}  // namespace

std::vector<DrivenFrame> drive(const HeadModel& model, const PersonalHead& person, const HeadFit& start,
                               const FaceTrack& track) {
    const Eigen::Vector3f own_neck = person.joint_position.col(model.joints.neck),
                          tracked_neck = track.person(model).joint_position.col(model.joints.neck);
    const FaceFollower follower(model, person, start);
    std::vector<DrivenFrame> driven;
    DrivenFrame now{false, start.pose, start.camera};
    HeadFit fit = start;
    const TrackedFrame* first = nullptr;  // of the shot
    Torso own(start.camera.world_to_camera, own_neck);
    for (const TrackedFrame& frame : track.frames) {
        if (frame.cut) first = nullptr;
        now.tracked = frame.state == FrameState::tracked;
        if (now.tracked) {
            fit = follower.fit(frame.landmarks, fit);
            const Torso tracked(frame.world_to_camera, tracked_neck);
            if (!first) {
                first = &frame;
                own = Torso(fit.camera.world_to_camera, own_neck);
            }
            const Torso torso =
                moved(own, fit.camera.fx, Torso(first->world_to_camera, tracked_neck), tracked, track.focal);
            now.pose = fit.pose;
            now.camera = fit.camera;
            now.camera.world_to_camera = torso.world_to_camera(own_neck);
            const Eigen::Vector3f slip = place_head(model, person, fit, now.camera.world_to_camera, now.pose);
            now.camera.world_to_camera.topRightCorner<3, 1>() += slip;
        }
        driven.push_back(now);
    }
    return driven;
}

}  // namespace likeness::bench

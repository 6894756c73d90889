#include "core/motion/tracked_motion.h"

#include <Eigen/SVD>
#include <algorithm>
#include <array>

#include "core/geometry/rotation.h"
#include "core/head/head_registry.h"

namespace likeness {
namespace {

constexpr double longest_gap = 0.5;  // seconds over which what a face does is guessed

float middle_value(std::vector<float> values) {
    const auto at = values.begin() + std::ptrdiff_t(values.size() / 2);
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

// Where the torso mostly is in some frames, one or more.
Eigen::Matrix4f torso_at_rest(const std::vector<const TrackedFrame*>& frames) {
    Eigen::Matrix4f rest = Eigen::Matrix4f::Identity();
    for (int axis = 0; axis < 3; ++axis) {
        std::vector<float> values;
        for (const TrackedFrame* f : frames) values.push_back(f->world_to_camera(axis, 3));
        rest(axis, 3) = middle_value(std::move(values));
    }
    // The mean rotation: the one nearest to the sum (Moakher 2002).
    Eigen::Matrix3f turns = Eigen::Matrix3f::Zero();
    for (const TrackedFrame* f : frames) turns += f->world_to_camera.topLeftCorner<3, 3>();
    const Eigen::JacobiSVD<Eigen::Matrix3f> svd(turns, Eigen::ComputeFullU | Eigen::ComputeFullV);
    rest.topLeftCorner<3, 3>() = svd.matrixU() * svd.matrixV().transpose();
    return rest;
}

// Of movements that undo each other only what is left counts.
void settle(std::vector<float>& weights, const std::vector<std::string>& names) {
    constexpr std::array<std::pair<const char*, const char*>, 6> opposite = {{{"eyeLookInLeft", "eyeLookOutLeft"},
                                                                              {"eyeLookInRight", "eyeLookOutRight"},
                                                                              {"eyeLookUpLeft", "eyeLookDownLeft"},
                                                                              {"eyeLookUpRight", "eyeLookDownRight"},
                                                                              {"jawLeft", "jawRight"},
                                                                              {"mouthLeft", "mouthRight"}}};
    const auto find = [&](const char* name) {
        return std::size_t(std::find(names.begin(), names.end(), name) - names.begin());
    };
    for (const auto& [one, other] : opposite) {
        const std::size_t a = find(one), b = find(other);
        if (a == names.size() || b == names.size()) continue;
        const float both = std::max(std::min(weights[a], weights[b]), 0.0f);
        weights[a] -= both;
        weights[b] -= both;
    }
}

bool was_tracked(const TrackedFrame& frame) { return frame.state == FrameState::tracked; }

}  // namespace

TrackedPerson::TrackedPerson(const FaceTrack& track, const HeadModel* model)
    : controls_(track.controls), joints_(track.joints) {
    if (!model || !FaceRuler::usable(*model)) return;
    ruler_ = std::make_unique<const FaceRuler>(*model, track.person(*model));
    rest_ = ruler_->of(HeadPose::neutral(*model));
}

PoseSample TrackedPerson::sample(const TrackedFrame& frame, const Camera& camera,
                                 const Eigen::Matrix4f& torso_at_rest) const {
    PoseSample sample;
    sample.weights.resize(std::size_t(frame.pose.controls.size()));
    std::transform(frame.pose.controls.begin(), frame.pose.controls.end(), sample.weights.begin(),
                   [](float value) { return std::clamp(value, -1.0f, 2.0f); });
    settle(sample.weights, controls_);
    Eigen::Matrix3f turn = Eigen::Matrix3f::Identity();
    for (std::size_t j = 0; j < joints_.size(); ++j) {  // parents come before children
        if (joints_[j] != "neck" && joints_[j] != "head") continue;
        turn *= rotation_matrix(frame.pose.joints.col(Eigen::Index(j)));
        if (joints_[j] == "neck") sample.neck = frame.pose.joints.col(Eigen::Index(j));
    }
    sample.head = axis_angle_of(turn);
    const Eigen::Matrix3f from = torso_at_rest.topLeftCorner<3, 3>().transpose();
    sample.body.emplace();
    sample.body->turn = axis_angle_of(from * frame.world_to_camera.topLeftCorner<3, 3>());
    sample.body->shift = from * (frame.world_to_camera - torso_at_rest).topRightCorner<3, 1>();
    if (ruler_) sample.face = {ruler_->seen(frame.pose, camera, frame.landmarks), rest_};
    return sample;
}

std::shared_ptr<const HeadModel> tracked_head(const FaceTrack& track, HeadRegistry& heads) {
    (void)heads.default_head();  // known from now on, if there is one
    return heads.find(track.head);
}

MotionTrack motion_of(const FaceTrack& track, const HeadModel* model) {
    const TrackedPerson person(track, model);
    MotionTrack seen;  // the tracked frames alone
    seen.names = track.controls;
    seen.frame_seconds = 1 / track.rate;
    seen.face_rest = person.rest();
    const auto end = track.frames.end(), first = std::find_if(track.frames.begin(), end, was_tracked);
    Eigen::Matrix4f rest = Eigen::Matrix4f::Identity();
    for (auto frame = first; frame != end; ++frame) {
        if (frame == first || frame->cut) {
            std::vector<const TrackedFrame*> shot;
            for (auto f = frame; f != end && (f == frame || !f->cut); ++f)
                if (was_tracked(*f)) shot.push_back(&*f);
            if (!shot.empty()) rest = torso_at_rest(shot);
        }
        const double time = frame->seconds - first->seconds;
        if (!was_tracked(*frame) || (!seen.times.empty() && time <= seen.times.back())) continue;
        seen.add(time, person.sample(*frame, track.camera(*frame), rest));
    }

    MotionTrack motion;
    motion.names = seen.names;
    motion.frame_seconds = seen.frame_seconds;
    motion.face_rest = seen.face_rest;
    PoseSample sample;
    auto before = first, after = first;  // the tracked frames around: the last one, and the next after a gap
    for (auto frame = first; frame != end; ++frame) {
        if (was_tracked(*frame)) before = after = frame;
        const double time = frame->seconds - first->seconds;
        if (!motion.times.empty() && time <= motion.times.back()) continue;
        if (after < frame) {  // a gap begins
            after = std::find_if(frame, end, was_tracked);
            const bool one_shot = after != end && std::none_of(frame, after + 1, [](const auto& f) { return f.cut; });
            if (!one_shot || after->seconds - before->seconds > longest_gap) after = end;
        }
        const bool mixed = after != end && after != before;
        seen.sample(mixed ? time : before->seconds - first->seconds, sample);
        motion.add(time, sample);
    }
    return motion;
}

}  // namespace likeness

#include "core/motion/tracked_motion.h"

#include <algorithm>

#include "core/geometry/rotation.h"

namespace likeness {

namespace {

constexpr double longest_gap = 0.5;  // seconds over which what a face does is guessed

bool was_tracked(const TrackedFrame& frame) { return frame.state == FrameState::tracked; }

}  // namespace

MotionTrack motion_of(const FaceTrack& track) {
    MotionTrack motion;
    motion.names = track.controls;
    motion.frame_seconds = 1 / track.rate;
    const auto end = track.frames.end(), first = std::find_if(track.frames.begin(), end, was_tracked);
    std::vector<Eigen::Index> turning;  // parents come before children
    for (std::size_t j = 0; j < track.joints.size(); ++j)
        if (track.joints[j] == "neck" || track.joints[j] == "head") turning.push_back(Eigen::Index(j));
    const auto head_of = [&](const HeadPose& pose) {
        Eigen::Matrix3f turn = Eigen::Matrix3f::Identity();
        for (const Eigen::Index joint : turning) turn *= rotation_matrix(pose.joints.col(joint));
        return turn;
    };
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
        const double share = mixed ? (frame->seconds - before->seconds) / (after->seconds - before->seconds) : 0;
        Eigen::VectorXf controls = before->pose.controls;
        Eigen::Matrix3f head = head_of(before->pose);
        if (mixed) {
            controls += float(share) * (after->pose.controls - controls);
            head = rotation_matrix(float(share) * axis_angle_of(head_of(after->pose) * head.transpose())) * head;
        }
        motion.times.push_back(time);
        for (const float value : controls) motion.weights.push_back(std::clamp(value, -1.0f, 2.0f));
        motion.head.push_back(axis_angle_of(head));
    }
    return motion;
}

}  // namespace likeness

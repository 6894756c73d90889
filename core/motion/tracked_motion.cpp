#include "core/motion/tracked_motion.h"

#include <algorithm>

#include "core/geometry/rotation.h"

namespace likeness {

MotionTrack motion_of(const FaceTrack& track) {
    MotionTrack motion;
    motion.names = track.controls;
    motion.frame_seconds = 1 / track.rate;
    const auto first = std::find_if(track.frames.begin(), track.frames.end(),
                                    [](const TrackedFrame& f) { return f.state == FrameState::tracked; });
    std::vector<Eigen::Index> turning;  // parents come before children
    for (std::size_t j = 0; j < track.joints.size(); ++j)
        if (track.joints[j] == "neck" || track.joints[j] == "head") turning.push_back(Eigen::Index(j));
    for (auto frame = first; frame != track.frames.end(); ++frame) {
        const double time = frame->seconds - first->seconds;
        if (!motion.times.empty() && time <= motion.times.back()) continue;
        const HeadPose& pose = frame->pose;
        motion.times.push_back(time);
        for (const float value : pose.controls) motion.weights.push_back(std::clamp(value, -1.0f, 2.0f));
        Eigen::Matrix3f turn = Eigen::Matrix3f::Identity();
        for (const Eigen::Index joint : turning) turn *= rotation_matrix(pose.joints.col(joint));
        motion.head.push_back(axis_angle_of(turn));
    }
    return motion;
}

}  // namespace likeness

#include "core/motion/pose_offset.h"

#include <algorithm>

#include "core/geometry/rotation.h"

namespace likeness {
namespace {

bool fits(const HeadModel& model, const HeadPose& pose) {
    return pose.controls.size() == model.control_count() && pose.joints.cols() == model.joint_count();
}

}  // namespace

DrivenParts DrivenParts::of(const PoseSource& source, const HeadModel& model) {
    DrivenParts driven{std::vector<bool>(std::size_t(model.control_count())),
                       std::vector<bool>(std::size_t(model.joint_count()))};
    for (const std::string& name : source.names())
        if (const int control = model.control(name); control >= 0) driven.controls[std::size_t(control)] = true;
    if (source.moves_head())
        for (const int joint : {model.joints.neck, model.joints.head}) driven.joints[std::size_t(joint)] = true;
    if (source.moves_body()) driven.place = driven.joints[std::size_t(root_joint(model))] = true;
    return driven;
}

HeadPose add_offset(const HeadModel& model, const DrivenParts& driven, const HeadPose& sampled,
                    const HeadPose& offset) {
    HeadPose pose = sampled;
    if (!fits(model, offset)) return pose;
    for (int c = 0; c < model.control_count(); ++c) {
        if (!driven.controls[std::size_t(c)] || offset.controls[c] == 0) continue;
        const float at = sampled.controls[c];
        pose.controls[c] = std::clamp(at + offset.controls[c], std::min(0.0f, at), std::max(1.0f, at));
    }
    for (int j = 0; j < model.joint_count(); ++j) {
        if (!driven.joints[std::size_t(j)] || offset.joints.col(j).isZero(0)) continue;
        const Eigen::Vector3f at = sampled.joints.col(j);
        const Eigen::Vector3f sum = axis_angle_of(rotation_matrix(offset.joints.col(j)) * rotation_matrix(at));
        pose.joints.col(j) =
            sum.cwiseMax(at.cwiseMin(model.joint_low.col(j))).cwiseMin(at.cwiseMax(model.joint_high.col(j)));
    }
    return pose;
}

HeadPose offset_towards(const HeadModel& model, const DrivenParts& driven, const HeadPose& sampled,
                        const HeadPose& shown, const HeadPose& wanted, const HeadPose& offset) {
    HeadPose changed = fits(model, offset) ? offset : HeadPose::neutral(model);
    for (int c = 0; c < model.control_count(); ++c)
        if (driven.controls[std::size_t(c)] && wanted.controls[c] != shown.controls[c])
            changed.controls[c] = wanted.controls[c] - sampled.controls[c];
    for (int j = 0; j < model.joint_count(); ++j)
        if (driven.joints[std::size_t(j)] && wanted.joints.col(j) != shown.joints.col(j))
            changed.joints.col(j) = axis_angle_of(rotation_matrix(wanted.joints.col(j)) *
                                                  rotation_matrix(sampled.joints.col(j)).transpose());
    return changed;
}

}  // namespace likeness

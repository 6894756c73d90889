#include "core/motion/pose_source.h"

#include "core/geometry/rotation.h"

namespace likeness {

int root_joint(const HeadModel& model) {
    int joint = model.joints.neck;
    while (model.joint_parent[std::size_t(joint)] >= 0) joint = model.joint_parent[std::size_t(joint)];
    return joint;
}

void apply_sample(const std::vector<std::string>& names, const PoseSample& sample, const HeadModel& model,
                  HeadPose& pose) {
    if (sample.weights.size() != names.size()) return;
    for (std::size_t i = 0; i < names.size(); ++i)
        if (const int control = model.control(names[i]); control >= 0) pose.controls[control] = sample.weights[i];
    if (sample.head && sample.neck) {
        pose.joints.col(model.joints.neck) = *sample.neck;
        pose.joints.col(model.joints.head) =
            axis_angle_of(rotation_matrix(*sample.neck).transpose() * rotation_matrix(*sample.head));
    } else if (sample.head) {
        turn_head(model, *sample.head, pose);
    }
    if (!sample.body) return;
    const int root = root_joint(model), neck = model.joints.neck;
    const Eigen::Matrix3f turn = rotation_matrix(sample.body->turn);
    const Eigen::Vector3f place = model.joint_position.col(root);  // about which the root turns
    pose.translation = sample.body->shift + turn * place - place;
    pose.joints.col(root) = sample.body->turn;
    if (root != neck || !sample.head) return;
    // A neck that carries all turns for both.
    const Eigen::Vector3f own = sample.neck ? *sample.neck : neck_share * *sample.head;
    pose.joints.col(neck) = axis_angle_of(turn * rotation_matrix(own));
}

}  // namespace likeness

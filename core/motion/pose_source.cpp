#include "core/motion/pose_source.h"

namespace likeness {
namespace {

// Share of the head's rotation that the neck takes.
constexpr float neck_share = 0.4f;

}  // namespace

void apply_sample(const std::vector<std::string>& names, const PoseSample& sample, const HeadModel& model,
                  HeadPose& pose) {
    if (sample.weights.size() != names.size()) return;
    for (std::size_t i = 0; i < names.size(); ++i)
        if (const int control = model.control(names[i]); control >= 0) pose.controls[control] = sample.weights[i];
    if (!sample.head) return;
    const int neck_joint = model.joint("neck"), head_joint = model.joint("head");
    if (neck_joint >= 0) pose.joints.col(neck_joint) = neck_share * *sample.head;
    if (head_joint >= 0) pose.joints.col(head_joint) = (neck_joint >= 0 ? 1 - neck_share : 1.0f) * *sample.head;
}

}  // namespace likeness

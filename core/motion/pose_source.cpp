#include "core/motion/pose_source.h"

namespace likeness {

void apply_sample(const std::vector<std::string>& names, const PoseSample& sample, const HeadModel& model,
                  HeadPose& pose) {
    if (sample.weights.size() != names.size()) return;
    for (std::size_t i = 0; i < names.size(); ++i)
        if (const int control = model.control(names[i]); control >= 0) pose.controls[control] = sample.weights[i];
    if (sample.head) turn_head(model, *sample.head, pose);
}

}  // namespace likeness

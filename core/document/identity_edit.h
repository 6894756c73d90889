// The head's named identity targets as sliders.
#pragma once

#include <string>
#include <vector>

#include "core/head/head_model.h"

namespace likeness {

// Two targets that undo each other ("nose-hump-decr" and "-incr", "nose-trans-down" and "-up") are one slider.
struct IdentitySlider {
    std::string name;         // "nose-hump", "nose-trans-up"
    std::string group;        // "nose"
    int up = -1, down = -1;   // targets; down is -1 for one that has no opposite
    float low = 0, high = 1;  // sensible changes
};
// In the model's order; empty for a head without identity targets.
std::vector<IdentitySlider> identity_sliders(const HeadModel& model);
// The slider's value in a change of identity coefficients, and back.
float slider_value(const IdentitySlider& slider, const Eigen::VectorXf& change);
void set_slider(const IdentitySlider& slider, float value, Eigen::VectorXf& change);

}  // namespace likeness

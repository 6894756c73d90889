// The person's shape by the head's sliders (HeadModel::identity_sliders).
#pragma once

#include "core/head/head_model.h"

namespace likeness {

// The slider's value in a change of identity coefficients, and back.
float slider_value(const IdentitySlider& slider, const Eigen::VectorXf& change);
void set_slider(const IdentitySlider& slider, float value, Eigen::VectorXf& change);

}  // namespace likeness

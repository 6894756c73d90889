#include "core/document/identity_edit.h"

#include <algorithm>

namespace likeness {

float slider_value(const IdentitySlider& slider, const Eigen::VectorXf& change) {
    if (slider.up >= change.size() || slider.down >= change.size()) return 0;
    return change[slider.up] - (slider.down >= 0 ? change[slider.down] : 0.0f);
}

void set_slider(const IdentitySlider& slider, float value, Eigen::VectorXf& change) {
    if (slider.up >= change.size() || slider.down >= change.size()) return;
    if (slider.down < 0) {
        change[slider.up] = value;
        return;
    }
    change[slider.up] = std::max(value, 0.0f);
    change[slider.down] = std::max(-value, 0.0f);
}

}  // namespace likeness

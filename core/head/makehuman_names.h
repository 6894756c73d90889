// How MakeHuman names its targets: "nose-hump-decr" undoes "nose-hump-incr", "l-ear-lobe" is the left one of a pair.
#pragma once

#include <string_view>

#include "core/head/head_model.h"

namespace likeness {

inline constexpr std::string_view makehuman_name = "MakeHuman";  // of its heads

// Targets that undo each other are one slider, in the order of the targets. `range` [2, I] as HeadModel::identity_range.
std::vector<IdentitySlider> makehuman_sliders(const std::vector<std::string>& targets, const Eigen::Matrix2Xf& range);

}  // namespace likeness

// What follows from the names that a head's source gave to its joints, controls and identity targets. Found once, when
// a head is made.
#pragma once

#include <string>

#include "core/head/head_model.h"

namespace likeness {

// Fills joints, mirror_control, mirror_joint and identity_sliders of a head that has all else.
void resolve_names(HeadModel& head);

// "mouthSmileLeft" <-> "mouthSmileRight", "eye_left" <-> "eye_right": how all heads here name controls and joints. Other
// names stay.
std::string mirrored_name(const std::string& name);

}  // namespace likeness

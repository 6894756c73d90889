// What a step does to a parameter group, in numbers that every device reads.
#pragma once

#include "core/avatar/gaussian_attributes.h"
#include "core/learning/parameter_group.h"

namespace likeness {

inline constexpr int largest_batch = 32;  // views of a step

struct GroupStep {
    float rate = 0;          // of a group with one clock divided by 1 - beta1^t
    float second_scale = 1;  // 1 / (1 - beta2^t), likewise
    // The prior's derivative: squared * distance + absolute * sign(distance), and smooth * difference of two corners.
    float squared = 0, absolute = 0, smooth = 0;
    float low = -unbounded, high = unbounded;  // unless the group has bounds for each column
    int rests = 0;                             // neither values nor moments change
};

}  // namespace likeness

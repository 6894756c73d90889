// Faces that paint is tried on.
#pragma once

#include "core/avatar/avatar.h"

namespace likeness::test {

struct PlainColors {
    Eigen::Vector3f skin{0.78f, 0.60f, 0.50f}, lips{0.70f, 0.40f, 0.38f}, teeth{0.74f, 0.68f, 0.52f},
        white{0.68f, 0.64f, 0.62f}, cloth{0.2f, 0.3f, 0.4f};
};
// The default head, symmetric, a Gaussian on each triangle with the color of its region. Shoulders wear clothes; there
// is no hair.
Avatar plain_face(const PlainColors& colors = {});

}  // namespace likeness::test

// What steps on a video learned about a person's shape, laid into an avatar.
#pragma once

#include <vector>

#include "core/avatar/avatar.h"

namespace likeness::cuda {

// `change`: of the identity's coefficients, then of every vertex at rest, head and then hair. Identity, offsets and hair
// become as learned. Stretch counts from the surface at rest: what that grew by goes over into the Gaussians themselves,
// so that they keep their sizes.
void add_learned_shape(Avatar& avatar, const std::vector<float>& change);

}  // namespace likeness::cuda

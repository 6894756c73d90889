// The default head as an avatar, to be painted on.
#pragma once

#include "tests/avatar/avatar_fixtures.h"

namespace likeness::test {

// Gaussians 4 mm apart on all of it, of the part that they lie on; made once. With hair: a shell 2 cm around the
// scalp, down to the neck.
const Avatar& plain_head();
const Avatar& head_with_hair();

// The vertex that lies furthest in a direction, of a region.
int extreme_vertex(const Avatar& avatar, HeadRegion region, const Eigen::Vector3f& direction);

}  // namespace likeness::test

// Gaussians for what the photograph shows outside head mesh and hair shell: collars, strands, hats, hands.
#pragma once

#include <vector>

#include "core/avatar/photo.h"

namespace likeness {

// Appends Gaussians to `splats` for every part of the matte that neither the head nor the shell covers. Each is
// anchored on the surface next to it in the picture, moves with that, and lies at its depth, falling back with the
// distance. `spacing` is the distance between them in metres; from `first_fading` on the photograph's rows fade to
// nothing.
void add_relief(const Avatar& avatar, const Photo& photo, const std::vector<float>& hair_presence, float spacing,
                int first_fading, AnchoredSplats& splats);

}  // namespace likeness

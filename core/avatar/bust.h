// Where a bust ends: a little below what the photograph shows it fades, since nothing is known of what is further down.
#pragma once

#include <vector>

#include "core/avatar/photo.h"

namespace likeness {

// How much of each vertex of the avatar's surface (head, then hair shell) there is, in [0, 1]: 1 down to the
// photograph's lower border, falling to 0 at `below` metres under it, measured parallel to the picture. The head itself
// is always whole, and so is the neck's upper end. The avatar must be prepared, its head with MediaPipe's landmarks.
std::vector<float> bust_presence(const Avatar& avatar, const Photo& photo, float below);

// The photograph with its last row repeated for `below` metres, so that clothes go on in their own colors where the
// bust fades. As it is when it ends above the chin: a face does not go on so.
Photo continued_below(const Avatar& avatar, const Photo& photo, float below);

}  // namespace likeness

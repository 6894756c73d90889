// How steady a driven avatar's shoulders are.
#pragma once

#include <span>

#include "core/avatar/avatar.h"

namespace likeness::bench {

// Root mean square, over all frames and points, of a point's distance in pixels from its own mean place. The points are
// the Gaussians of clothes and those on the torso's skin, more than half opaque, inside the first frame's picture. A
// frame is a pose and the camera that sees it; a single camera sees all frames. 0 without such points. The avatar must
// be prepared; throws std::invalid_argument where there is neither one camera nor one for each pose.
double shoulder_motion(const Avatar& avatar, std::span<const HeadPose> poses, std::span<const Camera> cameras);

}  // namespace likeness::bench

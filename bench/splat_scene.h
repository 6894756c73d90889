// What the splat benchmark renders: a file of Gaussians seen as avatars are by default.
#pragma once

#include "core/geometry/camera.h"
#include "core/image/image.h"
#include "core/splat/splat_set.h"

namespace likeness::bench {

// Eye 1.1 m in front of the origin at the height of the scene's middle, looking along -Z, 0.40 m over the image's
// height at the origin.
Camera default_view(const SplatSet& splats, int size);

// The derivative of a mean absolute difference from noise: +-1 / (3 size^2), the same each time.
Image noise_gradient(int size);

}  // namespace likeness::bench

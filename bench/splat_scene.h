// What the splat benchmark renders: a file of Gaussians seen as avatars are by default.
#pragma once

#include "core/geometry/camera.h"
#include "core/image/image.h"
#include "core/splat/splat_set.h"

namespace likeness::bench {

// Eye 1.1 m in front of the origin at the height of the scene's middle, looking along -Z, 0.40 m over the image's
// height at the origin.
Camera default_view(const SplatSet& splats, int size);

// Each Gaussian replaced by `parts` smaller ones within it, as a trainer splits: positions drawn from it, scales
// divided by 1.6. The same each time.
SplatSet split(const SplatSet& splats, int parts);

// As many as asked for: split when there are too few, then an even choice of them.
SplatSet of_count(SplatSet splats, std::size_t count);

// The derivative of a mean absolute difference from noise: +-1 / (3 size^2), the same each time.
Image noise_gradient(int size);

}  // namespace likeness::bench

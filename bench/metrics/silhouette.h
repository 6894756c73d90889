// The pixels a mesh covers, by a small exact rasterizer that shares nothing with the one under test.
#pragma once

#include <cstdint>
#include <span>

#include "core/base/result.h"
#include "core/geometry/camera.h"
#include "core/image/image.h"

namespace likeness::metrics {

// vertices: x y z of each, world metres; triangles: three indices each, either winding.
// One channel of the camera's size, 1 where a triangle covers the pixel's centre (top-left rule: a centre on a shared
// edge belongs to exactly one side), else 0. Positions are rounded to 1/256 pixel; what lies nearer than 1 mm or behind
// the camera is cut off; triangles with a vertex that is not finite are left out.
// Errors: invalid_argument for sizes that are no multiple of three, an index out of range or an empty camera.
Result<Image> rasterize_silhouette(std::span<const float> vertices, std::span<const std::int32_t> triangles,
                                   const Camera& camera);

}  // namespace likeness::metrics

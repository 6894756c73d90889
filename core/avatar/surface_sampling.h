// Blue-noise points on a mesh: Poisson-disk sampling with a spacing of its own for each triangle.
#pragma once

#include <cstdint>
#include <vector>

#include "core/geometry/mesh.h"

namespace likeness {

// Points no closer to each other than their triangle's spacing (metres; 0 leaves a triangle out), dense enough that
// few gaps of twice that are left. Deterministic for a seed. With `presence`, one value a vertex, only where it is more
// than one half.
std::vector<SurfacePoint> sample_surface(const Vertices& vertices, const Triangles& triangles,
                                         const std::vector<float>& spacing, std::uint64_t seed,
                                         const std::vector<float>* presence = nullptr);

}  // namespace likeness

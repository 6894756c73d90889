// A small z-buffer: which triangle a pixel sees, and where on it. Used for visibility, silhouettes and UV charts.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "core/geometry/camera.h"
#include "core/geometry/mesh.h"

namespace likeness {

struct MeshBuffer {
    int width = 0, height = 0;
    std::vector<int> triangle;                 // -1 where nothing is seen
    std::vector<Eigen::Vector2f> barycentric;  // weights of the triangle's vertices 1 and 2 (0 has the rest)
    std::vector<float> depth;                  // camera z in metres; infinity where nothing is seen

    std::size_t index(int x, int y) const { return std::size_t(y) * std::size_t(width) + std::size_t(x); }
    SurfacePoint point(std::size_t i) const {
        return {triangle[i], {1 - barycentric[i].x() - barycentric[i].y(), barycentric[i].x(), barycentric[i].y()}};
    }
};

// Sees the mesh through a camera; barycentrics are perspective-correct. Triangles that reach behind z = 1 cm are
// left out. Both sides of a triangle count, unless `front_only`. With `presence`, one value a vertex, there is only as
// much of the surface as has more than one half.
MeshBuffer rasterize_mesh(const Vertices& vertices, const Triangles& triangles, const Camera& camera,
                          bool front_only = false, const std::vector<float>* presence = nullptr);

// Rasterizes triangles of the unit square (UV, v down) into size x size texels; the first triangle wins a texel.
MeshBuffer rasterize_uv(const std::vector<Eigen::Vector2f>& uv, const Triangles& triangle_uv, int size);

}  // namespace likeness

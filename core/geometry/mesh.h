// Triangle meshes: normals, areas, adjacency.
#pragma once

#include <Eigen/Core>
#include <vector>

namespace likeness {

using Vertices = Eigen::Matrix3Xf;              // one column a vertex, metres
using Triangles = std::vector<Eigen::Vector3i>;  // counter-clockwise seen from outside

// Area-weighted vertex normals, unit length (zero where a vertex has no triangle).
Vertices vertex_normals(const Vertices& vertices, const Triangles& triangles);

// A point on a mesh's surface.
struct SurfacePoint {
    int triangle = -1;
    Eigen::Vector3f barycentric = Eigen::Vector3f::Zero();  // sums to 1
};

inline Eigen::Vector3f surface_position(const Vertices& vertices, const Triangles& triangles, const SurfacePoint& p) {
    const Eigen::Vector3i& t = triangles[std::size_t(p.triangle)];
    return vertices.col(t[0]) * p.barycentric[0] + vertices.col(t[1]) * p.barycentric[1] +
           vertices.col(t[2]) * p.barycentric[2];
}

// A value between those of the vertices.
inline float surface_value(const std::vector<float>& of_vertex, const Triangles& triangles, const SurfacePoint& p) {
    const Eigen::Vector3i& t = triangles[std::size_t(p.triangle)];
    return of_vertex[std::size_t(t[0])] * p.barycentric[0] + of_vertex[std::size_t(t[1])] * p.barycentric[1] +
           of_vertex[std::size_t(t[2])] * p.barycentric[2];
}

// Neighbours of each vertex, sorted, in compressed rows: neighbours[first[v] .. first[v + 1]).
struct VertexGraph {
    std::vector<int> first;
    std::vector<int> neighbours;
};
VertexGraph vertex_graph(int vertex_count, const Triangles& triangles);

}  // namespace likeness

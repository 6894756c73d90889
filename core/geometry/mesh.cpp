#include "core/geometry/mesh.h"

#include <Eigen/Geometry>
#include <algorithm>

namespace likeness {

Vertices vertex_normals(const Vertices& vertices, const Triangles& triangles) {
    Vertices normals = Vertices::Zero(3, vertices.cols());
    for (const Eigen::Vector3i& t : triangles) {
        const Eigen::Vector3f a = vertices.col(t[0]);
        const Eigen::Vector3f normal =
            (vertices.col(t[1]) - a).cross(vertices.col(t[2]) - a);  // twice the area long
        for (int k = 0; k < 3; ++k) normals.col(t[k]) += normal;
    }
    for (Eigen::Index v = 0; v < normals.cols(); ++v) {
        const float length = normals.col(v).norm();
        if (length > 0) normals.col(v) /= length;
    }
    return normals;
}

VertexGraph vertex_graph(int vertex_count, const Triangles& triangles) {
    std::vector<std::pair<int, int>> edges;
    edges.reserve(triangles.size() * 6);
    for (const Eigen::Vector3i& t : triangles)
        for (int k = 0; k < 3; ++k) {
            edges.emplace_back(t[k], t[(k + 1) % 3]);
            edges.emplace_back(t[(k + 1) % 3], t[k]);
        }
    std::sort(edges.begin(), edges.end());
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    VertexGraph graph;
    graph.first.assign(std::size_t(vertex_count) + 1, 0);
    graph.neighbours.reserve(edges.size());
    for (const auto& [from, to] : edges) {
        ++graph.first[std::size_t(from) + 1];
        graph.neighbours.push_back(to);
    }
    for (std::size_t v = 0; v < std::size_t(vertex_count); ++v) graph.first[v + 1] += graph.first[v];
    return graph;
}

}  // namespace likeness

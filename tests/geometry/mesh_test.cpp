#include "core/geometry/mesh.h"

#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <numbers>

namespace likeness::test {
namespace {

// A sphere of rows x columns, without its caps; counter-clockwise seen from outside.
void sphere(int rows, int columns, Vertices& vertices, Triangles& triangles) {
    vertices.resize(3, rows * columns);
    const auto at = [&](int r, int c) { return r * columns + c % columns; };
    for (int r = 0; r < rows; ++r)
        for (int c = 0; c < columns; ++c) {
            const float polar = std::numbers::pi_v<float> * (float(r) + 0.5f) / float(rows);
            const float azimuth = 2 * std::numbers::pi_v<float> * float(c) / float(columns);
            vertices.col(at(r, c)) = Eigen::Vector3f(std::sin(polar) * std::sin(azimuth), std::cos(polar),
                                                     std::sin(polar) * std::cos(azimuth));
            if (r + 1 == rows) continue;
            triangles.emplace_back(at(r, c), at(r + 1, c), at(r, c + 1));
            triangles.emplace_back(at(r, c + 1), at(r + 1, c), at(r + 1, c + 1));
        }
}

TEST(Mesh, NormalsPointOutwards) {
    Vertices vertices;
    Triangles triangles;
    sphere(24, 48, vertices, triangles);
    const Vertices normals = vertex_normals(vertices, triangles);
    for (int v = 48; v < 23 * 48; ++v) {  // the open borders lean
        EXPECT_NEAR(normals.col(v).norm(), 1, 1e-5);
        EXPECT_GT(normals.col(v).dot(vertices.col(v)), 0.995f) << v;
    }
}

TEST(Mesh, NormalsCountByArea) {
    // A large triangle in the xy plane and a small one in the xz plane meet at vertex 0.
    Vertices vertices(3, 5);
    vertices.col(0) << 0, 0, 0;
    vertices.col(1) << 1, 0, 0;
    vertices.col(2) << 0, 1, 0;
    vertices.col(3) << 0, 0, 0.1f;
    vertices.col(4) << 0.1f, 0, 0;
    const Vertices normals = vertex_normals(vertices, {{0, 1, 2}, {0, 3, 4}});
    const Eigen::Vector3f expected = Eigen::Vector3f(0, 0.01f, 1).normalized();
    EXPECT_LT((normals.col(0) - expected).norm(), 1e-5f);
}

TEST(Mesh, LonelyAndDegenerateVerticesHaveNoNormal) {
    Vertices vertices(3, 4);
    vertices << 0, 1, 2, 5, 0, 0, 0, 5, 0, 0, 0, 5;  // 0..2 on a line, 3 alone
    const Vertices normals = vertex_normals(vertices, {{0, 1, 2}});
    EXPECT_EQ(normals, Vertices(Vertices::Zero(3, 4)));
}

TEST(Mesh, SurfacePosition) {
    Vertices vertices(3, 4);
    vertices << 9, 0, 1, 0, 9, 0, 0, 1, 9, 0, 0, 0;
    EXPECT_LT(
        (surface_position(vertices, {{0, 0, 0}, {1, 2, 3}}, {1, {0.2f, 0.3f, 0.5f}}) - Eigen::Vector3f(0.3f, 0.5f, 0))
            .norm(),
        1e-6f);
}

TEST(Mesh, GraphHasEachNeighbourOnceAndBothWays) {
    Vertices vertices;
    Triangles triangles;
    sphere(6, 8, vertices, triangles);
    const int count = int(vertices.cols()) + 1;  // one vertex without triangles
    const VertexGraph graph = vertex_graph(count, triangles);
    ASSERT_EQ(graph.first.size(), std::size_t(count) + 1);
    ASSERT_EQ(graph.first.back(), int(graph.neighbours.size()));
    const auto row = [&](int v) {
        return std::vector<int>(graph.neighbours.begin() + graph.first[std::size_t(v)],
                                graph.neighbours.begin() + graph.first[std::size_t(v) + 1]);
    };
    EXPECT_TRUE(row(count - 1).empty());
    for (int v = 0; v < count; ++v) {
        const std::vector<int> own = row(v);
        EXPECT_TRUE(std::adjacent_find(own.begin(), own.end(), std::greater_equal<>()) == own.end())
            << "sorted, no repeats";
        for (int other : own) {
            const std::vector<int> back = row(other);
            EXPECT_TRUE(std::binary_search(back.begin(), back.end(), v));
            EXPECT_NE(other, v);
        }
    }
    EXPECT_EQ(row(8 + 3).size(), 6u) << "inside a regular grid";
}

}  // namespace
}  // namespace likeness::test

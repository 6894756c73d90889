#include "core/geometry/uv_grid.h"

#include <gtest/gtest.h>

#include <random>

namespace likeness::test {
namespace {

// A square of n x n quads, moved and scaled.
void add_chart(std::vector<Eigen::Vector2f>& uv, Triangles& triangles, int n, const Eigen::Vector2f& corner,
               float side) {
    const int first = int(uv.size());
    for (int y = 0; y <= n; ++y)
        for (int x = 0; x <= n; ++x) uv.push_back(corner + side / float(n) * Eigen::Vector2f(float(x), float(y)));
    for (int y = 0; y < n; ++y)
        for (int x = 0; x < n; ++x) {
            const int at = first + y * (n + 1) + x;
            triangles.emplace_back(at, at + 1, at + n + 1);
            triangles.emplace_back(at + 1, at + n + 2, at + n + 1);
        }
}

Eigen::Vector2f at(const SurfacePoint& p, const std::vector<Eigen::Vector2f>& uv, const Triangles& triangles) {
    const Eigen::Vector3i& t = triangles[std::size_t(p.triangle)];
    return uv[std::size_t(t[0])] * p.barycentric[0] + uv[std::size_t(t[1])] * p.barycentric[1] +
           uv[std::size_t(t[2])] * p.barycentric[2];
}

TEST(UvGrid, FindsTheTriangleUnderAPoint) {
    std::vector<Eigen::Vector2f> uv;
    Triangles triangles;
    add_chart(uv, triangles, 30, {0.05f, 0.1f}, 0.8f);
    const int of_the_first = int(triangles.size());
    add_chart(uv, triangles, 3, {1.1f, 0.1f}, 0.9f);  // larger than a cell, in the second square
    const UvGrid grid(uv, triangles, 2);
    std::mt19937 random(1);
    std::uniform_real_distribution<float> share(0.01f, 0.99f);
    for (int i = 0; i < 2000; ++i) {
        const bool second = i % 2;
        const Eigen::Vector2f inside(share(random), share(random)),
            point = second ? Eigen::Vector2f(Eigen::Vector2f(1.1f, 0.1f) + 0.9f * inside)
                           : Eigen::Vector2f(Eigen::Vector2f(0.05f, 0.1f) + 0.8f * inside);
        const SurfacePoint found = grid.locate(point);
        ASSERT_EQ(found.triangle >= of_the_first, second);
        ASSERT_LT((at(found, uv, triangles) - point).norm(), 1e-5f);
    }
    for (const Eigen::Vector2f& outside : {Eigen::Vector2f(0, 0), {-5, 1e30f}, {2, 1}, {0.95f, 0.5f}}) {
        const SurfacePoint found = grid.locate(outside);
        EXPECT_GE(found.triangle, 0);
        EXPECT_LT(found.triangle, int(triangles.size()));
        EXPECT_GE(found.barycentric.minCoeff(), 0);
        EXPECT_NEAR(found.barycentric.sum(), 1, 1e-5);
    }
}

TEST(UvGrid, CountsWhatLiesOverEachOther) {
    std::vector<Eigen::Vector2f> uv;
    Triangles triangles;
    add_chart(uv, triangles, 4, {0, 0}, 1);
    EXPECT_LE(UvGrid::most_in_a_cell(uv, triangles, 100), 8) << "a corner of six triangles, their boxes eight";
    for (int i = 0; i < 500; ++i) add_chart(uv, triangles, 1, {0.4f, 0.4f}, 0.1f);
    EXPECT_GE(UvGrid::most_in_a_cell(uv, triangles, 100'000), 1000);
    EXPECT_EQ(UvGrid::most_in_a_cell(uv, triangles, 100), 101) << "counting ends above the limit";
}

}  // namespace
}  // namespace likeness::test

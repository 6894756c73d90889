#include "core/geometry/mesh_raster.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace likeness::test {
namespace {

Camera a_camera(int width, int height) {
    Camera camera;
    camera.width = width;
    camera.height = height;
    camera.fx = camera.fy = float(width);
    camera.cx = float(width) / 2;
    camera.cy = float(height) / 2;
    return camera;  // looks along +z, y down
}

Vertices columns(std::initializer_list<Eigen::Vector3f> points) {
    Vertices vertices(3, Eigen::Index(points.size()));
    Eigen::Index i = 0;
    for (const auto& p : points) vertices.col(i++) = p;
    return vertices;
}

TEST(MeshRaster, BarycentricsArePerspectiveCorrect) {
    // A steep triangle: its far corner is four times as far as the near one.
    const Vertices vertices = columns({{-0.4f, -0.35f, 1}, {1.8f, -1.2f, 4}, {0.1f, 0.8f, 2.2f}});
    const Triangles triangles = {{0, 1, 2}};
    const Camera camera = a_camera(120, 100);
    const MeshBuffer buffer = rasterize_mesh(vertices, triangles, camera);
    int seen = 0;
    for (int y = 0; y < 100; ++y)
        for (int x = 0; x < 120; ++x) {
            const std::size_t i = buffer.index(x, y);
            if (buffer.triangle[i] < 0) {
                EXPECT_TRUE(std::isinf(buffer.depth[i]));
                continue;
            }
            ++seen;
            const SurfacePoint p = buffer.point(i);
            EXPECT_NEAR(p.barycentric.sum(), 1, 1e-5);
            EXPECT_GE(p.barycentric.minCoeff(), -1e-4f);
            float depth = 0;
            const Eigen::Vector2f pixel = camera.project(surface_position(vertices, triangles, p), &depth);
            EXPECT_NEAR(pixel.x(), float(x) + 0.5f, 2e-2);
            EXPECT_NEAR(pixel.y(), float(y) + 0.5f, 2e-2);
            EXPECT_NEAR(depth, buffer.depth[i], 1e-4 * depth);
        }
    // As many pixels as the projected triangle has area.
    Eigen::Matrix2f sides;
    sides.col(0) = camera.project(vertices.col(1)) - camera.project(vertices.col(0));
    sides.col(1) = camera.project(vertices.col(2)) - camera.project(vertices.col(0));
    EXPECT_NEAR(seen, 0.5f * std::abs(sides.determinant()), 0.03f * float(seen));
}

TEST(MeshRaster, TheNearerTriangleWinsInAnyOrder) {
    const Vertices vertices = columns({{-1, -1, 2}, {3, -1, 2}, {-1, 3, 2}, {-1, -1, 1}, {3, -1, 1}, {-1, 3, 1}});
    const Camera camera = a_camera(16, 16);
    for (const Triangles& triangles : {Triangles{{0, 1, 2}, {3, 4, 5}}, Triangles{{3, 4, 5}, {0, 1, 2}}}) {
        const MeshBuffer buffer = rasterize_mesh(vertices, triangles, camera);
        const std::size_t i = buffer.index(8, 8);
        ASSERT_GE(buffer.triangle[i], 0);
        EXPECT_EQ(triangles[std::size_t(buffer.triangle[i])][0], 3);
        EXPECT_FLOAT_EQ(buffer.depth[i], 1);
    }
}

TEST(MeshRaster, BackFacesOnlyWhenAskedFor) {
    const Vertices vertices = columns({{-1, -1, 2}, {3, -1, 2}, {-1, 3, 2}});
    const Camera camera = a_camera(16, 16);
    // y points down: seen by the camera 0, 1, 2 runs clockwise in space turned upright, so its front looks away.
    const Eigen::Vector3f normal = (vertices.col(1) - vertices.col(0)).cross(vertices.col(2) - vertices.col(0));
    const bool faces_camera = normal.z() < 0;
    const auto seen = [&](const Triangles& triangles, bool front_only) {
        return rasterize_mesh(vertices, triangles, camera, front_only).triangle[camera.width * 8u + 8u] >= 0;
    };
    EXPECT_FALSE(faces_camera);
    EXPECT_FALSE(seen({{0, 1, 2}}, true));
    EXPECT_TRUE(seen({{0, 2, 1}}, true));
    EXPECT_TRUE(seen({{0, 1, 2}}, false));
    EXPECT_TRUE(seen({{0, 2, 1}}, false));
}

TEST(MeshRaster, ThereIsAsMuchAsIsPresent) {
    // A square before another; the left half of the nearer one is there, up to the middle of its triangles.
    const Vertices vertices = columns({{-1, -1, 1}, {1, -1, 1}, {-1, 1, 1}, {1, 1, 1}, {-2, -2, 2}, {2, -2, 2}, {-2, 2, 2}, {2, 2, 2}});
    const Triangles triangles = {{0, 1, 2}, {1, 3, 2}, {4, 5, 6}, {5, 7, 6}};
    const std::vector<float> presence = {1, 0, 1, 0, 1, 1, 1, 1};
    const Camera camera = a_camera(16, 16);
    const MeshBuffer buffer = rasterize_mesh(vertices, triangles, camera, false, &presence);
    for (int y = 4; y < 12; ++y)
        for (int x = 0; x < 16; ++x) {
            const std::size_t i = buffer.index(x, y);
            ASSERT_GE(buffer.triangle[i], 0);
            EXPECT_EQ(buffer.triangle[i] < 2, x < 8) << x << ' ' << y;
        }
}

TEST(MeshRaster, BehindTheCameraIsLeftOut) {
    const Camera camera = a_camera(16, 16);
    for (const Vertices& vertices :
         {columns({{-1, -1, -2}, {3, -1, -2}, {-1, 3, -2}}), columns({{-1, -1, 2}, {3, -1, 2}, {-1, 3, 0.005f}})}) {
        const MeshBuffer buffer = rasterize_mesh(vertices, {{0, 1, 2}}, camera);
        for (int t : buffer.triangle) EXPECT_EQ(t, -1);
    }
}

TEST(MeshRaster, NeighboursLeaveNoHoles) {
    // A grid with jittered inner vertices fills the whole picture.
    constexpr int n = 20;
    std::mt19937 random(3);
    std::uniform_real_distribution<float> jitter(-0.3f, 0.3f);
    Vertices vertices(3, (n + 1) * (n + 1));
    Triangles triangles;
    for (int r = 0; r <= n; ++r)
        for (int c = 0; c <= n; ++c) {
            const bool inner = r > 0 && c > 0 && r < n && c < n;
            const float x = float(c) + (inner ? jitter(random) : 0), y = float(r) + (inner ? jitter(random) : 0);
            const float z = 1 + 0.2f * float((r * 7 + c * 3) % 5);
            vertices.col(r * (n + 1) + c) = Eigen::Vector3f((x / n - 0.5f) * 1.2f, (y / n - 0.5f) * 1.2f, 1) * z;
            if (r == n || c == n) continue;
            const int a = r * (n + 1) + c;
            triangles.emplace_back(a, a + 1, a + n + 1);
            triangles.emplace_back(a + 1, a + n + 2, a + n + 1);
        }
    const MeshBuffer buffer = rasterize_mesh(vertices, triangles, a_camera(200, 200));
    int holes = 0;
    for (int t : buffer.triangle) holes += t < 0;
    EXPECT_EQ(holes, 0);
}

TEST(MeshRaster, ReachesOverThePicturesBorder) {
    const MeshBuffer buffer =
        rasterize_mesh(columns({{-100, -100, 1}, {300, -100, 1}, {-100, 300, 1}}), {{0, 1, 2}}, a_camera(9, 7));
    for (int t : buffer.triangle) EXPECT_EQ(t, 0);
    const MeshBuffer outside =
        rasterize_mesh(columns({{10, 10, 1}, {11, 10, 1}, {10, 11, 1}}), {{0, 1, 2}}, a_camera(9, 7));
    for (int t : outside.triangle) EXPECT_EQ(t, -1);
}

TEST(MeshRaster, UvTexelsAndTheFirstTriangle) {
    const std::vector<Eigen::Vector2f> uv = {{0, 0}, {1, 0}, {0, 1}, {1, 1}};
    const MeshBuffer buffer = rasterize_uv(uv, {{0, 1, 2}, {1, 3, 2}, {0, 1, 3}}, 64);
    int first = 0, second = 0;
    for (int y = 0; y < 64; ++y)
        for (int x = 0; x < 64; ++x) {
            const std::size_t i = buffer.index(x, y);
            ASSERT_GE(buffer.triangle[i], 0);
            ASSERT_LE(buffer.triangle[i], 1) << "the third lies under the first two";
            (buffer.triangle[i] == 0 ? first : second)++;
            const Eigen::Vector3f b = buffer.point(i).barycentric;
            const Eigen::Vector3i t = buffer.triangle[i] == 0 ? Eigen::Vector3i(0, 1, 2) : Eigen::Vector3i(1, 3, 2);
            const Eigen::Vector2f p =
                uv[std::size_t(t[0])] * b[0] + uv[std::size_t(t[1])] * b[1] + uv[std::size_t(t[2])] * b[2];
            EXPECT_NEAR(p.x(), (float(x) + 0.5f) / 64, 1e-5);
            EXPECT_NEAR(p.y(), (float(y) + 0.5f) / 64, 1e-5);
        }
    EXPECT_NEAR(first, second, 64);
}

}  // namespace
}  // namespace likeness::test

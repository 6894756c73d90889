#include "bench/metrics/silhouette.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <vector>

namespace likeness::metrics {
namespace {

// At z = 1 world coordinates are pixels from the top left corner.
Camera flat_camera(int width, int height) {
    Camera camera;
    camera.width = width;
    camera.height = height;
    camera.fx = camera.fy = 1.0f;
    return camera;
}

float sum(const Image& mask) { return std::accumulate(mask.pixels.begin(), mask.pixels.end(), 0.0f); }

Image render(const std::vector<float>& vertices, const std::vector<std::int32_t>& triangles, const Camera& camera) {
    return *rasterize_silhouette(vertices, triangles, camera);
}

TEST(Silhouette, FillsARectangleExactly) {
    const std::vector<float> corners = {2, 3, 1, 7, 3, 1, 7, 8, 1, 2, 8, 1};
    const Image mask = render(corners, {0, 1, 2, 0, 2, 3}, flat_camera(12, 12));
    for (int y = 0; y < 12; ++y)
        for (int x = 0; x < 12; ++x)
            EXPECT_EQ(*mask.at(x, y), x >= 2 && x < 7 && y >= 3 && y < 8 ? 1.0f : 0.0f) << x << " " << y;
}

TEST(Silhouette, TopAndLeftEdgesOwnTheirCentres) {
    // Edges run through pixel centres: the left and top rows are in, the right and bottom rows are not.
    const std::vector<float> corners = {2.5, 2.5, 1, 5.5, 2.5, 1, 5.5, 5.5, 1, 2.5, 5.5, 1};
    for (const auto& triangles : {std::vector<std::int32_t>{0, 1, 2, 0, 2, 3}, {2, 1, 0, 3, 2, 0}}) {  // both windings
        const Image mask = render(corners, triangles, flat_camera(8, 8));
        EXPECT_EQ(sum(mask), 9.0f);
        EXPECT_EQ(*mask.at(2, 2), 1.0f);
        EXPECT_EQ(*mask.at(5, 2), 0.0f);
        EXPECT_EQ(*mask.at(2, 5), 0.0f);
    }
}

TEST(Silhouette, EachTriangleOfAFanTakesItsShareOfADisc) {
    // Disjoint triangles: their pixel counts add up to the whole one's, so that no centre is lost or counted twice.
    constexpr int kSlices = 64;
    constexpr float kRadius = 40.0f;
    std::vector<float> vertices = {50, 50, 1};
    std::vector<std::int32_t> all;
    float apart = 0;
    for (int i = 0; i < kSlices; ++i) {
        const double angle = 2 * std::numbers::pi * i / kSlices;
        vertices.insert(vertices.end(),
                        {50 + kRadius * float(std::cos(angle)), 50 + kRadius * float(std::sin(angle)), 1.0f});
        all.insert(all.end(), {0, 1 + i, 1 + (i + 1) % kSlices});
    }
    for (int i = 0; i < kSlices; ++i)
        apart += sum(render(vertices, {all.begin() + 3 * i, all.begin() + 3 * (i + 1)}, flat_camera(100, 100)));
    const float whole = sum(render(vertices, all, flat_camera(100, 100)));
    EXPECT_EQ(whole, apart);
    EXPECT_NEAR(whole, std::numbers::pi_v<float> * kRadius * kRadius, 30.0f);
}

TEST(Silhouette, FollowsTheCamera) {
    Camera camera;
    camera.width = camera.height = 200;
    camera.fx = camera.fy = 400.0f;
    camera.cx = 100.0f;
    camera.cy = 90.0f;
    camera.world_to_camera = look_at({0.1f, 0.2f, 2.0f}, {0.0f, 0.0f, 0.0f});
    const std::vector<float> vertices = {-0.2f, -0.1f, 0.1f, 0.25f, -0.15f, -0.1f, 0.05f, 0.3f, 0.0f};
    const Image mask = render(vertices, {0, 1, 2}, camera);
    Eigen::Vector2f p[3];
    for (int i = 0; i < 3; ++i) p[i] = camera.project(Eigen::Map<const Eigen::Vector3f>(vertices.data() + 3 * i));
    const Eigen::Vector2f u = p[1] - p[0], v = p[2] - p[0], middle = (p[0] + p[1] + p[2]) / 3.0f;
    const float area = 0.5f * std::abs(u.x() * v.y() - u.y() * v.x());
    EXPECT_NEAR(sum(mask), area, 0.02f * area);
    EXPECT_EQ(*mask.at(int(middle.x()), int(middle.y())), 1.0f);
}

TEST(Silhouette, CutsWhatLiesBehindTheCamera) {
    // One corner behind: what is in front fills the picture's lower part without end.
    const std::vector<float> vertices = {-50, 4, 1, 50, 4, 1, 0, 4, -1};
    Camera camera = flat_camera(8, 8);
    camera.cx = 4.0f;
    const Image mask = render(vertices, {0, 1, 2}, camera);
    EXPECT_EQ(*mask.at(4, 3), 0.0f);
    EXPECT_EQ(*mask.at(4, 5), 1.0f);
    EXPECT_EQ(*mask.at(4, 7), 1.0f);
    EXPECT_EQ(sum(render({0, 0, -1, 8, 0, -1, 0, 8, -1}, {0, 1, 2}, camera)), 0.0f);
}

TEST(Silhouette, SurvivesAbsurdTriangles) {
    const float huge = std::numeric_limits<float>::max(), nan = std::numeric_limits<float>::quiet_NaN();
    EXPECT_EQ(sum(render({0, 0, 1, nan, 0, 1, 0, 9, 1}, {0, 1, 2}, flat_camera(8, 8))), 0.0f);
    EXPECT_EQ(sum(render({1, 1, 1, 5, 5, 1, 3, 3, 1}, {0, 1, 2, 0, 0, 0}, flat_camera(8, 8))), 0.0f);
    EXPECT_TRUE(rasterize_silhouette(std::vector<float>{-huge, -huge, 1, huge, 0, 1, 0, huge, 1},
                                     std::vector<std::int32_t>{0, 1, 2}, flat_camera(8, 8)));
    EXPECT_EQ(sum(render({-1e6f, -1e6f, 1, 1e6f, -1e6f, 1, 0, 1e6f, 1}, {0, 1, 2}, flat_camera(8, 8))), 64.0f);
}

TEST(Silhouette, RefusesBrokenMeshes) {
    const std::vector<float> vertices = {0, 0, 1, 1, 0, 1, 0, 1, 1};
    const auto refused = [&](std::vector<std::int32_t> triangles, const Camera& camera) {
        const auto mask = rasterize_silhouette(vertices, triangles, camera);
        return !mask && mask.error().code == ErrorCode::invalid_argument;
    };
    EXPECT_TRUE(refused({0, 1, 3}, flat_camera(8, 8)));
    EXPECT_TRUE(refused({0, 1, -1}, flat_camera(8, 8)));
    EXPECT_TRUE(refused({0, 1}, flat_camera(8, 8)));
    EXPECT_TRUE(refused({0, 1, 2}, Camera{}));
}

}  // namespace
}  // namespace likeness::metrics

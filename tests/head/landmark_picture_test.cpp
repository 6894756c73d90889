// A picture of the head with its 478 landmarks, against one that somebody has looked at. After a change of the head or
// its embedding, LIKENESS_UPDATE_GOLDEN=1 head_test writes the new picture; look at it before it is committed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "core/geometry/mesh_raster.h"
#include "core/head/mediapipe_landmarks.h"
#include "core/image/load.h"
#include "core/image/save.h"
#include "tests/head/head_fixtures.h"

namespace likeness::test {
namespace {

constexpr int side = 256;

Image landmark_picture(const HeadModel& head) {
    Camera camera;
    camera.width = camera.height = side;
    camera.fx = camera.fy = side * 1.1f / 0.22f;
    camera.cx = camera.cy = side / 2.0f;
    const Eigen::Vector3f middle =
        surface_position(head.vertices, head.triangles, head.landmarks(landmarks::scheme)[6]);
    const Eigen::Vector3f target(0, middle.y() - 0.02f, 0.05f);
    camera.world_to_camera = look_at(target + Eigen::Vector3f(0, 0, 1.1f), target);
    camera = orbit(camera, target, 0.35f, 0);  // a little from the side, so that depth shows too

    const MeshBuffer buffer = rasterize_mesh(head.vertices, head.triangles, camera);
    const Vertices normals = vertex_normals(head.vertices, head.triangles);
    const Eigen::Vector3f light = Eigen::Vector3f(0.4f, 0.5f, 0.8f).normalized();
    Image image(side, side, 3, 1.0f);
    for (std::size_t i = 0; i < buffer.triangle.size(); ++i) {
        if (buffer.triangle[i] < 0) continue;
        const float shade =
            0.35f + 0.5f * std::max(0.0f, surface_position(normals, head.triangles, buffer.point(i)).dot(light));
        const float level = std::round(shade * 12) / 12;  // few levels make a small file
        std::fill_n(&image.pixels[i * 3], 3, level);
    }
    const std::vector<SurfacePoint>& points = head.landmarks(landmarks::scheme);
    for (std::size_t i = 0; i < points.size(); ++i) {
        float depth = 0;
        const Eigen::Vector2f p = camera.project(surface_position(head.vertices, head.triangles, points[i]), &depth);
        const int x = int(p.x()), y = int(p.y());
        if (x < 1 || y < 1 || x >= side - 1 || y >= side - 1) continue;
        if (buffer.depth[buffer.index(x, y)] < depth - 0.004f) continue;  // on the far side
        const std::array<float, 3> color =
            i >= 468 ? std::array<float, 3>{0, 0.2f, 1} : std::array<float, 3>{0.9f, 0.1f, 0};
        for (int k = 0; k < 4; ++k) std::copy(color.begin(), color.end(), image.at(x + k % 2, y + k / 2));
    }
    return image;
}

TEST(LandmarkPicture, LooksAsItDid) {
    const std::filesystem::path golden = std::filesystem::path(LIKENESS_HEAD_TESTS) / "landmarks.png";
    const Image picture = landmark_picture(*real_head());
    if (const char* update = std::getenv("LIKENESS_UPDATE_GOLDEN"); update && *update) {
        ASSERT_TRUE(save_png(golden, picture, {.compression = 9}));
        GTEST_SKIP() << golden << " was written; look at it.";
    }
    const auto expected = load_image(golden);
    ASSERT_TRUE(expected) << expected.error().message;
    ASSERT_EQ(expected->width, side);
    ASSERT_EQ(expected->height, side);
    // A landmark that moved by more than a pixel leaves a red dot without its like in the other picture's
    // neighbourhood.
    const auto dots = [](const Image& a, const Image& b) {
        int lonely = 0, all = 0;
        for (int y = 0; y < side; ++y)
            for (int x = 0; x < side; ++x) {
                const auto dot = [](const float* p) { return std::abs(p[0] - p[2]) > 0.3f; };
                if (!dot(a.at(x, y))) continue;
                ++all;
                bool near = false;
                for (int v = std::max(0, y - 1); v <= std::min(side - 1, y + 1); ++v)
                    for (int u = std::max(0, x - 1); u <= std::min(side - 1, x + 1); ++u) near |= dot(b.at(u, v));
                lonely += !near;
            }
        return std::pair(lonely, all);
    };
    const auto [gone, before] = dots(*expected, picture);
    const auto [come, now] = dots(picture, *expected);
    double difference = 0;
    for (std::size_t i = 0; i < picture.pixels.size(); ++i)
        difference += double(std::abs(picture.pixels[i] - expected->pixels[i])) / double(picture.pixels.size());
    const auto result = std::filesystem::path(LIKENESS_TEST_RESULTS) / "landmarks.png";
    if (gone > before / 50 || come > now / 50 || difference > 0.02) {
        std::filesystem::create_directories(result.parent_path());
        (void)save_png(result, picture);
    }
    EXPECT_GT(before, 800);
    EXPECT_LE(gone, before / 50) << "landmarks moved; see " << result;
    EXPECT_LE(come, now / 50) << "landmarks moved; see " << result;
    EXPECT_LE(difference, 0.02) << "the mesh looks different; see " << result;
}

}  // namespace
}  // namespace likeness::test

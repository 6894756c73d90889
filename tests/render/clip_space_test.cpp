// A camera of core/ as OpenGL's matrices.
#include <gtest/gtest.h>

#include "core/view/glm.h"
#include "tests/geometry/camera_fixtures.h"

namespace likeness::test {
namespace {

const Eigen::Vector3f centre = view_centre;

Camera camera() { return orbit(front_camera(), centre, 0.44f, -0.17f); }

// A point lands at the same place of OpenGL's cube as of the picture, whose first row is the upper one.
TEST(ClipSpace, AgreesWithProject) {
    for (const Eigen::Vector3f& point : {centre, Eigen::Vector3f(0.1f, 0.12f, -0.05f), Eigen::Vector3f(-0.15f, 0, 0)}) {
        float depth = 0;
        const Eigen::Vector2f pixel = camera().project(point, &depth);
        const glm::vec4 clip = world_to_clip(camera()) * glm::vec4(to_glm(point), 1);
        EXPECT_NEAR(clip.w, depth, 1e-5f);
        EXPECT_NEAR(0.5f * (clip.x / clip.w + 1) * 640, pixel.x(), 1e-2f);
        EXPECT_NEAR(0.5f * (1 - clip.y / clip.w) * 480, pixel.y(), 1e-2f);
    }
}

TEST(ClipSpace, NearAndFarAreTheCubesEnds) {
    const glm::mat4 projection = opengl_projection(camera(), 0.5f, 4);
    const auto depth_of = [&](float distance) {
        const glm::vec4 clip = projection * glm::vec4(0, 0, -distance, 1);
        return clip.z / clip.w;
    };
    EXPECT_NEAR(depth_of(0.5f), -1, 1e-5f);
    EXPECT_NEAR(depth_of(4), 1, 1e-5f);
}

TEST(ClipSpace, MatricesKeepTheirColumns) {
    Eigen::Matrix4f four;
    four << 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15;
    const Eigen::Matrix3f three = four.topLeftCorner<3, 3>();
    const Eigen::Vector3f v(1, -2, 3);
    EXPECT_EQ(to_glm(four)[3][1], 7);
    EXPECT_EQ(to_glm(three) * to_glm(v), to_glm(Eigen::Vector3f(three * v)));
}

}  // namespace
}  // namespace likeness::test

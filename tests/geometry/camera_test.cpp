#include "core/geometry/camera.h"

#include <gtest/gtest.h>

#include <numbers>

#include "tests/geometry/camera_fixtures.h"

namespace likeness::test {
namespace {

constexpr float degree = std::numbers::pi_v<float> / 180;
const Eigen::Vector3f centre = view_centre;

void expect_rotation(const Eigen::Matrix4f& m) {
    const Eigen::Matrix3f r = m.topLeftCorner<3, 3>();
    EXPECT_LT((r * r.transpose() - Eigen::Matrix3f::Identity()).norm(), 1e-5f);
    EXPECT_NEAR(r.determinant(), 1, 1e-5);
    EXPECT_EQ(Eigen::RowVector4f(m.row(3)), Eigen::RowVector4f(0, 0, 0, 1));
}

TEST(Camera, ProjectsByThePinhole) {
    Camera camera;
    camera.width = camera.height = 100;
    camera.fx = 50;
    camera.fy = 80;
    camera.cx = 40;
    camera.cy = 60;
    float depth = 0;
    const Eigen::Vector2f p = camera.project({0.2f, -0.5f, 2}, &depth);
    EXPECT_FLOAT_EQ(p.x(), 45);
    EXPECT_FLOAT_EQ(p.y(), 40);
    EXPECT_FLOAT_EQ(depth, 2);
    camera.project({0, 0, -1}, &depth);
    EXPECT_LT(depth, 0) << "behind";
}

TEST(Camera, LooksAtItsTarget) {
    for (const Eigen::Vector3f& eye : {Eigen::Vector3f(0, 0, 1), {0.4f, 0.3f, 0.9f}, {-1, -0.5f, -2}, {0.1f, 2, 0}}) {
        Camera camera = front_camera();
        camera.world_to_camera = look_at(eye, centre);
        expect_rotation(camera.world_to_camera);
        EXPECT_LT((camera.position() - eye).norm(), 1e-5f);
        float depth = 0;
        const Eigen::Vector2f p = camera.project(centre, &depth);
        EXPECT_NEAR(p.x(), camera.cx, 1e-2);
        EXPECT_NEAR(p.y(), camera.cy, 1e-2);
        EXPECT_NEAR(depth, (eye - centre).norm(), 1e-5);
        const Eigen::Vector2f above = camera.project(centre + Eigen::Vector3f(0, 0.01f, 0));
        EXPECT_LT(above.y(), p.y()) << "up in the world is up in the picture";
        EXPECT_NEAR(above.x(), p.x(), 2e-2) << "and upright";
    }
}

TEST(Camera, LooksStraightDownAndUp) {
    for (const float side : {1.0f, -1.0f}) {
        const Eigen::Matrix4f m = look_at(centre + Eigen::Vector3f(0, side, 0), centre);
        expect_rotation(m);
        EXPECT_NEAR(m(2, 1), -side, 1e-5) << "forwards is towards the target";
    }
}

TEST(Camera, FromTheFrontTheSubjectsLeftIsRight) {
    const Camera camera = front_camera();
    EXPECT_GT(camera.project(centre + Eigen::Vector3f(0.05f, 0, 0)).x(), camera.project(centre).x());
}

TEST(Camera, OrbitSigns) {
    const Camera camera = front_camera();
    EXPECT_GT(orbit(camera, centre, 30 * degree, 0).position().x(), camera.position().x() + 0.5f);
    EXPECT_LT(orbit(camera, centre, -30 * degree, 0).position().x(), camera.position().x() - 0.5f);
    EXPECT_GT(orbit(camera, centre, 0, 20 * degree).position().y(), camera.position().y() + 0.3f);
    EXPECT_LT(orbit(camera, centre, 0, -20 * degree).position().y(), camera.position().y() - 0.3f);
    // Exactly where the angles say.
    const Eigen::Vector3f p = orbit(camera, centre, 40 * degree, 25 * degree).position() - centre;
    EXPECT_NEAR(std::atan2(p.x(), p.z()), 40 * degree, 1e-4);
    EXPECT_NEAR(std::asin(p.y() / p.norm()), 25 * degree, 1e-4);
}

TEST(Camera, OrbitKeepsDistanceAndCentre) {
    // Also for a camera that does not look at the centre.
    Camera aside = front_camera();
    aside.world_to_camera = look_at({0.3f, 0.2f, 0.8f}, {0.1f, -0.05f, 0});
    for (const Camera& camera : {front_camera(), aside})
        for (const float yaw : {-170.0f, -60.0f, 0.0f, 45.0f, 180.0f})
            for (const float pitch : {-40.0f, 0.0f, 35.0f}) {
                const Camera turned = orbit(camera, centre, yaw * degree, pitch * degree);
                expect_rotation(turned.world_to_camera);
                EXPECT_NEAR((turned.position() - centre).norm(), (camera.position() - centre).norm(), 1e-5);
                float before = 0, after = 0;
                EXPECT_LT((turned.project(centre, &after) - camera.project(centre, &before)).norm(), 0.02f);
                EXPECT_NEAR(before, after, 1e-5);
            }
    EXPECT_LT((orbit(aside, centre, 0, 0).world_to_camera - aside.world_to_camera).norm(), 1e-5f);
}

TEST(Camera, OrbitStaysUpright) {
    for (const float yaw : {-120.0f, 70.0f}) {
        const Camera camera = orbit(front_camera(), centre, yaw * degree, 30 * degree);
        EXPECT_NEAR(camera.project(centre + Eigen::Vector3f(0, 0.05f, 0)).x(), camera.project(centre).x(), 0.02);
    }
}

TEST(Camera, ResizedKeepsRays) {
    const Camera camera = front_camera();
    for (const auto& [width, height] : {std::pair{1280, 960}, {320, 240}, {100, 700}, {1, 1}}) {
        const Camera other = camera.resized(width, height);
        EXPECT_EQ(other.width, width);
        EXPECT_EQ(other.height, height);
        const float sx = float(width) / 640, sy = float(height) / 480;
        for (const Eigen::Vector3f& world :
             {centre, Eigen::Vector3f(0.1f, 0.2f, 0.1f), Eigen::Vector3f(-0.2f, 0, 0.3f)}) {
            const Eigen::Vector2f a = camera.project(world), b = other.project(world);
            EXPECT_NEAR(b.x(), a.x() * sx, 1e-3 * std::max(1.0f, sx));
            EXPECT_NEAR(b.y(), a.y() * sy, 1e-3 * std::max(1.0f, sy));
        }
        EXPECT_EQ(other.world_to_camera, camera.world_to_camera);
    }
}

}  // namespace
}  // namespace likeness::test

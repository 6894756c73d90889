#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "core/tracking/neck.h"
#include "core/tracking/torso_follower.h"
#include "tests/tracking/synthetic_portrait.h"

namespace likeness::test {
namespace {

// Points on a chest before the neck, moved with it.
struct Chest {
    Chest() {
        camera.width = camera.height = 512;
        camera.fx = camera.fy = 1400;
        camera.cx = camera.cy = 256;
        camera.world_to_camera.diagonal() << 1, -1, -1, 1;
        camera.world_to_camera.topRightCorner<3, 1>() << 0, 0.05f, 1.0f;
        std::mt19937 engine(3);
        std::uniform_real_distribution<float> x(-0.15f, 0.15f), y(0.02f, 0.12f);
        for (int i = 0; i < 60; ++i) {
            const float across = x(engine);
            places.emplace_back(across, y(engine), -0.06f + 1.2f * across * across);  // camera axes, from the neck
        }
    }
    std::vector<TorsoPoint> seen(const Eigen::Vector3f& turn, const Eigen::Vector3f& shift) const {
        std::vector<TorsoPoint> points;
        for (std::size_t i = 0; i < places.size(); ++i) {
            const Eigen::Vector3f p =
                Eigen::AngleAxisf(turn.norm(), turn.norm() > 0 ? turn.normalized() : Eigen::Vector3f::UnitX()) *
                    places[i] +
                neck() + shift;
            points.push_back({int(i), {camera.fx * p.x() / p.z() + camera.cx, camera.fy * p.y() / p.z() + camera.cy}});
        }
        return points;
    }
    Eigen::Vector3f neck() const { return camera.world_to_camera.topRightCorner<3, 1>(); }  // the world's origin
    Camera camera;
    std::vector<Eigen::Vector3f> places;
};

Eigen::Vector3f place_of(const TorsoFollower& torso) { return torso.world_to_camera().topRightCorner<3, 1>(); }

TEST(TorsoFollower, FollowsABodyThatSwaysAndLeans) {
    const Chest chest;
    TorsoFollower torso(chest.camera, Eigen::Vector3f::Zero());
    Eigen::Vector3f shift = Eigen::Vector3f::Zero(), turn = shift;
    for (int n = 0; n <= 30; ++n) {
        const float t = float(n) / 30;
        shift = {0.03f * std::sin(3 * t), 0.01f * t, 0};
        turn = {0, 0, 0.08f * t};
        EXPECT_EQ(torso.follow(chest.seen(turn, shift), chest.neck() + shift), n > 0);
    }
    EXPECT_LT((place_of(torso) - chest.neck() - shift).norm(), 0.003f);
    const Eigen::Matrix3f turned =
        torso.world_to_camera().topLeftCorner<3, 3>() * chest.camera.world_to_camera.topLeftCorner<3, 3>().transpose();
    EXPECT_NEAR(std::atan2(turned(1, 0), turned(0, 0)), turn.z(), 0.02f);
}

TEST(TorsoFollower, AHandBeforeTheChestDoesNotMoveIt) {
    const Chest chest;
    TorsoFollower torso(chest.camera, Eigen::Vector3f::Zero());
    for (int n = 0; n <= 20; ++n) {
        std::vector<TorsoPoint> points = chest.seen(Eigen::Vector3f::Zero(), Eigen::Vector3f::Zero());
        for (int i = 0; i < 60; ++i)  // as many again, close together, going up
            points.push_back({100 + i, Eigen::Vector2f(float(120 + i % 8 * 4), float(480 - 6 * n + i / 8 * 4))});
        torso.follow(points, chest.neck());
    }
    EXPECT_LT((place_of(torso) - chest.neck()).norm(), 0.004f);
}

TEST(TorsoFollower, StaysWhereItWasWithoutPoints) {
    const Chest chest;
    TorsoFollower torso(chest.camera, Eigen::Vector3f::Zero());
    torso.follow(chest.seen(Eigen::Vector3f::Zero(), Eigen::Vector3f::Zero()), chest.neck());
    const Eigen::Matrix4f before = torso.world_to_camera();
    EXPECT_FALSE(torso.follow({}, chest.neck() + Eigen::Vector3f(0.1f, 0, 0)));
    EXPECT_EQ(torso.world_to_camera(), before);
}

TEST(Neck, BringsTheHeadWhereItWasSeenOnATorsoThatTurnedAway) {
    Random random(8);
    const HeadModel& model = *real_head();
    const SyntheticPortrait portrait = synthetic_portrait(15, random);
    HeadFit fit;
    fit.identity = portrait.identity;
    fit.pose = portrait.pose;
    fit.head_rotation = portrait.head_rotation;
    fit.camera = portrait.camera;
    const PersonalHead person = personalise(model, portrait.identity);
    // The torso: turned by six degrees about the neck's beginning.
    const Eigen::Vector3f neck = person.joint_position.col(model.joints.neck);
    Eigen::Affine3f turn = Eigen::Translation3f(neck) *
                           Eigen::AngleAxisf(0.1f, Eigen::Vector3f(0.2f, 1, 0.1f).normalized()) *
                           Eigen::Translation3f(-neck);
    Camera camera = portrait.camera;
    camera.world_to_camera = portrait.camera.world_to_camera * turn.matrix();
    HeadPose pose = portrait.pose;
    const Eigen::Vector3f slip = place_head(model, person, fit, camera.world_to_camera, pose);
    EXPECT_LT(slip.head<2>().norm(), 0.002f);
    camera.world_to_camera.topRightCorner<3, 1>() += slip;
    const LandmarkPoints points = project_landmarks(model, pose_head(model, person, pose).vertices, camera);
    float mean = 0;
    for (std::size_t i = 0; i < landmarks::face_count; ++i)
        mean += (points[i] - portrait.points[i]).head<2>().norm() / (landmarks::face_count * iris_distance(points));
    EXPECT_LT(mean, 0.002f);
}

}  // namespace
}  // namespace likeness::test

#include "bench/shoulders.h"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

#include "tests/avatar/avatar_fixtures.h"

namespace likeness::bench {
namespace {

Avatar covered_avatar() {
    Avatar avatar;
    avatar.model = test::real_head();
    avatar.person.edit().identity = Eigen::VectorXf::Zero(avatar.model->identity_count());
    avatar.prepare();
    test::cover(avatar, 0.012f);
    return avatar;
}

TEST(Shoulders, RestWithThePoseAndTheCamera) {
    const Avatar avatar = covered_avatar();
    const std::vector<HeadPose> still(3, HeadPose::neutral(*avatar.model));
    EXPECT_LT(shoulder_motion(avatar, still, std::array{default_camera(avatar, 512, 512)}), 1e-3);
}

TEST(Shoulders, MoveByAsManyPixelsAsThePictureDoes) {
    const Avatar avatar = covered_avatar();
    const std::vector<HeadPose> still(2, HeadPose::neutral(*avatar.model));
    std::array<Camera, 2> cameras;
    cameras.fill(default_camera(avatar, 512, 512));
    cameras[0].cx -= 1.5f;
    cameras[1].cx += 1.5f;
    EXPECT_NEAR(shoulder_motion(avatar, still, cameras), 1.5, 1e-3);
}

TEST(Shoulders, AreNotTheHead) {
    const Avatar avatar = covered_avatar();
    const HeadModel& model = *avatar.model;
    std::vector<HeadPose> poses(2, HeadPose::neutral(model));
    poses[1].joints.col(model.joints.head) = Eigen::Vector3f(0.1f, 0.4f, 0);
    poses[1].controls[model.control("jawOpen")] = 1;
    const std::array camera{default_camera(avatar, 512, 512)};
    EXPECT_LT(shoulder_motion(avatar, poses, camera), 0.2);
    poses[1].translation.x() = 0.01f;  // the whole body
    EXPECT_GT(shoulder_motion(avatar, poses, camera), 5);
}

TEST(Shoulders, NeedACameraForEachFrame) {
    const Avatar avatar = covered_avatar();
    const std::vector<HeadPose> still(3, HeadPose::neutral(*avatar.model));
    const std::vector<Camera> two(2, default_camera(avatar, 64, 64));
    EXPECT_THROW(shoulder_motion(avatar, still, two), std::invalid_argument);
}

}  // namespace
}  // namespace likeness::bench

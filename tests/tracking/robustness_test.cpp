// What the sanitizers look at too: the solver on hopeless input, and one real solve.
#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <cmath>

#include "tests/tracking/synthetic_portrait.h"

namespace likeness::test {
namespace {

TEST(Solver, OneSyntheticHead) {
    Random random(9);
    const SyntheticPortrait portrait = synthetic_portrait(15, random);
    HeadFit fit;
    LandmarkSolver(*real_head()).solve(portrait.points, portrait.camera.width, portrait.camera.height, {}, fit);
    EXPECT_LT(median_distance(fit, portrait.points), 0.003f);
}

TEST(Solver, NonsenseGivesNumbers) {
    Random random(8);
    LandmarkPoints scattered, line;
    for (std::size_t i = 0; i < 478; ++i) {
        scattered[i] = {uniform(random, 0, 640), uniform(random, 0, 720), uniform(random, -100, 100)};
        line[i] = {100 + float(i), 300, 0};
    }
    for (const LandmarkPoints& points : {scattered, line}) {
        HeadFit fit;
        LandmarkSolver(*real_head()).solve(points, 640, 720, {}, fit);
        EXPECT_TRUE(fit.identity.allFinite() && fit.pose.controls.allFinite() &&
                    fit.camera.world_to_camera.allFinite());
        EXPECT_TRUE(std::isfinite(fit.camera.fx));
    }
}

TEST(Solver, NeckAndHeadShareTheRotation) {
    const HeadModel& model = *real_head();
    HeadPose pose = HeadPose::neutral(model);
    const Eigen::Vector3f rotation(0.1f, 0.8f, -0.05f);
    turn_head(model, rotation, pose);
    const PosedHead posed = pose_head(model, personalise(model, Eigen::VectorXf::Zero(model.identity_count())), pose);
    const Eigen::Matrix3f expected = Eigen::AngleAxisf(rotation.norm(), rotation.normalized()).toRotationMatrix();
    EXPECT_LT((posed.joint_transforms[std::size_t(model.joint("head"))].linear() - expected).norm(), 1e-5f);
    const Eigen::Matrix3f neck = posed.joint_transforms[std::size_t(model.joint("neck"))].linear();
    EXPECT_NEAR(Eigen::AngleAxisf(neck).angle(), neck_share * rotation.norm(), 1e-4);
}

TEST(Landmarks, AHeadWithoutThemIsRefusedByName) {
    EXPECT_TRUE(check_landmarks(*real_head()));
    HeadModel head = *ball_head();
    head.embeddings.front().scheme = "ibug-68";
    const Status refused = check_landmarks(head);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    for (const char* word : {"'Ball'", "'mediapipe-478'"})
        EXPECT_NE(refused.error().message.find(word), std::string::npos) << refused.error().message;
}

}  // namespace
}  // namespace likeness::test

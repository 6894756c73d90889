#include "core/tracking/face_follower.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/tracking/synthetic_portrait.h"

namespace likeness::test {
namespace {

// Somebody whose face no identity of the model has, and who smiles in a way of their own.
struct Somebody {
    HeadFit fit;
    PersonalHead head;
};
Somebody somebody(Random& random) {
    const HeadModel& model = *real_head();
    const SyntheticPortrait portrait = synthetic_portrait(0, random);
    Somebody who;
    who.fit.identity = portrait.identity;
    who.fit.pose = portrait.pose;
    who.fit.head_rotation = portrait.head_rotation;
    who.fit.camera = portrait.camera;
    Vertices offsets(3, model.vertex_count()), own(3, model.vertex_count());
    for (Eigen::Index v = 0; v < offsets.cols(); ++v) {
        const Eigen::Vector3f p = model.vertices.col(v);
        offsets.col(v) = 0.004f * Eigen::Vector3f(std::sin(60 * p.y()), std::sin(50 * p.x()), std::sin(70 * p.y()));
        own.col(v) = 0.001f * Eigen::Vector3f(std::sin(90 * p.x()), std::sin(80 * p.y()), 0);
    }
    who.head = personalise(model, who.fit.identity, &offsets);
    Eigen::VectorXf smile = Eigen::VectorXf::Zero(model.control_count());
    for (const char* name : {"mouthSmileLeft", "mouthSmileRight"}) smile[model.control(name)] = 0.7f;
    who.head.expression = std::make_shared<ExpressionBasis>(join(*model.expression, target_at(own, smile)));
    return who;
}

LandmarkPoints seen(const Somebody& who, const HeadPose& pose) {
    return project_landmarks(*real_head(), pose_head(*real_head(), who.head, pose).vertices, who.fit.camera);
}

float mean_distance(const LandmarkPoints& a, const LandmarkPoints& b) {
    float sum = 0;
    for (std::size_t i = 0; i < 468; ++i) sum += (a[i] - b[i]).head<2>().norm() / 468;
    return sum / iris_distance(a);
}

TEST(FaceFollower, AMouthThatOpensAtOnceIsNoOutlier) {
    Random random(11);
    const HeadModel& model = *real_head();
    const Somebody who = somebody(random);
    FaceFollower follower(model, who.head, who.fit);
    HeadPose pose = who.fit.pose;
    pose.controls.setZero();
    for (const char* name : {"mouthSmileLeft", "mouthSmileRight", "jawOpen"}) pose.controls[model.control(name)] = 0.8f;
    const LandmarkPoints points = seen(who, pose);
    const HeadFit& fit = follower.follow(points);
    EXPECT_LT(mean_distance(points, seen(who, fit.pose)), 0.02f);
    EXPECT_GT(fit.pose.controls[model.control("jawOpen")], 0.6f);
    EXPECT_GT(fit.pose.controls[model.control("mouthSmileLeft")], 0.5f);
    EXPECT_EQ(fit.identity, who.fit.identity);
    EXPECT_FLOAT_EQ(fit.camera.fx, who.fit.camera.fx);
}

TEST(FaceFollower, AFaceLikeNoOtherAtRestStaysAtRest) {
    Random random(12);
    const HeadModel& model = *real_head();
    Somebody who = somebody(random);
    who.fit.pose.controls.setZero();
    FaceFollower follower(model, who.head, who.fit);
    for (int frame = 0; frame < 3; ++frame) {
        who.fit.head_rotation.y() += 0.1f;
        turn_head(model, who.fit.head_rotation, who.fit.pose);
        const HeadFit& fit = follower.follow(seen(who, who.fit.pose));
        EXPECT_LT(fit.pose.controls.maxCoeff(), 0.05f) << "its offsets are no expression, frame " << frame;
        EXPECT_LT((fit.head_rotation - who.fit.head_rotation).norm(), 0.02f);
        EXPECT_LT(fit.landmark_error, 0.002f);
    }
}

// A hand, glasses: after the wide rounds what lies anywhere counts no more.
TEST(FaceFollower, PointsThatLieAnywhereDoNotPull) {
    Random random(13);
    const HeadModel& model = *real_head();
    Somebody who = somebody(random);
    FaceFollower follower(model, who.head, who.fit);
    const LandmarkPoints truth = seen(who, who.fit.pose);
    for (int frame = 0; frame < 3; ++frame) {
        LandmarkPoints points = truth;
        int moved = 0;
        for (std::size_t i = 0; i < 468; ++i) {
            if (random() % 100 >= 10) continue;
            const float angle = uniform(random, 0, 6.28f), by = uniform(random, 0.2f, 0.5f) * iris_distance(truth);
            points[i].head<2>() += by * Eigen::Vector2f(std::cos(angle), std::sin(angle));
            ++moved;
        }
        ASSERT_GT(moved, 25);
        const HeadFit& fit = follower.follow(points);
        EXPECT_LT(mean_distance(truth, seen(who, fit.pose)), 0.012f) << frame;
    }
}

}  // namespace
}  // namespace likeness::test

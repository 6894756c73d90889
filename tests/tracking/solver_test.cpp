#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <cmath>
#include <numbers>

#include "core/tracking/portrait_fit.h"
#include "tests/tracking/synthetic_portrait.h"

namespace likeness::test {
namespace {

constexpr float degree = std::numbers::pi_v<float> / 180;

float angle_between(const Eigen::Vector3f& a, const Eigen::Vector3f& b) {
    const auto rotation = [](const Eigen::Vector3f& v) {
        return Eigen::Quaternionf(
            Eigen::AngleAxisf(v.norm(), v.norm() > 0 ? Eigen::Vector3f(v.normalized()) : Eigen::Vector3f::UnitX()));
    };
    return rotation(a).angularDistance(rotation(b)) / degree;
}

HeadFit solve(const SyntheticPortrait& portrait, const LandmarkPoints& points, const SolverOptions& options = {}) {
    HeadFit fit;
    LandmarkSolver(*real_head()).solve(points, portrait.camera.width, portrait.camera.height, options, fit);
    return fit;
}

void expect_sane(const HeadFit& fit) {
    const HeadModel& model = *real_head();
    ASSERT_EQ(fit.identity.size(), model.identity_count());
    ASSERT_TRUE(fit.identity.allFinite() && fit.pose.controls.allFinite() && fit.camera.world_to_camera.allFinite());
    EXPECT_TRUE(std::isfinite(fit.camera.fx) && fit.camera.fx > 0);
    EXPECT_GE(fit.pose.controls.minCoeff(), 0.0f);
    EXPECT_LE(fit.pose.controls.maxCoeff(), 1.0f);
    for (int i = 0; i < model.identity_count(); ++i) {
        EXPECT_GE(fit.identity[i], model.identity_range(0, i) - 1e-5f);
        EXPECT_LE(fit.identity[i], model.identity_range(1, i) + 1e-5f);
    }
    HeadPose expected = fit.pose;
    turn_head(model, fit.head_rotation, expected);
    EXPECT_LT((expected.joints - fit.pose.joints).cwiseAbs().maxCoeff(), 1e-6f) << "neck and head share the rotation";
}

TEST(Solver, RecoversASyntheticHead) {
    Random random(1);
    for (const float yaw : {0.0f, -25.0f, 40.0f, 60.0f, -60.0f}) {
        const SyntheticPortrait portrait = synthetic_portrait(yaw, random);
        const HeadFit fit = solve(portrait, portrait.points);
        expect_sane(fit);
        RecordProperty("median_yaw_" + std::to_string(int(yaw)), std::to_string(median_distance(fit, portrait.points)));
        EXPECT_LT(median_distance(fit, portrait.points), 0.003f) << "yaw " << yaw;
        EXPECT_LT(fit.model_error, 0.003f) << "yaw " << yaw;
        EXPECT_LT(angle_between(fit.head_rotation, portrait.head_rotation), 4.0f) << "yaw " << yaw;
        EXPECT_EQ(fit.camera.width, portrait.camera.width);
        EXPECT_EQ(fit.camera.height, portrait.camera.height);
        const float distance = fit.camera.world_to_camera(2, 3);
        EXPECT_GT(distance, 0.4f) << "a portrait, no telephoto";
        EXPECT_LT(distance, 2.0f);
    }
}

TEST(Solver, AKnownFocalLengthIsBelieved) {
    Random random(2);
    const SyntheticPortrait portrait = synthetic_portrait(15, random);
    SolverOptions options;
    options.focal_pixels = portrait.camera.fx;
    const HeadFit fit = solve(portrait, portrait.points, options);
    EXPECT_NEAR(fit.camera.fx, portrait.camera.fx, 0.06f * portrait.camera.fx);
    EXPECT_NEAR(fit.camera.world_to_camera(2, 3), 0.85f, 0.12f) << "and gives the distance";
    EXPECT_LT(median_distance(fit, portrait.points), 0.003f);
}

// Hands, glasses, hair: some landmarks lie anywhere.
TEST(Solver, OutliersDoNotPullItAway) {
    Random random(3);
    for (const float yaw : {0.0f, 35.0f}) {
        const SyntheticPortrait portrait = synthetic_portrait(yaw, random);
        LandmarkPoints points = portrait.points;
        const float unit = iris_distance(points);
        int moved = 0;
        for (std::size_t i = 0; i < 468; ++i) {
            if (random() % 100 >= 15) continue;
            const float angle = uniform(random, 0, 6.28f), by = uniform(random, 0.2f, 0.8f) * unit;
            points[i].head<2>() += by * Eigen::Vector2f(std::cos(angle), std::sin(angle));
            ++moved;
        }
        ASSERT_GT(moved, 50);
        const HeadFit fit = solve(portrait, points);
        expect_sane(fit);
        RecordProperty("median_outliers_" + std::to_string(int(yaw)),
                       std::to_string(median_distance(fit, portrait.points)));
        EXPECT_LT(median_distance(fit, portrait.points), 0.008f) << "yaw " << yaw;
        EXPECT_LT(angle_between(fit.head_rotation, portrait.head_rotation), 6.0f) << "yaw " << yaw;
    }
}

TEST(Solver, NoiseOfADetector) {
    Random random(4);
    const SyntheticPortrait portrait = synthetic_portrait(-20, random);
    LandmarkPoints points = portrait.points;
    const float sigma = 0.006f * iris_distance(points);
    for (Eigen::Vector3f& p : points)
        for (int k = 0; k < 3; ++k) {
            float sum = 0;
            for (int n = 0; n < 12; ++n) sum += uniform(random, -0.5f, 0.5f);
            p[k] += sigma * sum;
        }
    const HeadFit fit = solve(portrait, points);
    EXPECT_LT(median_distance(fit, portrait.points), 0.006f) << "nearer to the truth than one noisy point";
}

// A video: the head turns on from a frame that is solved; the person stays who they are.
TEST(Solver, WarmStartFollows) {
    Random random(5);
    SyntheticPortrait portrait = synthetic_portrait(5, random);
    HeadFit fit = solve(portrait, portrait.points);
    const HeadModel& model = *real_head();
    const LandmarkSolver solver(model);
    const Eigen::VectorXf identity = fit.identity;
    const float focal = fit.camera.fx;
    SolverOptions options;
    options.warm_start = true;
    options.solve_identity = options.solve_focal = false;
    options.iterations = 5;
    for (int frame = 1; frame <= 6; ++frame) {
        portrait.head_rotation.y() += 5 * degree;
        portrait.pose.controls[model.control("jawOpen")] = 0.1f * float(frame);
        turn_head(model, portrait.head_rotation, portrait.pose);
        portrait.points = project_landmarks(
            model, pose_head(model, personalise(model, portrait.identity), portrait.pose).vertices, portrait.camera);
        solver.solve(portrait.points, portrait.camera.width, portrait.camera.height, options, fit);
        EXPECT_EQ(fit.identity, identity);
        EXPECT_EQ(fit.camera.fx, focal);
        EXPECT_LT(median_distance(fit, portrait.points), 0.006f) << "frame " << frame;
        EXPECT_LT(angle_between(fit.head_rotation, portrait.head_rotation), 5.0f) << "frame " << frame;
    }
    EXPECT_GT(fit.pose.controls[model.control("jawOpen")], 0.3f) << "the mouth has opened";
}

TEST(Solver, TheSameInTheSameOut) {
    Random random(6);
    const SyntheticPortrait portrait = synthetic_portrait(10, random);
    const HeadFit a = solve(portrait, portrait.points), b = solve(portrait, portrait.points);
    EXPECT_EQ(a.identity, b.identity);
    EXPECT_EQ(a.pose.controls, b.pose.controls);
    EXPECT_EQ(a.camera.fx, b.camera.fx);
}

TEST(Solver, SizeOfThePictureDoesNotMatter) {
    Random random(7);
    const SyntheticPortrait portrait = synthetic_portrait(20, random);
    const HeadFit fit = solve(portrait, portrait.points);
    LandmarkPoints large = portrait.points;
    for (Eigen::Vector3f& p : large) p *= 4;
    HeadFit other;
    LandmarkSolver(*real_head()).solve(large, 4 * portrait.camera.width, 4 * portrait.camera.height, {}, other);
    EXPECT_NEAR(other.camera.fx / fit.camera.fx, 4, 0.2);
    EXPECT_LT(angle_between(fit.head_rotation, other.head_rotation), 0.5f);
    EXPECT_NEAR(fit.model_error, other.model_error, 5e-4);
}

TEST(LandmarkSolver, EndsWhenItIsStopped) {
    Random random(3);
    const HeadModel& model = *real_head();
    const SyntheticPortrait portrait = synthetic_portrait(0, random);
    const std::atomic<bool> stop = true;
    SolverOptions options;
    options.stop = &stop;
    HeadFit fit;
    LandmarkSolver(model).solve(portrait.points, portrait.camera.width, portrait.camera.height, options, fit);
    EXPECT_TRUE(fit.pose.controls.isZero());  // where it began
    std::vector<HeadFit> fits;
    const std::array pictures{portrait.points, portrait.points};
    LandmarkSolver(model).solve_together(pictures, portrait.camera.width, portrait.camera.height, options, fits);
    EXPECT_EQ(fits.size(), 2u);
    EXPECT_TRUE(fits[1].pose.controls.isZero());
}

}  // namespace
}  // namespace likeness::test

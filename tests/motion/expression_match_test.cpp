#include "core/motion/expression_match.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/head/mediapipe_landmarks.h"
#include "tests/head/head_fixtures.h"

namespace likeness::test {
namespace {

HeadPose pose_of(const HeadModel& model, std::initializer_list<std::pair<const char*, float>> values) {
    HeadPose pose = HeadPose::neutral(model);
    for (const auto& [name, value] : values) pose.controls[model.control(name)] = value;
    return pose;
}

float mouth_width(const FaceShape& face) { return (face.points.col(0) - face.points.col(6)).norm(); }

// Two people of the default head, whose own model's expressions are alike.
struct Two {
    std::shared_ptr<const HeadModel> model = real_head();
    PersonalHead driver, avatar;
    explicit Two(unsigned seed) {
        Random random(seed);
        driver = personalise(*model, random_identity(*model, random, 0.3f));
        avatar = personalise(*model, random_identity(*model, random, 0.3f));
    }
    FaceMove move(const HeadPose& pose) const {
        const FaceRuler ruler(*model, driver);
        return {ruler.of(pose), ruler.of(HeadPose::neutral(*model))};
    }
};

TEST(FaceShape, IsApartFromWhereTheHeadIs) {
    const auto model = real_head();
    const FaceRuler ruler(*model, personalise(*model, {}));
    HeadPose pose = pose_of(*model, {{"jawOpen", 0.4f}, {"mouthSmileLeft", 0.5f}});
    const FaceShape here = ruler.of(pose);
    turn_head(*model, {0.2f, 0.4f, -0.1f}, pose);
    pose.translation = {0.1f, 0, 0.3f};
    EXPECT_LT((ruler.of(pose).points - here.points).cwiseAbs().maxCoeff(), 1e-4f);
    EXPECT_GT(here.lips, 0.1f);

    // As a detector that finds the posed head's own landmarks sees it.
    Camera camera{512, 512, 900, 900, 256, 256, look_at({0.2f, 0, 1.2f}, {0, 0, 0})};
    const Vertices posed = pose_head(*model, personalise(*model, {}), pose).vertices;
    std::vector<Eigen::Vector3f> points(landmarks::count, Eigen::Vector3f::Zero());
    for (std::size_t i = 0; i < points.size(); ++i)
        points[i].head<2>() =
            camera.project(surface_position(posed, model->triangles, model->landmarks(landmarks::scheme)[i]));
    EXPECT_LT((ruler.seen(pose, camera, points).points - here.points).cwiseAbs().maxCoeff(), 2e-3f);
    // A corner of the mouth seen higher is higher.
    points[61].y() -= 10;
    EXPECT_GT(ruler.seen(pose, camera, points).points(1, 0), here.points(1, 0) + 0.05f);
}

TEST(ExpressionMatch, WhatTheSourceDoesNotMoveStays) {
    const Two two(4);
    const HeadModel& model = *two.model;
    const ExpressionMatch match(model, two.avatar);
    const HeadPose given = pose_of(model, {{"jawOpen", 0.6f}, {"mouthSmileLeft", 0.4f}});
    std::vector<bool> driven(std::size_t(model.control_count()), false);
    HeadPose pose = given;
    match.apply(two.move(given), pose, &driven);
    EXPECT_EQ(pose, given);
    driven[std::size_t(model.control("jawOpen"))] = true;
    match.apply(two.move(given), pose, &driven);
    const float jaw = pose.controls[model.control("jawOpen")];
    EXPECT_NE(jaw, 0.6f);
    EXPECT_NEAR(jaw, 0.6f, 0.3f);
    pose.controls[model.control("jawOpen")] = 0.6f;
    EXPECT_EQ(pose, given);
}

TEST(ExpressionMatch, ADriverWithTheSameFaceChangesLittle) {
    const Two two(1);
    const ExpressionMatch match(*two.model, two.driver);
    const HeadPose wanted = pose_of(*two.model, {{"jawOpen", 0.4f},
                                                 {"mouthSmileLeft", 0.6f},
                                                 {"mouthSmileRight", 0.5f},
                                                 {"browInnerUp", 0.5f},
                                                 {"eyeBlinkLeft", 0.3f},
                                                 {"eyeLookUpLeft", 0.4f}});
    HeadPose pose = wanted;
    match.apply(two.move(wanted), pose);
    EXPECT_LT((pose.controls - wanted.controls).cwiseAbs().maxCoeff(), 0.12f);
    EXPECT_EQ(pose.controls[two.model->control("eyeLookUpLeft")], 0.4f);
    EXPECT_TRUE(pose.joints == wanted.joints);
}

TEST(ExpressionMatch, AMovementIsAsLargeAsTheDriversThoughItsValuesAreSmall) {
    for (unsigned seed = 1; seed < 6; ++seed) {
        const Two two(seed);
        const FaceRuler ruler(*two.model, two.avatar);
        const ExpressionMatch match(*two.model, two.avatar);
        const float rest = mouth_width(ruler.of(HeadPose::neutral(*two.model)));
        for (const char* name : {"mouthPucker", "mouthSmileLeft"}) {
            const FaceMove driver = two.move(pose_of(*two.model, {{name, 0.8f}}));
            HeadPose pose = pose_of(*two.model, {{name, 0.3f}});  // the source says less
            match.apply(driver, pose);
            const float change = mouth_width(ruler.of(pose)) / rest - 1;
            const float asked = mouth_width(driver.now) / mouth_width(driver.rest) - 1;
            EXPECT_GT(change / asked, 0.85f) << name << ", " << seed;
            EXPECT_LT(change / asked, 1.15f) << name << ", " << seed;
        }
    }
}

TEST(ExpressionMatch, LidsAndLipsCloseWhereTheDriversDo) {
    for (unsigned seed = 1; seed < 6; ++seed) {
        const Two two(seed);
        const FaceRuler ruler(*two.model, two.avatar);
        const ExpressionMatch match(*two.model, two.avatar);
        const FaceShape rest = ruler.of(HeadPose::neutral(*two.model));
        FaceMove driver = two.move(HeadPose::neutral(*two.model));
        driver.now.left_lids = 0;
        driver.now.right_lids = driver.rest.right_lids / 2;
        driver.now.lips = 0;
        HeadPose pose = pose_of(*two.model, {{"eyeBlinkLeft", 0.7f}, {"jawOpen", 0.15f}});
        ASSERT_GT(ruler.of(pose).lips, 0.02f);
        match.apply(driver, pose);
        const FaceShape shown = ruler.of(pose);
        EXPECT_NEAR(shown.left_lids, 0, 0.03f) << seed;
        EXPECT_NEAR(shown.right_lids, rest.right_lids / 2, 0.03f) << seed;
        EXPECT_LT(shown.lips, 0.012f) << seed;
    }
}

TEST(ExpressionMatch, ValuesAloneAreWhatTheHeadModelMakesOfThem) {
    const Two two(2);
    const FaceRuler ruler(*two.model, two.avatar);
    const ExpressionMatch match(*two.model, two.avatar);
    HeadPose pose = pose_of(*two.model, {{"eyeBlinkLeft", 1}, {"eyeBlinkRight", 1}, {"mouthSmileLeft", 0.5f}});
    match.apply(std::nullopt, pose);
    const FaceShape shown = ruler.of(pose);
    EXPECT_NEAR(shown.left_lids, 0, 0.03f);
    EXPECT_NEAR(shown.right_lids, 0, 0.03f);
    EXPECT_NEAR(pose.controls[two.model->control("mouthSmileLeft")], 0.5f, 0.15f);
    HeadPose still = HeadPose::neutral(*two.model);
    match.apply(std::nullopt, still);
    EXPECT_LT(still.controls.cwiseAbs().maxCoeff(), 0.05f);
}

}  // namespace
}  // namespace likeness::test

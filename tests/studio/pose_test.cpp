// Poses: text, mirroring, chance, limits, presets, the clipboard.
#include <gtest/gtest.h>

#include <limits>
#include <numbers>

#include "core/document/pose_tools.h"
#include "tests/head/head_fixtures.h"
#include "tests/studio/studio_fixtures.h"

namespace likeness::test {
namespace {

constexpr float degree = std::numbers::pi_v<float> / 180;

TEST(Poses, SurviveTheClipboard) {
    const auto head = ball_head(1);
    Random random(3);
    const HeadPose pose = random_pose(*head, random);
    const auto back = pose_from_text(*head, pose_to_text(*head, pose));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->controls, pose.controls);
    EXPECT_TRUE(back->joints.isApprox(pose.joints));
    EXPECT_TRUE(back->translation.isApprox(pose.translation));
    for (const char* text : {"", "x", "[]", "{}", "{\"controls\": 3}", "{\"controls\": {\"jawOpen\": null}}",
                             "{\"controls\": {\"jawOpen\": 1e30}}", "{\"joints\": {\"head\": [1, 2]}}",
                             "{\"joints\": {\"head\": [1, 2, \"3\"]}}", "{\"controls\": {}, \"translation\": [1]}"})
        EXPECT_FALSE(pose_from_text(*head, text)) << text;
    const auto strange = pose_from_text(*head, "{\"controls\": {\"notHere\": 1}, \"joints\": {\"head\": [9, 0, 0]}}");
    ASSERT_TRUE(strange);
    EXPECT_EQ(strange->joints(0, head->joint("head")), head->joint_high(0, head->joint("head")));
}

TEST(Poses, ChanceIsDeterministicAndPlausible) {
    const auto head = ball_head(1);
    const HeadPose a = random_pose(*head, 7, 1), b = random_pose(*head, 7, 1), c = random_pose(*head, 8, 1);
    EXPECT_EQ(a.controls, b.controls);
    EXPECT_EQ(a.joints, b.joints);
    EXPECT_NE(a.joints, c.joints);
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const HeadPose pose = random_pose(*head, seed, 2);
        EXPECT_GE(pose.controls.minCoeff(), 0);
        EXPECT_LE(pose.controls.maxCoeff(), 1);
        EXPECT_LE(pose.joints.cwiseAbs().maxCoeff(), 1.2f);
    }
    EXPECT_TRUE(random_pose(*head, 7, 0).controls.isZero());
}

TEST(Poses, ControlsHaveARangeAndJointsTheirLimits) {
    const auto head = ball_head(1);
    HeadPose pose = HeadPose::neutral(*head);
    const int jaw = head->control("jawOpen"), neck = head->joint("neck");
    for (const float value : {least_control, 0.25f, most_control}) {
        EXPECT_TRUE(set_control(*head, "jawOpen", value, pose));
        EXPECT_EQ(pose.controls[jaw], value);
    }
    for (const float value : {-1.01f, 2.01f, std::numeric_limits<float>::quiet_NaN()})
        EXPECT_FALSE(set_control(*head, "jawOpen", value, pose));
    EXPECT_FALSE(set_control(*head, "earWiggle", 0, pose));
    EXPECT_EQ(pose.controls[jaw], most_control) << "what fails changes nothing";

    EXPECT_TRUE(set_joint(*head, "neck", {{{}, 0.2f, -9.0f}}, pose));
    EXPECT_EQ(pose.joints(0, neck), 0) << "an axis that is not given stays";
    EXPECT_EQ(pose.joints(1, neck), 0.2f);
    EXPECT_EQ(pose.joints(2, neck), head->joint_low(2, neck));
    EXPECT_TRUE(set_joint(*head, "neck", {{9.0f, {}, {}}}, pose));
    EXPECT_EQ(pose.joints(0, neck), head->joint_high(0, neck));
    EXPECT_EQ(pose.joints(1, neck), 0.2f);
    EXPECT_FALSE(set_joint(*head, "elbow", {{0.1f, {}, {}}}, pose));
}

TEST(Poses, CommandsMoveWhatTheySay) {
    const TemporaryFolder folder("studio_pose");
    StudioBench bench(folder.path);
    Studio& studio = *bench.studio;
    bench.run("file.open", {{"path", save_ball(folder.path / "a.likeness").string()}});
    const HeadModel& model = *studio.document().model();
    const auto& pose = studio.document().state.pose;
    const auto value = [&](const char* name) { return pose->controls[model.control(name)]; };

    bench.run("pose.symmetric", {{"on", true}});
    bench.run("pose.set_expression", {{"name", "eyeBlinkLeft"}, {"value", 0.4}});
    EXPECT_EQ(value("eyeBlinkRight"), 0.4f);
    bench.run("pose.reset", {{"name", "eyeBlinkRight"}});
    EXPECT_EQ(value("eyeBlinkLeft"), 0.0f);
    bench.run("pose.symmetric", {{"on", false}});
    bench.run("pose.set_expression", {{"name", "eyeBlinkLeft"}, {"value", 0.4}});
    EXPECT_EQ(value("eyeBlinkRight"), 0.0f);
    bench.run("pose.mirror");
    EXPECT_EQ(value("eyeBlinkRight"), 0.4f);
    EXPECT_EQ(value("eyeBlinkLeft"), 0.0f);

    bench.run("pose.set_joint", {{"joint", "head"}, {"y", 30}});
    bench.run("pose.set_joint", {{"joint", "head"}, {"x", -170}});
    EXPECT_FLOAT_EQ(pose->joints(1, model.joint("head")), 30 * degree) << "axes that are not given stay";
    EXPECT_FLOAT_EQ(pose->joints(0, model.joint("head")), -1.0f) << "the joint's limit";
    EXPECT_FALSE(studio.execute("pose.set_joint", {{"joint", "elbow"}, {"x", 1}}));
    bench.run("pose.reset_joints");
    EXPECT_TRUE(pose->joints.isZero());
    EXPECT_EQ(value("eyeBlinkRight"), 0.4f);
    bench.run("pose.head", {{"yaw", 30}});
    EXPECT_FLOAT_EQ(pose->joints(1, model.joint("neck")) + pose->joints(1, model.joint("head")), 30 * degree);
    EXPECT_FALSE(studio.execute("pose.reset", {{"name", "elbow"}}));

    bench.run("pose.gaze", {{"x", 0.6}, {"y", 0}});
    EXPECT_EQ(value("eyeLookOutLeft"), 0.6f);
    bench.run("pose.gaze", {{"x", -0.6}, {"y", 0}});
    EXPECT_EQ(value("eyeLookOutLeft"), 0.0f);

    bench.run("pose.copy");
    const HeadPose kept = *pose;
    bench.run("pose.preset.save", {{"name", "mine"}});
    bench.run("pose.reset_all");
    EXPECT_TRUE(pose->controls.isZero() && pose->joints.isZero());
    bench.run("pose.paste");
    EXPECT_EQ(pose->controls, kept.controls);
    EXPECT_TRUE(pose->joints.isApprox(kept.joints));
    bench.run("pose.reset_all");
    bench.run("pose.preset.apply", {{"name", "mine"}, {"strength", 0.5}});
    EXPECT_FLOAT_EQ(value("eyeBlinkRight"), 0.2f);
    bench.run("pose.preset.apply", {{"name", "Wink"}});
    EXPECT_EQ(value("eyeBlinkLeft"), 1.0f);
    bench.run("pose.preset.delete", {{"name", "mine"}});
    EXPECT_FALSE(studio.execute("pose.preset.apply", {{"name", "mine"}}));
    EXPECT_FALSE(studio.execute("pose.preset.delete", {{"name", "Wink"}})) << "ready-made ones stay";
    bench.run("pose.source");
    EXPECT_EQ(pose->controls, studio.document().avatar().source->pose.controls);
    bench.run("pose.random", {{"seed", 4}});
    EXPECT_EQ(pose->controls, random_pose(model, 4, 1).controls);
    const HeadPose chance = *pose;
    bench.run("pose.random");
    EXPECT_NE(pose->joints, chance.joints);
}

}  // namespace
}  // namespace likeness::test

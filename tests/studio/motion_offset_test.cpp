// What editing adds to a motion, and how a motion really plays.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/document/session_file.h"
#include "core/motion/motion_track.h"
#include "core/motion/playback_rate.h"
#include "core/motion/pose_offset.h"
#include "tests/head/head_fixtures.h"
#include "tests/studio/studio_fixtures.h"

namespace likeness::test {
namespace {

// Mouth and brows over two seconds; the head turns.
const std::string talk = R"({"names": ["jawOpen", "browInnerUp"],
    "frames": [{"time": 0, "weights": [0, 0.5]}, {"time": 1, "weights": [1, 0.5]}, {"time": 2, "weights": [0.25, 0.5]}],
    "head_pose": [[0, 0, 0], [0, 0.2, 0], [0, 0, 0]]})";

TEST(PoseOffset, StaysBetweenNeutralAndFullAndWithinTheLimitsOfJoints) {
    const auto head = ball_head(1);
    const HeadModel& model = *head;
    const RecordedMotion motion(*parse_motion(talk, "talk"));
    const DrivenParts driven = DrivenParts::of(motion, model);
    const int jaw = model.control("jawOpen"), blink = model.control("eyeBlinkLeft"), neck = model.joints.head;
    EXPECT_TRUE(driven.controls[std::size_t(jaw)]);
    EXPECT_FALSE(driven.controls[std::size_t(blink)]);
    EXPECT_TRUE(driven.joints[std::size_t(neck)]);
    EXPECT_FALSE(driven.joints[std::size_t(model.joints.jaw)]);
    HeadPose sampled = HeadPose::neutral(model), offset = sampled;
    const auto sum = [&](float sample, float added) {
        sampled.controls[jaw] = sample;
        offset.controls[jaw] = added;
        return add_offset(model, driven, sampled, offset).controls[jaw];
    };
    EXPECT_FLOAT_EQ(sum(0.5f, 0.25f), 0.75f);
    EXPECT_FLOAT_EQ(sum(0.9f, 0.5f), 1);
    EXPECT_FLOAT_EQ(sum(0.1f, -0.5f), 0);
    EXPECT_FLOAT_EQ(sum(1.4f, 0.5f), 1.4f) << "a sample beyond stays";
    EXPECT_FLOAT_EQ(sum(-0.3f, -0.5f), -0.3f);
    offset.controls[blink] = 0.5f;
    EXPECT_EQ(add_offset(model, driven, sampled, offset).controls[blink], 0) << "the motion does not move it";
    // Rotations follow each other: as one rotation matrix after the other.
    sampled.joints.col(neck) = Eigen::Vector3f(0, 0.2f, 0);
    offset.joints.col(neck) = Eigen::Vector3f(0.1f, 0, 0.05f);
    const auto matrix = [](const Eigen::Vector3f& v) {
        return Eigen::AngleAxisf(v.norm(), v.normalized()).toRotationMatrix();
    };
    const Eigen::Vector3f turned = add_offset(model, driven, sampled, offset).joints.col(neck);
    EXPECT_TRUE(matrix(turned).isApprox(matrix(offset.joints.col(neck)) * matrix(sampled.joints.col(neck)), 1e-4f));
    offset.joints.col(neck) = Eigen::Vector3f(0, 3, 0);
    EXPECT_LE(add_offset(model, driven, sampled, offset).joints(1, neck), model.joint_high(1, neck));
    EXPECT_EQ(add_offset(model, driven, sampled, HeadPose{}).joints(1, neck), 0.2f) << "no offset";

    // Back from what is wanted; what was not touched keeps its offset although it is cut off at this moment.
    offset = HeadPose::neutral(model);
    offset.controls[jaw] = 0.8f;
    sampled.controls[jaw] = 0.7f;
    const HeadPose shown = add_offset(model, driven, sampled, offset);
    HeadPose wanted = shown;
    wanted.joints.col(neck) = Eigen::Vector3f(0.1f, 0.3f, 0);
    const HeadPose changed = offset_towards(model, driven, sampled, shown, wanted, offset);
    EXPECT_EQ(changed.controls[jaw], 0.8f);
    EXPECT_TRUE(add_offset(model, driven, sampled, changed).joints.col(neck).isApprox(wanted.joints.col(neck), 1e-4f));
}

class MotionOffset : public testing::Test {
  protected:
    void SetUp() override {
        std::ofstream(folder.path / "talk.json") << R"({"made_for": ")" << ball_face() << "\", " << talk.substr(1);
        bench.run("file.open", {{"path", save_ball(folder.path / "a.likeness").string()}});
        bench.run("motion.open", {{"path", (folder.path / "talk.json").string()}});
    }
    float shown(const char* name) {
        return bench.studio->shown_pose().controls[bench.studio->document().model()->control(name)];
    }
    void seek(double seconds) { ASSERT_TRUE(bench.studio->execute("motion.seek", {{"seconds", seconds}})); }

    TemporaryFolder folder{"motion_offset"};
    StudioBench bench{folder.path};
};

TEST_F(MotionOffset, WholePosesAreAddedToEverySampleAndNeutralTakesThemAway) {
    Studio& studio = *bench.studio;
    seek(1);
    ASSERT_TRUE(studio.execute("pose.paste", {{"text", R"({"controls": {"browInnerUp": 0.2, "eyeBlinkLeft": 0.4}})"}}));
    EXPECT_FLOAT_EQ(shown("browInnerUp"), 0.7f);
    EXPECT_FLOAT_EQ(shown("jawOpen"), 1) << "the motion goes on";
    EXPECT_FLOAT_EQ(shown("eyeBlinkLeft"), 0.4f);
    EXPECT_FLOAT_EQ(studio.document().state.pose->controls[studio.document().model()->control("browInnerUp")], 0);
    ASSERT_TRUE(studio.execute("pose.reset", {{"name", "browInnerUp"}}));
    EXPECT_FLOAT_EQ(shown("browInnerUp"), 0.5f) << "reset is what the motion does";
    EXPECT_FALSE(studio.motions().has_offset());
    // While it plays as well: playing goes on.
    ASSERT_TRUE(studio.execute("motion.play"));
    *bench.time += 0.25;
    studio.drain();
    ASSERT_TRUE(studio.execute("pose.head", {{"yaw", 20.0}}));
    ASSERT_TRUE(studio.execute("pose.set_expression", {{"name", "browInnerUp"}, {"value", 0.9}}));
    EXPECT_TRUE(studio.motion().playing());
    EXPECT_FLOAT_EQ(shown("browInnerUp"), 0.9f);
    const int head = studio.document().model()->joints.head;
    const float turned = studio.shown_pose().joints(1, head);
    EXPECT_GT(turned, 0.1f);
    *bench.time += 0.5;
    studio.drain();
    EXPECT_FLOAT_EQ(shown("browInnerUp"), 0.9f) << "it stays";
    EXPECT_LT(studio.shown_pose().joints(1, head), turned) << "as the motion turns back";
    ASSERT_TRUE(studio.execute("pose.reset_all"));
    EXPECT_FALSE(studio.motions().has_offset());
    EXPECT_FLOAT_EQ(shown("browInnerUp"), 0.5f);
}

TEST_F(MotionOffset, IsChangedClearedAndUndoneOnItsOwn) {
    Studio& studio = *bench.studio;
    EXPECT_FALSE(studio.execute("motion.clear_offset")) << "there is none";
    seek(1);
    ASSERT_TRUE(studio.execute("motion.offset", {{"name", "browInnerUp"}, {"value", 0.3}}));
    ASSERT_TRUE(studio.execute("pose.set_joint", {{"joint", "head"}, {"x", 10.0}}));
    EXPECT_FLOAT_EQ(shown("browInnerUp"), 0.8f);
    EXPECT_FALSE(studio.execute("motion.offset", {{"name", "eyeBlinkLeft"}, {"value", 0.3}})) << "not of the motion";
    ASSERT_TRUE(studio.execute("motion.clear_offset", {{"name", "head"}}));
    EXPECT_FLOAT_EQ(shown("browInnerUp"), 0.8f);
    ASSERT_TRUE(studio.execute("motion.clear_offset"));
    EXPECT_FLOAT_EQ(shown("browInnerUp"), 0.5f);
    ASSERT_TRUE(studio.execute("edit.undo"));
    EXPECT_FLOAT_EQ(shown("browInnerUp"), 0.8f);
    EXPECT_TRUE(studio.motion().loaded()) << "undo leaves the motion";

    // It belongs to that motion: another begins without, and finding the first again brings it back.
    std::ofstream(folder.path / "other.json") << talk;
    bench.run("motion.open", {{"path", (folder.path / "other.json").string()}});
    EXPECT_FALSE(studio.motions().has_offset());
    EXPECT_NEAR(shown("browInnerUp"), 0.5f, 0.02f) << "as this face makes it";
    bench.run("motion.close");
    EXPECT_FLOAT_EQ(shown("browInnerUp"), 0);
    bench.run("motion.open", {{"path", (folder.path / "talk.json").string()}});
    EXPECT_FLOAT_EQ(shown("browInnerUp"), 0.8f);
}

TEST_F(MotionOffset, IsSavedWithTheAvatar) {
    Studio& studio = *bench.studio;
    ASSERT_TRUE(studio.execute("motion.offset", {{"name", "browInnerUp"}, {"value", 0.25}}));
    EXPECT_TRUE(studio.document().dirty());
    const std::string file = (folder.path / "b.likeness").string();
    bench.run("file.save_as", {{"path", file}});
    ASSERT_TRUE(studio.execute("motion.offset", {{"name", "browInnerUp"}, {"value", 0.1}}));
    bench.run("file.open", {{"path", file}, {"discard", true}});
    EXPECT_FLOAT_EQ(shown("browInnerUp"), 0.75f) << "the motion is still open";
    // Hostile or foreign content is left out.
    Avatar avatar = studio.document().avatar();
    avatar.kept.edit().document = R"({"studio": {"motion_offsets": {"a": 3, "b": {"controls": {"jawOpen": 1e9}},
        "c": {"controls": {"jawOpen": 0.5, "none": 1}}}}})";
    const DocumentState state = read_session(avatar);
    ASSERT_EQ(state.offsets->of.size(), 1u);
    EXPECT_EQ(state.offsets->of.at("c").controls[avatar.model->control("jawOpen")], 0.5f);
}

TEST(PlaybackRate, CountsWhatIsShownAndWhatIsLeftOut) {
    PlaybackRate rate;
    EXPECT_EQ(rate.per_second(0), 0);
    // Every third of 30 frames a second.
    for (int i = 0; i <= 40; ++i) {
        rate.shown(0.1 * i, 3 * i);
        rate.shown(0.1 * i + 0.01, 3 * i);  // the same again, turned by hand
    }
    EXPECT_NEAR(rate.per_second(4.0), 10, 0.6);
    EXPECT_EQ(rate.frames(), 41u);
    EXPECT_EQ(rate.dropped(), 80u);
    EXPECT_LT(rate.per_second(14), 3) << "nothing came for ten seconds";
    rate.restart();
    rate.shown(20, 500);
    EXPECT_EQ(rate.dropped(), 0u) << "what was before it began is not left out";
}

TEST_F(MotionOffset, ThePlayedFramesAreThoseThatReachTheScreen) {
    Studio& studio = *bench.studio;
    ASSERT_TRUE(studio.execute("motion.play"));
    std::uint64_t last = 0;
    for (int i = 0; i < 20; ++i) {
        *bench.time += studio.motion().source() ? 1 / studio.motion().source()->rate() : 0;
        studio.drain();
        if (i % 2 == 0) studio.motions().picture_shown(last = studio.scene().version);
    }
    EXPECT_EQ(studio.motion().rate().frames(), 10u);
    EXPECT_NEAR(double(studio.motion().rate().dropped()), 9, 1);
    ASSERT_TRUE(studio.execute("motion.pause"));
    studio.motions().picture_shown(last);
    EXPECT_EQ(studio.motion().rate().frames(), 10u);
}

}  // namespace
}  // namespace likeness::test

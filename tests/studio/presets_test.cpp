// Presets: their strength, what rest is, and pictures of the open avatar with each.
#include <gtest/gtest.h>

#include <thread>

#include "core/document/pose_tools.h"
#include "core/motion/motion_track.h"
#include "core/studio/settings.h"
#include "tests/studio/studio_fixtures.h"

namespace likeness::test {
namespace {

class PresetsTest : public testing::Test {
  protected:
    void SetUp() override {
        bench.run("file.open", {{"path", save_ball(folder.path / "a.likeness").string()}});
        const HeadModel& model = *studio.document().model();
        HeadPose photographed = HeadPose::neutral(model);
        photographed.controls[model.control("browInnerUp")] = 0.25f;
        photographed.joints(1, model.joints.head) = 0.3f;
        studio.state().avatar.source.edit().pose = photographed;
        ASSERT_TRUE(studio.execute("pose.preset.save", {{"name", "before"}}));
        studio.settings().pose_presets["half"] = R"({"controls": {"jawOpen": 0.5, "eyeBlinkLeft": 1}})";
    }
    float shown(const char* name) { return studio.shown_pose().controls[studio.document().model()->control(name)]; }
    // Pictures come while somebody sees them; the clock of the bench goes on by hand.
    bool draw_until(const std::function<bool()>& condition, double step = 0.1, int frames = 5000) {
        for (int i = 0; i < frames; ++i) {
            studio.presets().want();
            *bench.time += step;
            studio.drain();
            if (condition()) return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
        return false;
    }
    bool all_drawn() {
        for (const std::string& name : studio.presets().names())
            if (!studio.presets().picture(name)) return false;
        return true;
    }
    bool drawing() {
        for (const JobInfo& job : studio.jobs().list())
            if (job.name == "Drawing the presets" && job.state == JobState::running) return true;
        return false;
    }

    TemporaryFolder folder{"presets"};
    StudioBench bench{folder.path};
    Studio& studio = *bench.studio;
};

TEST_F(PresetsTest, StrengthMixesFromWhatWasThereBefore) {
    ASSERT_TRUE(studio.execute("pose.set_expression", {{"name", "browInnerUp"}, {"value", 0.4}}));
    const auto apply = [&](const char* name, double strength) {
        ASSERT_TRUE(studio.execute("pose.preset.apply", {{"name", name}, {"strength", strength}}));
    };
    apply("half", 1);
    EXPECT_FLOAT_EQ(shown("jawOpen"), 0.5f);
    EXPECT_FLOAT_EQ(shown("browInnerUp"), 0);
    EXPECT_EQ(studio.presets().current(), "half");
    apply("half", 0.5);
    EXPECT_FLOAT_EQ(shown("jawOpen"), 0.25f) << "not half of the way that is left";
    EXPECT_FLOAT_EQ(shown("browInnerUp"), 0.2f);
    apply("half", 0);
    EXPECT_FLOAT_EQ(shown("browInnerUp"), 0.4f) << "as it was";
    apply("half", 1);
    apply("At rest", 0.5);
    EXPECT_FLOAT_EQ(shown("jawOpen"), 0.25f) << "another one is mixed into the first";
    ASSERT_TRUE(studio.execute("pose.set_expression", {{"name", "jawOpen"}, {"value", 0.8}}));
    EXPECT_EQ(studio.presets().current(), "") << "edited since";
    apply("At rest", 0.5);
    EXPECT_FLOAT_EQ(shown("jawOpen"), 0.4f);
    ASSERT_TRUE(studio.execute("edit.undo"));
    EXPECT_EQ(studio.presets().current(), "");
    EXPECT_FALSE(studio.execute("pose.preset.apply", {{"name", "none"}}));
    // Added to a motion, it is tried out the same way.
    auto motion = *parse_motion("jawOpen,eyeBlinkLeft\n0.3,0\n0.3,0\n", "a.csv");
    motion.made_for = ball_face();
    studio.motions().play(std::make_shared<RecordedMotion>(motion), "a.csv");
    apply("half", 1);
    EXPECT_FLOAT_EQ(shown("jawOpen"), 0.8f);
    apply("half", 0.5);
    EXPECT_FLOAT_EQ(shown("jawOpen"), 0.55f);
    EXPECT_FLOAT_EQ(shown("eyeBlinkLeft"), 0.5f);
}

TEST_F(PresetsTest, RestIsNeutralOrThePhotographs) {
    EXPECT_FLOAT_EQ(shown("browInnerUp"), 0);
    ASSERT_TRUE(studio.execute("pose.rest", {{"expression", "photograph"}}));
    EXPECT_FLOAT_EQ(shown("browInnerUp"), 0.25f) << "a face at rest goes with it";
    EXPECT_TRUE(studio.shown_pose().joints.isZero()) << "the expression alone";
    ASSERT_TRUE(studio.execute("pose.set_expression", {{"name", "browInnerUp"}, {"value", 0.9}}));
    ASSERT_TRUE(studio.execute("pose.reset", {{"name", "browInnerUp"}}));
    EXPECT_FLOAT_EQ(shown("browInnerUp"), 0.25f);
    ASSERT_TRUE(studio.execute("pose.set_expression", {{"name", "jawOpen"}, {"value", 0.9}}));
    ASSERT_TRUE(studio.execute("pose.rest", {{"expression", "neutral"}}));
    EXPECT_FLOAT_EQ(shown("browInnerUp"), 0.25f) << "this one is not at rest";
    ASSERT_TRUE(studio.execute("pose.rest", {{"expression", "photograph"}}));
    for (const char* id : {"pose.reset_expressions", "pose.reset_all"}) {
        ASSERT_TRUE(studio.execute("pose.set_expression", {{"name", "jawOpen"}, {"value", 0.9}}));
        ASSERT_TRUE(studio.execute(id));
        EXPECT_FLOAT_EQ(shown("browInnerUp"), 0.25f) << id;
        EXPECT_FLOAT_EQ(shown("jawOpen"), 0) << id;
    }
    ASSERT_TRUE(studio.execute("pose.preset.apply", {{"name", "half"}}));
    ASSERT_TRUE(studio.execute("pose.preset.apply", {{"name", "At rest"}}));
    EXPECT_FLOAT_EQ(shown("browInnerUp"), 0.25f);
    // Of what a motion moves, rest is what the motion does.
    auto motion = *parse_motion("browInnerUp\n0.5\n0.5\n", "a.csv");
    motion.made_for = ball_face();
    studio.motions().play(std::make_shared<RecordedMotion>(motion), "a.csv");
    ASSERT_TRUE(studio.execute("pose.reset_all"));
    EXPECT_FLOAT_EQ(shown("browInnerUp"), 0.5f);
    EXPECT_FALSE(studio.motions().has_offset());
    // Kept for the next time.
    ASSERT_TRUE(bench.settle());
    bench.studio.reset();
    EXPECT_EQ(load_settings(StudioBench(folder.path).studio->options().folders.settings).settings.rest, "photograph");
}

TEST_F(PresetsTest, AllReadyMadeOnesAreOfThisHeadAndWithinItsRange) {
    const std::vector<std::string> names = studio.presets().names();
    for (const char* known : {"At rest", "Smile", "Smile with teeth", "Kiss", "half"})
        EXPECT_TRUE(std::find(names.begin(), names.end(), known) != names.end()) << known;
    for (const BuiltInPose& pose : built_in_poses())
        for (const auto& [control, value] : pose.controls) {
            EXPECT_GT(value, 0) << pose.name << " " << control;
            EXPECT_LE(value, most_control) << pose.name << " " << control;
        }
}

TEST_F(PresetsTest, PicturesAreMadeWhenSeenAndAgainWhenTheAvatarChanges) {
    *bench.time += 10;
    for (int i = 0; i < 20; ++i) {
        *bench.time += 1;
        studio.drain();
    }
    EXPECT_FALSE(studio.presets().picture("Smile")) << "nobody sees them";
    ASSERT_TRUE(draw_until([&] { return all_drawn() && !drawing(); }));
    const auto rest = studio.presets().picture("At rest"), half = studio.presets().picture("half");
    EXPECT_EQ(rest->width, Presets::side);
    EXPECT_NE(rest->pixels, half->pixels) << "each has its own face";
    EXPECT_TRUE(studio.idle());
    // A pose is no change of the avatar.
    ASSERT_TRUE(studio.execute("pose.set_expression", {{"name", "jawOpen"}, {"value", 0.9}}));
    EXPECT_FALSE(draw_until([&] { return drawing() || studio.presets().picture("half") != half; }, 0.01, 200));
    // Another shape is; while it is dragged nothing is drawn.
    studio.begin_gesture();
    const std::string feature = studio.document().model()->identity_sliders.front().name;
    ASSERT_TRUE(studio.execute("identity.set", {{"name", feature}, {"value", 0.5}}));
    EXPECT_FALSE(draw_until([&] { return drawing(); }, 0.01, 200));
    studio.end_gesture();
    ASSERT_TRUE(draw_until([&] { return studio.presets().picture("half") != half && !drawing(); }));
    EXPECT_TRUE(all_drawn());
    // Another person begins without.
    bench.run("file.open", {{"path", save_ball(folder.path / "b.likeness", 2).string()}, {"discard", true}});
    EXPECT_FALSE(studio.presets().picture("half"));
    ASSERT_TRUE(draw_until([&] { return all_drawn(); }));
    ASSERT_TRUE(studio.execute("pose.preset.delete", {{"name", "half"}}));
    ASSERT_TRUE(draw_until([&] { return !studio.presets().picture("half") && all_drawn(); }));
    // So many at most.
    for (int i = 0; i < 80; ++i) studio.settings().pose_presets["own" + std::to_string(i)] = "{\"controls\":{}}";
    std::size_t pictures = 0;
    ASSERT_TRUE(draw_until([&] {
        pictures = 0;
        for (const std::string& name : studio.presets().names()) pictures += studio.presets().picture(name) != nullptr;
        return pictures >= Presets::most_pictures && !drawing();
    }));
    EXPECT_EQ(pictures, Presets::most_pictures);
}

}  // namespace
}  // namespace likeness::test

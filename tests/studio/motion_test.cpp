// Recorded expressions: readers that survive hostile files, and playing.
#include <gtest/gtest.h>

#include <fstream>

#include "core/motion/motion_track.h"
#include "core/studio/motion_player.h"
#include "tests/head/head_fixtures.h"
#include "tests/studio/studio_fixtures.h"

namespace likeness::test {
namespace {

const std::string small = R"({"names": ["jawOpen", "EyeBlinkLeft", "unheardOf"],
    "frames": [{"time": 1.0, "weights": [0, 1, 0.5]}, {"time": 1.5, "weights": [1, 0, 0.5]}, {"time": 2.0, "weights": [0.5, 0.5, 9]}],
    "head_pose": [[0, 0, 0], [0, 0.2, 0], [0, 0.4, 0]]})";

TEST(Motion, TheSharedRecordingIsRead) {
    const auto file = test_data("motion/lam_arkit52_973frames.json");
    if (!std::filesystem::exists(file)) GTEST_SKIP() << "no shared data";
    const auto track = load_motion(file);
    ASSERT_TRUE(track) << track.error().message;
    EXPECT_EQ(track->frame_count(), 973u);
    EXPECT_EQ(track->names.size(), 52u);
    EXPECT_EQ(track->head.size(), 973u);
    EXPECT_NEAR(track->duration(), 973 / 30.0, 1e-6);
}

TEST(Motion, FramesAreMixedAndTheRestOfThePoseStays) {
    const auto track = parse_motion(small, "small");
    ASSERT_TRUE(track) << track.error().message;
    EXPECT_NEAR(track->duration(), 1.5, 1e-9);
    const auto head = ball_head(1);
    HeadPose pose = HeadPose::neutral(*head);
    pose.controls[head->control("browInnerUp")] = 0.3f;
    pose.joints(0, head->joint("jaw")) = 0.1f;
    const auto apply = [&](double seconds) {
        PoseSample sample;
        ASSERT_TRUE(track->sample(seconds, sample));
        apply_sample(track->names, sample, *head, pose);
    };
    apply(0.25);
    EXPECT_FLOAT_EQ(pose.controls[head->control("jawOpen")], 0.5f);
    EXPECT_FLOAT_EQ(pose.controls[head->control("eyeBlinkLeft")], 0.5f);
    EXPECT_FLOAT_EQ(pose.controls[head->control("browInnerUp")], 0.3f);
    EXPECT_FLOAT_EQ(pose.joints(0, head->joint("jaw")), 0.1f);
    EXPECT_FLOAT_EQ(pose.joints(1, head->joint("neck")) + pose.joints(1, head->joint("head")), 0.1f);
    for (const double outside : {-5.0, 0.0, 1.0, 1.4, 1e9}) {
        apply(outside);
        EXPECT_TRUE(pose.controls.allFinite());
        if (outside >= 1) {
            EXPECT_FLOAT_EQ(pose.controls[head->control("jawOpen")], 0.5f);
        }
    }
}

TEST(Motion, CommaSeparatedRecordings) {
    const auto track = parse_motion(
        "\xEF\xBB\xBFTimecode,BlendShapeCount,JawOpen,EyeBlinkLeft,HeadYaw,HeadPitch,HeadRoll,LeftEyeYaw\r\n"
        "10:20:30:00.000,61,0.1,0.2,0.3,0.4,0.5,0.6\r\n10:20:30:30.000,61,0.5,0.2,0.3,0.4,0.5,0.6\r\n",
        "live.csv");
    ASSERT_TRUE(track) << track.error().message;
    EXPECT_EQ(track->names, (std::vector<std::string>{"jawOpen", "eyeBlinkLeft"}));
    ASSERT_EQ(track->frame_count(), 2u);
    EXPECT_NEAR(track->times[1], 0.5, 1e-9);
    EXPECT_EQ(track->head[0], Eigen::Vector3f(0.4f, 0.3f, 0.5f));
}

TEST(Motion, HostileFilesAreRefusedInOneSentence) {
    const auto replaced = [](const std::string& from, const std::string& to) {
        std::string text = small;
        text.replace(text.find(from), from.size(), to);
        return text;
    };
    std::vector<std::string> hostile = {"",
                                        " ",
                                        "{",
                                        "{}",
                                        "[]",
                                        "[1]",
                                        "null",
                                        "{\"names\": [], \"frames\": []}",
                                        "{\"names\": [\"a\"], \"frames\": []}",
                                        "{\"names\": \"a\", \"frames\": [[1]]}",
                                        "{\"names\": [1], \"frames\": [[1]]}",
                                        "{\"names\": [\"a\"], \"frames\": [[1, 2]]}",
                                        "{\"names\": [\"a\"], \"frames\": [[\"x\"]]}",
                                        "{\"names\": [\"a\"], \"frames\": [3]}",
                                        "{\"names\": [\"a\"], \"frames\": [{}]}",
                                        "{\"names\": [\"a\"], \"frames\": [[1e999]]}",
                                        "{\"names\": [\"a\"], \"frames\": [[1]], \"fps\": 0}",
                                        "{\"names\": [\"a\"], \"frames\": [[1]], \"fps\": \"x\"}",
                                        replaced("\"time\": 1.5", "\"time\": \"x\""),
                                        replaced("\"time\": 2.0", "\"time\": 1e300"),
                                        replaced("[0, 0.4, 0]]", "[0, 0.4]]"),
                                        replaced("[0, 0.4, 0]]", "[0, 1e30, 0]]"),
                                        replaced(", [0, 0.4, 0]]", "]"),
                                        "\n",
                                        "a,b\n",
                                        "a,b\n1\n",
                                        "a,b\nx,y\n",
                                        "a,b\n1,x\ny,2\n",
                                        "{\"frames\": [[1]], \"names\": [\"a\"], \"frames\": [[1]]}",
                                        "{\"names\": [\"a\"], \"frames\": [[[1]]]}",
                                        "{\"names\": [\"a\"], \"frames\": [[1]], \"head_pose\": [1]}",
                                        "Timecode\n1\n",
                                        std::string("\0\0\0\0", 4),
                                        std::string(100000, '['),
                                        std::string(100000, ',') + "\n"};
    for (const std::string& text : hostile) {
        const auto track = parse_motion(text, "hostile");
        ASSERT_FALSE(track) << text.substr(0, 100);
        EXPECT_TRUE(track.error().code == ErrorCode::bad_input) << text.substr(0, 100);
        EXPECT_NE(track.error().message.find("'hostile'"), std::string::npos) << track.error().message;
    }
    // Cut and damaged at every byte: an error or a track, never a crash.
    for (std::size_t i = 0; i < small.size(); ++i) {
        (void)parse_motion(small.substr(0, i), "cut");
        std::string damaged = small;
        damaged[i] = char(damaged[i] ^ (1 << (i % 7)));
        const auto track = parse_motion(damaged, "damaged");
        if (!track) continue;
        for (float w : track->weights) ASSERT_TRUE(w >= -1 && w <= 2);
    }
    EXPECT_FALSE(load_motion("/no/such/motion.json"));
}

TEST(Motion, PlaysLoopsAndHolds) {
    MotionPlayer player;
    player.play();
    EXPECT_FALSE(player.playing()) << "there is nothing to play";
    player.open(std::make_shared<const RecordedMotion>(*parse_motion(small, "small")), "small");
    EXPECT_TRUE(player.has_pose());
    player.play();
    player.speed = 2;
    player.advance(0.5);
    EXPECT_NEAR(player.time(), 1.0, 1e-9);
    player.advance(0.5);
    EXPECT_NEAR(player.time(), 0.5, 1e-9);
    player.loop = false;
    player.advance(100);
    EXPECT_FALSE(player.playing());
    EXPECT_NEAR(player.time(), 1.0, 1e-9);
    player.play();
    EXPECT_NEAR(player.time(), 0, 1e-9) << "at the end it begins again";
    player.seek(-3);
    EXPECT_EQ(player.time(), 0);
    player.seek(300);
    EXPECT_EQ(player.time(), player.duration());
    player.close();
    EXPECT_FALSE(player.has_pose());
    player.seek(1);
    EXPECT_EQ(player.time(), 0);
}

namespace {

// A camera without a camera: poses come when somebody pushes them.
class Pushed : public PoseSource {
  public:
    const std::vector<std::string>& names() const override { return names_; }
    bool moves_head() const override { return true; }
    double rate() const override { return 30; }
    std::optional<double> duration() const override { return {}; }
    std::uint64_t arrived() const override { return arrived_; }
    bool sample(double, PoseSample& sample) const override {
        if (arrived_ == 0) return false;
        sample = newest_;
        return true;
    }
    void push(float jaw, float turn) {
        newest_.weights = {jaw, 0.5f};
        newest_.head = Eigen::Vector3f(0, turn, 0);
        ++arrived_;
    }

  private:
    const std::vector<std::string> names_ = {"jawOpen", "noSuchControl"};
    PoseSample newest_;
    std::uint64_t arrived_ = 0;
};

}  // namespace

TEST(Motion, ALiveSourceShowsItsNewestPoseAndPauseHoldsIt) {
    const auto head = ball_head(1);
    const auto source = std::make_shared<Pushed>();
    MotionPlayer player;
    player.open(source, "camera");
    EXPECT_TRUE(player.live() && player.playing());
    const auto jaw = [&] {
        HeadPose pose = HeadPose::neutral(*head);
        pose.controls[head->control("jawOpen")] = 0.125f;
        player.apply(*head, pose);
        return pose.controls[head->control("jawOpen")];
    };
    EXPECT_FALSE(player.advance(0.1)) << "nothing has come";
    EXPECT_EQ(jaw(), 0.125f) << "the document's own pose is shown until then";
    source->push(0.5f, 0.1f);
    EXPECT_TRUE(player.advance(0.1));
    EXPECT_EQ(jaw(), 0.5f);
    EXPECT_FALSE(player.advance(0.1)) << "the same pose needs no new picture";
    player.pause();
    source->push(0.75f, 0);
    EXPECT_FALSE(player.advance(0.1));
    EXPECT_EQ(jaw(), 0.5f) << "held";
    player.seek(3);
    EXPECT_EQ(jaw(), 0.5f) << "it has no time to go to";
    player.play();
    EXPECT_EQ(jaw(), 0.75f);
    EXPECT_EQ(player.duration(), 0);
}

TEST(Motion, TheStudioPlaysAnySource) {
    const TemporaryFolder folder("studio_live");
    StudioBench bench(folder.path);
    Studio& studio = *bench.studio;
    bench.run("file.open", {{"path", save_ball(folder.path / "a.likeness").string()}});
    const auto source = std::make_shared<Pushed>();
    studio.motions().play(source, "camera");
    source->push(0.25f, 0.2f);
    EXPECT_TRUE(bench.settle());
    const HeadModel& model = *studio.document().model();
    EXPECT_NEAR(studio.shown_pose().controls[model.control("jawOpen")], 0.25f, 0.02f) << "as this face makes it";
    EXPECT_FALSE(studio.execute("motion.seek", {{"seconds", 1.0}})) << "a live source has no times";
    EXPECT_TRUE(studio.execute("motion.close"));
    EXPECT_EQ(studio.shown_pose().controls[model.control("jawOpen")], 0);
}

TEST(Motion, DrivesTheDocumentAndEditingAddsToIt) {
    const TemporaryFolder folder("studio_motion");
    StudioBench bench(folder.path);
    Studio& studio = *bench.studio;
    const auto motion = folder.path / "m.json";
    std::ofstream(motion) << R"({"made_for": ")" << ball_face() << "\", " << small.substr(1);
    EXPECT_FALSE(studio.execute("motion.play"));
    bench.run("file.open", {{"path", save_ball(folder.path / "a.likeness").string()}});
    bench.run("pose.set_expression", {{"name", "browInnerUp"}, {"value", 0.4}});
    const auto revision = studio.document().revision;
    bench.run("file.open", {{"path", motion.string()}});
    ASSERT_TRUE(studio.motion().loaded());
    bool warned = false;
    for (const Message& m : studio.messages().newer_than())
        warned |= m.text.find("1 of its controls") != std::string::npos;
    EXPECT_TRUE(warned);
    const HeadModel& model = *studio.document().model();
    const auto shown = [&](const char* name) { return studio.shown_pose().controls[model.control(name)]; };
    ASSERT_TRUE(studio.execute("motion.play"));
    *bench.time += 0.25;
    auto version = studio.scene().version;
    studio.drain();
    EXPECT_NE(studio.scene().version, version);
    EXPECT_FLOAT_EQ(shown("jawOpen"), 0.5f);
    EXPECT_FLOAT_EQ(shown("browInnerUp"), 0.4f) << "the track does not move it";
    EXPECT_EQ(studio.document().revision, revision) << "playing changes no document";
    ASSERT_TRUE(studio.execute("motion.seek", {{"seconds", 0.5}}));
    ASSERT_TRUE(studio.execute("motion.pause"));
    EXPECT_FLOAT_EQ(shown("jawOpen"), 1.0f);
    version = studio.scene().version;
    *bench.time += 5;
    studio.drain();
    EXPECT_EQ(studio.scene().version, version) << "held: nothing is drawn anew";
    // A slider adds to the motion what is missing at this moment.
    ASSERT_TRUE(studio.execute("pose.set_expression", {{"name", "eyeBlinkLeft"}, {"value", 0.3}}));
    EXPECT_FLOAT_EQ(shown("jawOpen"), 1.0f);
    EXPECT_FLOAT_EQ(shown("eyeBlinkLeft"), 0.3f);
    ASSERT_TRUE(studio.execute("motion.seek", {{"seconds", 0.75}}));
    EXPECT_FLOAT_EQ(shown("jawOpen"), 0.75f);
    EXPECT_FLOAT_EQ(shown("eyeBlinkLeft"), 0.25f + 0.3f);
    EXPECT_FALSE(studio.execute("pose.set_expression", {{"name", "none"}, {"value", 0.9}}));
    ASSERT_TRUE(studio.execute("edit.undo"));
    EXPECT_FLOAT_EQ(shown("eyeBlinkLeft"), 0.25f);
    EXPECT_FLOAT_EQ(shown("browInnerUp"), 0.4f);
    bench.run("motion.close");
    EXPECT_FLOAT_EQ(shown("jawOpen"), 0.0f);
    std::ofstream(motion) << R"({"names": ["nothingKnown"], "frames": [[1]]})";
    bench.run("motion.open", {{"path", motion.string()}});
    EXPECT_NE(bench.take_error().find("m.json"), std::string::npos);
    EXPECT_FALSE(studio.motion().loaded());
}

}  // namespace
}  // namespace likeness::test

// Somebody's video drives the document: what is opened, which frames count, how it is retargeted, what plays of it.
#include <gtest/gtest.h>

#include <fstream>

#include "core/document/session_file.h"
#include "core/media/video_writer.h"
#include "core/pipeline/video_stamp.h"
#include "tests/head/head_fixtures.h"
#include "tests/studio/studio_fixtures.h"
#include "tests/tracking/small_track.h"

namespace likeness::test {
namespace {

using enum FrameState;

class Driver : public testing::Test {
  protected:
    void SetUp() override {
        track.video = "none.mp4";
        ASSERT_TRUE(save_track(file, track));
    }
    void open_avatar() { bench.run("file.open", {{"path", save_ball(folder.path / "a.likeness").string()}}); }
    void open() {
        open_avatar();
        bench.run("file.open", {{"path", file.string()}});
        ASSERT_TRUE(studio.driver().driving()) << bench.take_error();
        ASSERT_TRUE(studio.execute("motion.pause"));
    }
    float shown(double seconds, const char* name = "jawOpen") {
        EXPECT_TRUE(studio.execute("motion.seek", {{"seconds", seconds}}));
        return studio.shown_pose().controls[studio.document().model()->control(name)];
    }

    // The same before it is made with the avatar's face.
    float driven(double seconds) {
        EXPECT_TRUE(studio.execute("motion.seek", {{"seconds", seconds}}));
        return studio.motion().sample().weights[0];
    }

    TemporaryFolder folder{"driver"};
    StudioBench bench{folder.path};
    Studio& studio = *bench.studio;
    const std::filesystem::path file = folder.path / "somebody.track";
    // jawOpen grows by .1 a frame, ten frames a second.
    FaceTrack track = small_track({tracked, tracked, tracked, tracked, tracked, tracked});
};

TEST_F(Driver, ATrackPlaysAtOnceRelativeToItsNeutral) {
    open_avatar();
    bench.run("file.open", {{"path", file.string()}});
    EXPECT_TRUE(studio.motion().playing());
    EXPECT_EQ(studio.motions().kind(), MotionKind::tracked);
    EXPECT_TRUE(studio.motions().options().relative);
    ASSERT_TRUE(studio.driver().driving());
    EXPECT_EQ(studio.driver().driving()->begin, 1);
    EXPECT_EQ(studio.driver().driving()->frame_at(0.21), 2);
    ASSERT_TRUE(studio.execute("motion.close"));
    studio.drain();
    EXPECT_FALSE(studio.driver().driving());
}

TEST_F(Driver, AVideoNeedsAnAvatarAndTakesTheTrackBesideIt) {
    const auto video = folder.path / "talk.mp4";
    std::ofstream(video) << std::string(
        "\0\0\0\x20"
        "ftypisom and so on",
        22);
    const Status refused = studio.execute("file.open", {{"path", video.string()}});
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("open a portrait or an avatar first"), std::string::npos);
    // Of that very file, or it is not taken.
    track.video_stamp = stamp_of(video);
    ASSERT_TRUE(save_track(folder.path / "talk.track", track));
    // Both at once: it waits for the avatar.
    ASSERT_TRUE(studio.execute("file.open", {{"path", save_ball(folder.path / "a.likeness").string()}}));
    ASSERT_TRUE(studio.execute("file.open", {{"path", video.string()}}));
    ASSERT_TRUE(bench.settle_until([&] { return studio.driver().driving() != nullptr; })) << bench.take_error();
    EXPECT_EQ(studio.motions().name(), "talk.mp4");
    EXPECT_EQ(studio.driver().driving()->track->frames.size(), 6u);
    EXPECT_FALSE(studio.execute("capture.screenshot")) << "there is no window";
    EXPECT_FALSE(studio.may_write(video)) << "it is open";
}

TEST_F(Driver, GainsFreezingAndTheNeutralAreEditsThatAreUndoneAndSaved) {
    open();
    ASSERT_TRUE(studio.execute("reenact.relative", {{"on", false}}));
    ASSERT_NEAR(driven(0.3), 0.3f, 1e-4f);
    ASSERT_TRUE(studio.execute("reenact.gain", {{"group", "jaw"}, {"value", 2.0}}));
    EXPECT_NEAR(driven(0.3), 0.6f, 1e-4f);
    ASSERT_TRUE(studio.execute("edit.undo"));
    EXPECT_NEAR(driven(0.3), 0.3f, 1e-4f);
    ASSERT_TRUE(studio.execute("edit.redo"));
    // From the face at that moment on, twice.
    driven(0.2);
    ASSERT_TRUE(studio.execute("reenact.calibrate"));
    EXPECT_TRUE(studio.motions().options().relative);
    EXPECT_NEAR(driven(0.2), 0, 1e-4f);
    EXPECT_NEAR(driven(0.4), 0.4f, 1e-4f);
    const int head = studio.document().model()->joints.head;
    ASSERT_TRUE(studio.execute("reenact.gain", {{"group", "head"}, {"value", 1.5}}));
    driven(0.4);
    const auto turned = [&] { return studio.shown_pose().joints.col(head).norm(); };
    const float free = turned();
    ASSERT_TRUE(studio.execute("reenact.freeze", {{"part", "head"}}));
    EXPECT_EQ(turned(), 0);
    ASSERT_TRUE(studio.execute("reenact.freeze", {{"part", "head"}, {"on", false}}));
    EXPECT_EQ(turned(), free) << "the gain that it had";
    EXPECT_FALSE(studio.execute("reenact.gain", {{"group", "jaw"}, {"value", 3.5}}));

    const std::string saved = (folder.path / "b.likeness").string();
    bench.run("file.save_as", {{"path", saved}});
    ASSERT_TRUE(studio.execute("reenact.reset"));
    EXPECT_TRUE(studio.motions().options().relative) << "as a track begins";
    EXPECT_FALSE(studio.motions().edit().neutral);
    bench.run("file.open", {{"path", saved}, {"discard", true}});
    EXPECT_FLOAT_EQ(studio.motions().options().gain[std::size_t(MotionGroup::jaw)], 2);
    EXPECT_NEAR(driven(0.4), 0.4f, 1e-4f) << "the motion is still open";
}

TEST_F(Driver, HostileEditsInAFileAreLeftOut) {
    open_avatar();
    Avatar avatar = studio.document().avatar();
    avatar.kept.edit().document = R"({"studio": {"motion_edits": {
        "a": 3,
        "b": {"relative": true, "gain": {"jaw": 1e300, "mouth": "x", "none": 1}, "smoothing": -5, "in": 3, "out": 1},
        "c": {"dropped": [[5, 2], [1, 3], [2, 9], [4, 1e300], ["a", "b"], [7, 8]]},
        "d": {"neutral": {"controls": {"jawOpen": 1e9}, "head": [1, 2], "face": [1, 2, 3]}},
        "e": {"neutral": {"controls": 4}}},
        "key_poses": {"length": -3, "keys": [4, {"seconds": 2, "pose": {"controls": {"jawOpen": 0.5}}},
                                             {"seconds": 1, "pose": {}}, {"seconds": 3, "pose": 7}]}}})";
    const DocumentState state = read_session(avatar);
    const auto& edits = state.motions->of;
    ASSERT_TRUE(edits.contains("b") && edits.contains("c") && edits.contains("d"));
    EXPECT_FALSE(edits.contains("a"));
    EXPECT_EQ(edits.at("b").retarget->gain[std::size_t(MotionGroup::jaw)], 3);
    EXPECT_EQ(edits.at("b").retarget->gain[std::size_t(MotionGroup::mouth)], 1);
    EXPECT_EQ(edits.at("b").retarget->smoothing, 0);
    EXPECT_GT(edits.at("b").out, edits.at("b").in);
    EXPECT_EQ(edits.at("c").dropped, (std::vector<std::array<int, 2>>{{1, 3}, {7, 8}}));
    EXPECT_EQ(edits.at("d").neutral->sample.weights, std::vector<float>{2});
    EXPECT_FALSE(edits.at("d").neutral->sample.head);
    EXPECT_FALSE(edits.at("e").neutral);
    ASSERT_EQ(state.keys->keys.size(), 1u);
    EXPECT_EQ(state.keys->length, 2);
}

TEST_F(Driver, FramesThatAreLeftOutAreBridgedTakenBackAndSavedWithTheTrack) {
    track.frames[3].pose.controls[0] = 1;  // a frame that went wrong
    ASSERT_TRUE(save_track(file, track));
    open();
    ASSERT_TRUE(studio.execute("reenact.relative", {{"on", false}}));
    ASSERT_NEAR(driven(0.3), 1, 1e-4f);
    ASSERT_TRUE(studio.execute("video.drop"));
    EXPECT_NEAR(driven(0.3), 0.3f, 1e-4f) << "between its neighbours";
    EXPECT_NEAR(studio.motion().duration(), 0.6, 1e-6);
    ASSERT_TRUE(studio.execute("edit.undo"));
    EXPECT_NEAR(driven(0.3), 1, 1e-4f);
    ASSERT_TRUE(studio.execute("video.drop", {{"from", 2}, {"to", 5}}));
    ASSERT_TRUE(studio.execute("video.take_back", {{"from", 2}, {"to", 2}}));
    EXPECT_EQ(studio.motions().edit().dropped, (std::vector<std::array<int, 2>>{{3, 6}}));
    EXPECT_NEAR(driven(0.5), 0.2f, 1e-4f) << "at the end the last one that counts stays";
    EXPECT_FALSE(studio.execute("video.drop", {{"from", 0}, {"to", 5}})) << "one must stay";
    EXPECT_FALSE(studio.execute("video.drop", {{"from", 9}}));
    bench.run("video.save_track", {{"path", (folder.path / "less.track").string()}});
    const auto saved = load_track(folder.path / "less.track");
    ASSERT_TRUE(saved);
    EXPECT_EQ(saved->tracked_count(), 3u);
    EXPECT_EQ(saved->frames[4].state, dropped);
    // Opened again it begins without them, and they can be taken back.
    bench.run("file.open", {{"path", (folder.path / "less.track").string()}});
    EXPECT_EQ(studio.motions().edit().dropped, (std::vector<std::array<int, 2>>{{3, 6}}));
    ASSERT_TRUE(studio.execute("reenact.relative", {{"on", false}}));
    ASSERT_TRUE(studio.execute("video.take_back", {{"from", 4}, {"to", 5}}));
    EXPECT_NEAR(driven(0.5), 0.5f, 1e-4f);
}

TEST_F(Driver, PlaysBetweenInAndOut) {
    open();
    ASSERT_TRUE(studio.execute("reenact.relative", {{"on", false}}));
    ASSERT_TRUE(studio.execute("motion.in", {{"seconds", 0.2}}));
    ASSERT_TRUE(studio.execute("motion.out", {{"seconds", 0.4}}));
    driven(0);
    ASSERT_TRUE(studio.execute("motion.play"));
    EXPECT_NEAR(studio.motion().time(), 0.2, 1e-9) << "begins at the in point";
    *bench.time += 0.25;
    studio.drain();
    EXPECT_NEAR(studio.motion().time(), 0.25, 1e-6) << "and again";
    EXPECT_NEAR(studio.motion().played(), 0.2, 1e-9);
    EXPECT_NEAR(studio.motions().poses()(0).controls[studio.document().model()->control("jawOpen")], 0.2f, 0.02f);
    ASSERT_TRUE(studio.execute("motion.loop", {{"on", false}}));
    *bench.time += 3;
    studio.drain();
    EXPECT_FALSE(studio.motion().playing());
    EXPECT_NEAR(studio.motion().time(), 0.3, 1e-6) << "the last pose of the part";
    ASSERT_TRUE(studio.execute("motion.in", {{"seconds", 0.5}}));
    EXPECT_NEAR(studio.motion().out(), 0.6, 1e-6) << "an out point before it is gone";
    ASSERT_TRUE(studio.execute("motion.whole"));
    EXPECT_EQ(studio.motion().in(), 0);
    EXPECT_FALSE(studio.execute("motion.whole"));
    ASSERT_TRUE(studio.execute("edit.undo"));
    EXPECT_NEAR(studio.motion().in(), 0.5, 1e-9);
}

TEST_F(Driver, WhatPlaysIsSavedAsARecordingThatMovesTheSame) {
    open();
    ASSERT_TRUE(studio.execute("reenact.gain", {{"group", "jaw"}, {"value", 1.5}}));
    ASSERT_TRUE(studio.execute("motion.in", {{"seconds", 0.1}}));
    const float jaw = shown(0.4), blink = shown(0.4, "eyeBlinkLeft");
    const int head = studio.document().model()->joints.head;
    const Eigen::Vector3f turned = studio.shown_pose().joints.col(head);
    bench.run("motion.save", {{"path", (folder.path / "played.json").string()}});
    bench.run("motion.open", {{"path", (folder.path / "played.json").string()}});
    EXPECT_NEAR(studio.motion().duration(), 0.5, 1e-3);
    EXPECT_NEAR(shown(0.3), jaw, 1e-4f);
    EXPECT_NEAR(shown(0.3, "eyeBlinkLeft"), blink, 1e-4f);
    EXPECT_TRUE(studio.shown_pose().joints.col(head).isApprox(turned, 1e-3f));
    // As it is shown while it plays, with what is done to it meanwhile.
    ASSERT_TRUE(studio.execute("motion.record"));
    EXPECT_FALSE(studio.execute("motion.record"));
    ASSERT_TRUE(studio.execute("motion.play"));
    for (int i = 0; i < 4; ++i) {
        *bench.time += 0.05;
        if (i == 2) {
            ASSERT_TRUE(studio.execute("motion.offset", {{"name", "jawOpen"}, {"value", 1.0}}));
        }
        studio.drain();
    }
    ASSERT_TRUE(studio.execute("motion.record", {{"on", false}}));
    bench.run("motion.save", {{"path", (folder.path / "taken.json").string()}});
    const auto taken = load_motion(folder.path / "taken.json");
    ASSERT_TRUE(taken) << taken.error().message;
    ASSERT_EQ(taken->frame_count(), 4u);
    EXPECT_NEAR(taken->times[3], 0.15, 1e-3);
    const auto at = [&](std::size_t f) {
        const auto name = std::find(taken->names.begin(), taken->names.end(), "jawOpen") - taken->names.begin();
        return taken->weights[f * taken->names.size() + std::size_t(name)];
    };
    EXPECT_LT(at(1), 0.9f);
    EXPECT_FLOAT_EQ(at(3), 1);
}

TEST(KeyPoses, BlendWithoutOvershootAndRestOutside) {
    const auto model = ball_head(1);
    const int jaw = model->control("jawOpen"), head = model->joints.head;
    KeyPoses poses;
    const auto key = [&](double seconds, float open, float turn) {
        HeadPose pose = HeadPose::neutral(*model);
        pose.controls[jaw] = open;
        pose.joints(1, head) = turn;
        ASSERT_TRUE(poses.put(seconds, pose));
    };
    key(1, 0, 0);
    key(3, 1, 0.3f);
    key(2, 0.9f, 0.1f);
    key(6, 0, 0);
    EXPECT_EQ(poses.length, 6);
    const KeyedMotion motion(*model, poses);
    PoseSample sample;
    float last = -1;
    for (double t = 0; t <= 7; t += 0.01) {
        ASSERT_TRUE(motion.sample(t, sample));
        const float open = sample.weights[std::size_t(jaw)];
        EXPECT_GE(open, -1e-6f);
        EXPECT_LE(open, 1 + 1e-6f);
        if (t <= 3) {
            EXPECT_GE(open, last - 1e-6f) << t;
        }
        last = open;
    }
    motion.sample(2, sample);
    EXPECT_NEAR(sample.weights[std::size_t(jaw)], 0.9f, 1e-5f) << "through each key";
    EXPECT_NEAR(sample.head->y(), 0.1f, 1e-5f);
    motion.sample(0, sample);
    EXPECT_EQ(sample.weights[std::size_t(jaw)], 0);
    EXPECT_FALSE(KeyedMotion(*model, {}).sample(1, sample));
    poses.move(poses.at(2), 3);
    EXPECT_EQ(poses.keys.size(), 3u) << "it takes the other's place";
    EXPECT_FLOAT_EQ(poses.keys[poses.at(3)].pose.controls[jaw], 0.9f);
}

TEST_F(Driver, KeyPosesAreMadePlayedUndoneAndSaved) {
    open_avatar();
    EXPECT_FALSE(studio.execute("key.play")) << "there are none";
    ASSERT_TRUE(studio.execute("pose.set_expression", {{"name", "jawOpen"}, {"value", 0.8}}));
    ASSERT_TRUE(studio.execute("key.add"));
    EXPECT_EQ(studio.motions().kind(), MotionKind::keys);
    ASSERT_TRUE(studio.execute("motion.seek", {{"seconds", 2.0}}));
    EXPECT_FLOAT_EQ(shown(2), 0.8f);
    ASSERT_TRUE(studio.execute("pose.set_expression", {{"name", "jawOpen"}, {"value", 0.2}}));
    ASSERT_TRUE(studio.execute("key.add"));
    EXPECT_FALSE(studio.motions().has_offset()) << "it is in the key";
    EXPECT_FLOAT_EQ(shown(2), 0.2f);
    EXPECT_FLOAT_EQ(shown(0), 0.8f);
    EXPECT_NEAR(shown(1), 0.5f, 1e-4f);
    ASSERT_TRUE(studio.execute("key.move", {{"from", 2.0}, {"to", 4.0}}));
    EXPECT_NEAR(shown(2), 0.5f, 1e-4f);
    ASSERT_TRUE(studio.execute("edit.undo"));
    EXPECT_FLOAT_EQ(shown(2), 0.2f);
    EXPECT_FALSE(studio.execute("key.remove", {{"seconds", 3.0}}));
    EXPECT_FALSE(studio.execute("reenact.gain", {{"group", "jaw"}, {"value", 2.0}}));
    const std::string saved = (folder.path / "keys.likeness").string();
    bench.run("file.save_as", {{"path", saved}});
    ASSERT_TRUE(studio.execute("key.remove", {{"seconds", 2.0}}));
    ASSERT_TRUE(studio.execute("motion.close"));
    bench.run("file.open", {{"path", saved}, {"discard", true}});
    ASSERT_EQ(studio.document().state.keys->keys.size(), 2u);
    ASSERT_TRUE(studio.execute("key.play"));
    EXPECT_TRUE(studio.motion().playing());
    EXPECT_NEAR(shown(1), 0.5f, 1e-4f);
}

// Frames of which each is as bright as its number says.
TEST(VideoPictures, AreThoseOfTheTimeThatIsLookedAt) {
    const TemporaryFolder folder("video_pictures");
    const auto video = folder.path / "grey.mp4";
    auto writer = VideoWriter::create(video, 64, 48, 25);
    ASSERT_TRUE(writer);
    for (int n = 0; n < 100; ++n) ASSERT_TRUE((*writer)->add(Image(64, 48, 3, 0.1f + 0.008f * float(n))));
    ASSERT_TRUE((*writer)->finish());
    VideoPictures pictures(video, 4, [] {});
    const auto wait_for = [&](const auto& found) {
        for (int i = 0; i < 20'000 && !found(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return found();
    };
    const auto number = [](const VideoPictures::Shown& shown) { return (shown.picture.pixels[0] - 0.1f) / 0.008f; };
    // Forwards, far on, back, a step back, behind the end.
    for (const double seconds : {0.0, 0.04, 0.2, 3.0, 0.48, 0.44, 0.4, 9.0}) {
        const float wanted = float(std::min(std::round(seconds * 25), 99.0));
        EXPECT_TRUE(wait_for([&] {
            const auto shown = pictures.at(seconds);
            return shown && std::abs(number(*shown) - wanted) < 0.6f;
        })) << seconds;
    }
    for (const std::size_t i : {std::size_t(0), VideoPictures::along - 1}) {
        ASSERT_TRUE(wait_for([&] { return pictures.small(i) != nullptr; }));
        EXPECT_NEAR(number(*pictures.small(i)), (float(i) + 0.5f) * 100 / float(VideoPictures::along), 1.2f);
    }
    EXPECT_EQ(pictures.problem(), "");
    VideoPictures missing(folder.path / "none.mp4", 1, [] {});
    EXPECT_TRUE(wait_for([&] { return !missing.problem().empty(); }));
    EXPECT_FALSE(missing.at(0));
}

}  // namespace
}  // namespace likeness::test

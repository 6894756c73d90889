// Real heads and networks: a video that drives while it is tracked, frames that are fitted again, a camera that ends.
#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "core/head/head_registry.h"
#include "core/image/load.h"
#include "core/image/ops.h"
#include "core/image/save.h"
#include "core/media/video_writer.h"
#include "core/pipeline/live_driver.h"
#include "tests/head/head_fixtures.h"
#include "tests/studio/studio_fixtures.h"
#include "tests/tracking/synthetic_portrait.h"

namespace likeness::test {
namespace {

namespace fs = std::filesystem;

class DriveVideo : public testing::Test {
  protected:
    void SetUp() override { bench.run("file.open", {{"path", save_ball(folder.path / "a.likeness").string()}}); }
    // The sample portrait through a window that moves.
    Image window(int n) const {
        return resize(crop(sample, 90 + int(std::lround(20 * std::sin(0.4 * n))), 0, 300, 300), 240, 240);
    }
    void put_pictures(const fs::path& place, int count) {
        fs::create_directory(place);
        for (int n = 0; n < count; ++n)
            ASSERT_TRUE(save_png(place / (std::to_string(1000 + n) + ".png"), window(n), {.compression = 1}));
    }
    const LiveDriver* live() const { return dynamic_cast<const LiveDriver*>(studio.motions().recorded().get()); }
    // Tracking takes long beside other work.
    bool wait_for(const std::function<bool()>& what) {
        for (int minutes = 0; minutes < 10; minutes += 2)
            if (bench.settle_until(what)) return true;
        return false;
    }
    bool said(const std::string& words) {
        const auto all = studio.messages().newer_than();
        return std::any_of(all.begin(), all.end(),
                           [&](const Message& m) { return m.text.find(words) != std::string::npos; });
    }

    const Image sample = *load_image(fs::path(LIKENESS_SAMPLE_FOLDER) / "astronaut.png");
    TemporaryFolder folder{"drive_video"};
    StudioBench bench{folder.path, true, real_head()};
    Studio& studio = *bench.studio;
};

TEST_F(DriveVideo, TheAvatarMovesWhileItsVideoIsTrackedAndGoesOnAtTheSameMoment) {
    const fs::path place = folder.path / "somebody";
    put_pictures(place, 50);
    ASSERT_TRUE(studio.execute("reenact.folder", {{"path", place.string()}}));
    ASSERT_TRUE(wait_for([&] { return studio.driver().provisional(); }));
    EXPECT_TRUE(studio.driver().tracking());
    EXPECT_EQ(studio.motions().kind(), MotionKind::tracked);
    EXPECT_TRUE(studio.motions().options().relative);
    EXPECT_TRUE(said("drives already"));
    EXPECT_FALSE(studio.execute("reenact.calibrate"));
    const HeadPose first = studio.shown_pose();
    float moved = 0;
    double seen = 0;
    ASSERT_TRUE(wait_for([&] {
        if (const LiveDriver* driver = live()) {
            seen = driver->seconds();
            moved = std::max(moved, (studio.shown_pose().joints - first.joints).norm());
        }
        return studio.driver().driving() != nullptr;
    }));
    EXPECT_GT(moved, 0.01f) << "it follows, frame by frame";
    EXPECT_GT(seen, 0.2);
    EXPECT_EQ(studio.driver().driving()->track->tracked_count(), 50u);
    EXPECT_GE(studio.motion().time(), seen - studio.driver().driving()->begin - 1e-6) << "no jump back";
    EXPECT_TRUE(studio.motion().playing());
    EXPECT_EQ(studio.motions().name(), "somebody");
    EXPECT_TRUE(said("now the finished track drives"));
    EXPECT_FALSE(live());

    // Tracked once more it goes on playing meanwhile; another one that is cancelled leaves nothing behind.
    ASSERT_TRUE(studio.execute("video.retrack"));
    studio.drain();
    EXPECT_TRUE(studio.driver().driving());
    ASSERT_TRUE(studio.execute("task.cancel_all"));
    ASSERT_TRUE(bench.settle());
    const fs::path other = folder.path / "other";
    put_pictures(other, 200);
    ASSERT_TRUE(studio.execute("reenact.folder", {{"path", other.string()}}));
    ASSERT_TRUE(wait_for([&] { return studio.driver().provisional(); }));
    ASSERT_TRUE(studio.execute("motion.close"));
    ASSERT_TRUE(bench.settle());
    EXPECT_FALSE(studio.motion().loaded()) << "nobody drives any more, and nothing is tracked for that";
    EXPECT_FALSE(studio.driver().tracking());
    EXPECT_EQ(bench.take_error(), "");
}

TEST_F(DriveVideo, FramesAreFittedAgainUndoneAndKeptWithTheAvatar) {
    const HeadModel& model = *real_head();
    Random random{5};
    const SyntheticPortrait portrait = synthetic_portrait(0, random);
    FaceTrack track;
    track.video = "somebody.mp4";
    track.width = portrait.camera.width;
    track.height = portrait.camera.height;
    track.focal = portrait.camera.fx;
    track.rate = 25;
    track.head = head_hash(model);
    track.controls = model.control_names;
    track.joints = model.joint_names;
    track.identity = portrait.identity;
    track.offsets.setZero(3, model.vertex_count());
    track.of_controls.setZero(3 * model.vertex_count(), model.control_count());
    const PersonalHead person = track.person(model);
    const int jaw = model.control("jawOpen");
    for (int i = 0; i < 9; ++i) {
        TrackedFrame& frame = track.frames.emplace_back();
        frame.seconds = i / 25.0;
        frame.state = FrameState::tracked;
        frame.pose = HeadPose::neutral(model);
        frame.pose.controls[jaw] = 0.08f * float(i);
        frame.world_to_camera = portrait.camera.world_to_camera;
        frame.error = 0.004f;
        frame.landmarks = project_landmarks(model, pose_head(model, person, frame.pose).vertices, track.camera(frame));
    }
    track.frames[4].pose = HeadPose::neutral(model);  // went wrong
    track.frames[4].error = 0.05f;
    track.frames[7].state = FrameState::other_person;  // was mistaken
    const fs::path file = folder.path / "somebody.track";
    ASSERT_TRUE(save_track(file, track));
    bench.run("file.open", {{"path", file.string()}});
    ASSERT_TRUE(studio.driver().driving()) << bench.take_error();
    ASSERT_TRUE(studio.execute("motion.pause"));
    const auto frame = [&](std::size_t i) -> const TrackedFrame& {
        return studio.driver().driving()->track->frames[i];
    };
    const auto driven = [&](double seconds) {
        EXPECT_TRUE(studio.execute("motion.seek", {{"seconds", seconds}}));
        return studio.motion().source()->track()->weights[std::size_t(
            std::lround(25 * seconds) * model.control_count() + jaw)];
    };
    EXPECT_NEAR(driven(0.16), 0, 1e-4f);
    bench.run("video.refit", {{"doubtful", true}});
    EXPECT_LT(frame(4).error, 0.006f);
    EXPECT_NEAR(driven(0.16), 0.32f, 0.1f);
    EXPECT_EQ(frame(7).state, FrameState::other_person) << "it was not asked for";
    EXPECT_TRUE(said("1 fit better now"));
    EXPECT_NEAR(studio.motion().time(), 0.16, 1e-6) << "time stays";
    bench.run("video.refit", {{"from", 7}, {"to", 8}});
    EXPECT_EQ(frame(7).state, FrameState::tracked);
    bench.run("edit.undo");
    EXPECT_EQ(frame(7).state, FrameState::other_person);
    EXPECT_LT(frame(4).error, 0.006f);
    bench.run("edit.undo");
    EXPECT_FLOAT_EQ(frame(4).error, 0.05f);
    EXPECT_NEAR(driven(0.16), 0, 1e-4f);
    bench.run("edit.redo");
    EXPECT_LT(frame(4).error, 0.006f);

    const std::string saved = (folder.path / "b.likeness").string();
    bench.run("file.save_as", {{"path", saved}});
    bench.run("motion.close");
    bench.run("file.open", {{"path", saved}});
    bench.run("file.open", {{"path", file.string()}});
    EXPECT_LT(frame(4).error, 0.006f) << "as the avatar has it";
    EXPECT_FALSE(studio.execute("video.refit", {{"doubtful", true}})) << "none is left";
    bench.run("video.drop", {{"from", 4}});
    bench.run("video.refit", {{"from", 4}});
    EXPECT_TRUE(studio.motions().edit().dropped.empty()) << "fitted again, it counts again";

    track.head = "another";
    ASSERT_TRUE(save_track(folder.path / "other.track", track));
    bench.run("file.open", {{"path", (folder.path / "other.track").string()}});
    const Status refused = studio.execute("video.refit", {{"from", 4}});
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("another head"), std::string::npos) << refused.error().message;
    EXPECT_TRUE(studio.motions().edit().refitted.empty());
}

// As if it were unplugged: what was recorded stays, the avatar keeps the last pose, and it is said.
TEST_F(DriveVideo, ACameraThatEndsWhileItIsRecordedLosesNothing) {
    const fs::path video = folder.path / "camera.mp4";
    auto writer = VideoWriter::create(video, 240, 240, 25);
    ASSERT_TRUE(writer);
    for (int n = 0; n < 75; ++n) ASSERT_TRUE((*writer)->add(window(n)));
    ASSERT_TRUE((*writer)->finish());
    ASSERT_TRUE(studio.execute("reenact.camera", {{"device", "lavfi:movie=" + video.string()}}));
    ASSERT_TRUE(bench.settle_until([&] { return live() && live()->arrived() > 0; })) << bench.take_error();
    ASSERT_TRUE(studio.execute("motion.record"));
    ASSERT_TRUE(bench.settle_until([&] {
        *bench.time += 0.001;
        return studio.camera().camera() == nullptr;
    }));
    EXPECT_TRUE(said("has ended"));
    EXPECT_TRUE(studio.motion().loaded()) << "the avatar keeps the last pose";
    ASSERT_GE(studio.motions().take().poses.size(), 2u);
    const std::size_t taken = studio.motions().take().poses.size();
    ASSERT_TRUE(studio.execute("motion.record", {{"on", false}}));
    bench.run("motion.save", {{"path", (folder.path / "taken.json").string()}});
    const auto track = load_motion(folder.path / "taken.json");
    ASSERT_TRUE(track) << track.error().message;
    EXPECT_EQ(track->frame_count(), taken);
    EXPECT_EQ(bench.take_error(), "");
}

}  // namespace
}  // namespace likeness::test

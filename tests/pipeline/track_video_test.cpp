#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>

#include "core/pipeline/driver.h"
#include "core/pipeline/kept_looks.h"
#include "core/pipeline/video_looks.h"
#include "core/pipeline/video_stamp.h"
#include "tests/pipeline/window_video.h"

namespace likeness::test {
namespace {

namespace fs = std::filesystem;

using TrackVideoTest = WindowVideo;

TEST_F(TrackVideoTest, AFaceIsFollowedThroughAGapAndACut) {
    for (int i = 0; i < 6; ++i) add(window(70 + 4 * i, 0));
    add(Image(240, 240, 3));  // nothing to see
    for (int i = 0; i < 5; ++i) add(window(110 - 3 * i, 10));
    const auto track = this->track({.looks = 2});
    ASSERT_TRUE(track) << track.error().message;
    ASSERT_EQ(track->frames.size(), 12u);
    EXPECT_EQ(track->tracked_count(), 11u);
    EXPECT_EQ(track->frames[6].state, FrameState::no_face);
    EXPECT_TRUE(track->frames[6].cut);
    EXPECT_TRUE(track->frames[7].cut);
    EXPECT_EQ(track->frames[6].pose, track->frames[5].pose);  // stays where it was
    const HeadModel& model = *tools().head;
    const PersonalHead person = track->person(model);
    for (std::size_t i = 0; i < 12; ++i) {
        const TrackedFrame& frame = track->frames[i];
        if (frame.state != FrameState::tracked) continue;
        EXPECT_LT(frame.error, 0.01f) << i;
        const Vertices posed = pose_head(model, person, frame.pose).vertices;
        EXPECT_LT(landmark_error(model, posed, track->camera(frame), frame.landmarks), 0.012f) << i;
    }
    // The window moves by 4 of 300 pixels: 3.2 of 240 a frame, all of it the camera's or torso's, none the head's.
    const auto turn = [&](std::size_t i) { return track->frames[i].pose.joints.col(model.joints.head); };
    EXPECT_LT((turn(5) - turn(0)).norm(), 0.06f);
    EXPECT_FALSE(track->notes.empty());
}

TEST_F(TrackVideoTest, StepsTimesAndPartsOfTheVideo) {
    for (int i = 0; i < 8; ++i) add(window(80, 0));
    const auto some = track({.step = 2, .begin = 0.07, .looks = 2});
    ASSERT_TRUE(some) << some.error().message;
    ASSERT_EQ(some->frames.size(), 3u);  // frames 2, 4, 6 of 25 a second
    EXPECT_NEAR(some->frames[0].seconds, 0.08, 1e-9);
    EXPECT_DOUBLE_EQ(some->rate, 12.5);
    const auto part = track({.crop = std::array{20, 10, 210, 200}, .looks = 2});
    ASSERT_TRUE(part) << part.error().message;
    EXPECT_EQ(part->width, 210);
    EXPECT_NEAR(part->frames[0].landmarks[1].x() + 20, some->frames[0].landmarks[1].x(), 1.5f);
}

TEST_F(TrackVideoTest, ThreeFramesAreEnoughAndAFaceThatAppearsIsFound) {
    const auto pale = [&] { return Image(240, 240, 3, 0.6f); };
    for (int i = 0; i < 3; ++i) add(window(80, 0));
    const auto three = track({.looks = 1});
    ASSERT_TRUE(three) << three.error().message;
    EXPECT_EQ(three->tracked_count(), 3u);
    // It fades in: no cut.
    count_ = 0;
    for (int i = 0; i < 17; ++i) {
        Image frame = pale();
        const float share = std::clamp(float(i - 2) / 8, 0.0f, 1.0f);
        const Image face = window(80, 0);
        for (std::size_t k = 0; k < frame.pixels.size(); ++k)
            frame.pixels[k] += share * (face.pixels[k] - frame.pixels[k]);
        add(frame);
    }
    const auto appears = track({.looks = 1});
    ASSERT_TRUE(appears) << appears.error().message;
    EXPECT_EQ(appears->frames[0].state, FrameState::no_face);
    EXPECT_EQ(appears->frames[0].pose, std::find_if(appears->frames.begin(), appears->frames.end(), [](const auto& f) {
                                           return f.state == FrameState::tracked;
                                       })->pose);
    EXPECT_EQ(appears->frames[16].state, FrameState::tracked);
    EXPECT_TRUE(std::any_of(appears->notes.begin(), appears->notes.end(),
                            [](const std::string& note) { return note.find("may be missing") != std::string::npos; }));
}

TEST_F(TrackVideoTest, WhatWasSeenIsKeptWhenTheFitIsCancelled) {
    for (int i = 0; i < 4; ++i) add(window(80 + 3 * i, 0));
    const TemporaryFolder kept("track_video_kept");
    const TrackOptions options{.looks = 1, .keep_in = kept.path};
    Progress* cancelled = nullptr;
    Progress progress([&](double done, const std::string&) {
        if (done > 0.6) cancelled->cancel();
    });
    cancelled = &progress;
    EXPECT_THROW((void)track_video(tools(), folder_.path, options, progress), Cancelled);
    EXPECT_FALSE(fs::is_empty(kept.path));
    std::size_t looked = 0;
    Progress again(
        [&](double done, const std::string& stage) { looked += done < 0.6 && stage == "Following the face"; });
    const auto track = track_video(tools(), folder_.path, options, again);
    ASSERT_TRUE(track) << track.error().message;
    EXPECT_EQ(track->tracked_count(), 4u);
    EXPECT_EQ(looked, 0u);
    EXPECT_TRUE(fs::is_empty(kept.path));
}

TEST_F(TrackVideoTest, WhatAnotherProgramGoesOnFromIsLeftToIt) {
    for (int i = 0; i < 4; ++i) add(window(80 + 3 * i, 0));
    const TemporaryFolder kept("track_video_shared");
    const TrackOptions options{.looks = 1, .keep_in = kept.path};
    const auto interrupted = [&] {
        Progress* cancelled = nullptr;
        Progress progress([&](double done, const std::string&) {
            if (done > 0.6) cancelled->cancel();
        });
        cancelled = &progress;
        EXPECT_THROW((void)track_video(tools(), folder_.path, options, progress), Cancelled);
        return std::count_if(fs::directory_iterator(kept.path), fs::directory_iterator(),
                             [](const auto& file) { return file.path().extension() == ".looks"; });
    };
    {
        Progress unseen;
        const auto lock = lock_looks(tools(), folder_.path, options, unseen);
        ASSERT_TRUE(lock);
        EXPECT_EQ(interrupted(), 0);
        const auto track = track_video(tools(), folder_.path, options, unseen);
        EXPECT_TRUE(track) << "it is tracked all the same";
    }
    EXPECT_EQ(interrupted(), 1);
    EXPECT_EQ(std::distance(fs::directory_iterator(kept.path), fs::directory_iterator()), 1) << "no lock is left";
}

TEST(KeptLooks, GoByAgeAndSizeButNotWhileTheyAreInUse) {
    const TemporaryFolder kept("kept_looks_old");
    const auto put = [&](const char* name, int hours, std::size_t bytes) {
        const fs::path file = kept.path / name;
        std::ofstream(file) << std::string(bytes, 'x');
        fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(hours));
        return file;
    };
    const fs::path month = put("month.looks", 24 * 32, 10), large = put("large.looks", 3, 900),
                   used = put("used.looks", 24 * 40, 10), fresh = put("fresh.looks", 1, 300),
                   middle = put("middle.looks", 2, 600), killed = put("killed.looks.lock", 5, 0),
                   other = put("other.txt", 24 * 99, 10);
    const auto lock = LooksLock::take(used);
    ASSERT_TRUE(lock);
    EXPECT_FALSE(LooksLock::take(used));
    clear_old_looks(kept.path, 1000);
    EXPECT_FALSE(fs::exists(month));
    EXPECT_FALSE(fs::exists(large)) << "the oldest beyond what there may be in all";
    EXPECT_FALSE(fs::exists(killed));
    for (const fs::path& file : {used, fresh, middle, other}) EXPECT_TRUE(fs::exists(file)) << file;
}

TEST_F(TrackVideoTest, ATrackKnowsItsVideo) {
    add(window(80, 0));
    FaceTrack track;
    track.video = folder_.path.filename().string();
    track.video_stamp = stamp_of(folder_.path);
    EXPECT_FALSE(track.video_stamp.empty());
    EXPECT_TRUE(track_is_of(track, folder_.path));
    const fs::path file = folder_.path / "frame_0.png", copy = folder_.path / "other name.png";
    fs::copy_file(file, copy);
    EXPECT_EQ(track_is_of(track, folder_.path).error().code, ErrorCode::bad_input);  // a picture more
    track.video = "frame_0.png";
    track.video_stamp = stamp_of(file);
    EXPECT_TRUE(track_is_of(track, copy));
    add(window(90, 0));
    const Status other = track_is_of(track, folder_.path / "frame_1.png");
    ASSERT_FALSE(other);
    EXPECT_NE(other.error().message.find("frame_0.png"), std::string::npos);
    EXPECT_NE(other.error().message.find("frame_1.png"), std::string::npos);
    EXPECT_FALSE(track_is_of(track, folder_.path / "none.mp4"));
}

TEST_F(TrackVideoTest, WhatCannotBeTrackedIsSaid) {
    EXPECT_EQ(track().error().code, ErrorCode::bad_input);  // an empty folder
    add(Image(240, 240, 3));
    const auto none = track();
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::bad_input);
    EXPECT_NE(none.error().message.find(folder_.path.string()), std::string::npos);
    count_ = 0;
    add(window(80, 0));
    EXPECT_EQ(track({.face = 4, .looks = 2}).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(track({.crop = std::array{0, 0, 4000, 40}}).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(track({.begin = 2, .end = 1}).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(track({.begin = 100}).error().code, ErrorCode::bad_input);
    Progress progress;
    EXPECT_EQ(track_video(tools(), folder_.path / "none.mp4", {}, progress).error().code, ErrorCode::not_found);
    progress.cancel();
    EXPECT_THROW((void)track_video(tools(), folder_.path, {}, progress), Cancelled);
}

TEST(TrackRealVideo, FitsTheDetectorAndFindsTheTorso) {
    const fs::path video = test_data("videos/liveportrait_d9.mp4");
    if (!fs::exists(video))
        GTEST_SKIP() << "The test videos are not here; set LIKENESS_TEST_DATA to the folder that has them.";
    Progress progress;
    const auto track = track_video(tools(), video, {.end = 1.5, .looks = 2}, progress);
    ASSERT_TRUE(track) << track.error().message;
    EXPECT_EQ(track->tracked_count(), track->frames.size());
    EXPECT_TRUE(track->torso_followed);
    std::vector<float> errors;
    for (const TrackedFrame& frame : track->frames) errors.push_back(frame.error);
    std::nth_element(errors.begin(), errors.begin() + std::ptrdiff_t(errors.size() / 2), errors.end());
    EXPECT_LT(errors[errors.size() / 2], 0.008f);
}

TEST(PartToTrack, IsWhatIsWantedAndEnoughForThePerson) {
    const TrackOptions all = part_to_track({.step = 3}, 0, std::numeric_limits<double>::infinity());
    EXPECT_EQ(all.step, 3);
    EXPECT_EQ(all.begin, 0);
    EXPECT_EQ(all.end, std::numeric_limits<double>::infinity());
    const TrackOptions middle = part_to_track({}, 100, 104);
    EXPECT_DOUBLE_EQ(middle.begin, 92);
    EXPECT_DOUBLE_EQ(middle.end, 112);
    const TrackOptions early = part_to_track({}, 1, 3);
    EXPECT_DOUBLE_EQ(early.begin, 0);
    EXPECT_DOUBLE_EQ(early.end, 20);
    const TrackOptions wide = part_to_track({}, 100, 400);
    EXPECT_DOUBLE_EQ(wide.begin, 98);
    EXPECT_DOUBLE_EQ(wide.end, 402);
}

}  // namespace
}  // namespace likeness::test

#include "core/pipeline/live_tracker.h"

#include "core/media/frame_source.h"
#include "tests/pipeline/window_video.h"

namespace likeness::test {
namespace {

using LiveTrackerTest = WindowVideo;

float missed(const LiveTracker& live, const TrackedFrame& frame) {
    const HeadModel& model = *tools().head;
    const Vertices posed = pose_head(model, live.about().person(model), frame.pose).vertices;
    return landmark_error(model, posed, live.about().camera(frame), frame.landmarks);
}

TEST_F(LiveTrackerTest, AnswersEachFrameAndSaysWhatIsThere) {
    LiveTracker live(tools(), {.in_place = true});
    const Image nothing(240, 240, 3);
    double seconds = 0;
    const auto next = [&](const Image& frame) {
        auto answer = live.next(frame, seconds += 0.04);
        EXPECT_TRUE(answer) << answer.error().message;
        EXPECT_TRUE(answer->world_to_camera.allFinite() && answer->pose.controls.allFinite());
        EXPECT_EQ(answer->seconds, seconds);
        return *answer;
    };
    // It may begin without anybody.
    EXPECT_EQ(next(nothing).state, FrameState::no_face);
    EXPECT_EQ(live.person_fits(), 0);
    TrackedFrame seen = next(window(90, 0));
    EXPECT_EQ(seen.state, FrameState::tracked);
    EXPECT_TRUE(seen.cut);
    const TrackedFrame first = seen;
    seen = next(window(90, 0));
    EXPECT_EQ(live.person_fits(), 1);
    // The person's own head takes over: it comes by small steps to where it must be.
    EXPECT_LT((seen.world_to_camera - first.world_to_camera).cwiseAbs().maxCoeff(), 0.01f);
    for (int i = 0; i < 20; ++i) {
        const TrackedFrame before = seen;
        seen = next(window(90, 0));
        EXPECT_LT((seen.pose.controls - before.pose.controls).cwiseAbs().maxCoeff(), 0.15f) << i;
        EXPECT_LT((seen.world_to_camera - before.world_to_camera).cwiseAbs().maxCoeff(), 0.05f) << i;
    }
    EXPECT_LT(seen.error, 0.006f);
    EXPECT_LT(missed(live, seen), 0.012f);
    EXPECT_GT((seen.pose.controls - first.pose.controls).cwiseAbs().maxCoeff(), 0.4f);
    EXPECT_GT((seen.world_to_camera - first.world_to_camera).cwiseAbs().maxCoeff(), 0.1f);

    const TrackedFrame lost = next(nothing);
    EXPECT_EQ(lost.state, FrameState::no_face);
    EXPECT_EQ(lost.pose, seen.pose);
    EXPECT_EQ(lost.world_to_camera, seen.world_to_camera);
    EXPECT_EQ(next(window(100, 10)).state, FrameState::tracked);
}

TEST_F(LiveTrackerTest, SaysThatSomebodyElseIsThere) {
    LiveTracker live(tools(), {.in_place = true});
    double seconds = 0;
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(live.next(window(90, 0), seconds += 0.04));
    // Somebody with a face half as long.
    const Image other = resize(crop(sample_, 90, 0, 300, 300), 240, 150);
    Image frame(240, 240, 3, 0.9f);
    for (int y = 0; y < 150; ++y) std::copy_n(other.at(0, y), 3 * 240, frame.at(0, y + 40));
    const auto stranger = live.next(frame, seconds += 0.04);
    ASSERT_TRUE(stranger);
    EXPECT_EQ(stranger->state, FrameState::other_person);
    live.begin_anew();
    const auto own = live.next(frame, seconds += 0.04);
    ASSERT_TRUE(own);
    EXPECT_EQ(own->state, FrameState::tracked);
}

TEST_F(LiveTrackerTest, IsTheSameEachTimeInPlace) {
    const auto run = [&] {
        LiveTracker live(tools(), {.in_place = true});
        TrackedFrame last;
        for (int i = 0; i < 5; ++i) last = *live.next(window(80 + 4 * i, 0), 0.04 * i);
        return last;
    };
    const TrackedFrame a = run(), b = run();
    EXPECT_EQ(a.pose, b.pose);
    EXPECT_EQ(a.world_to_camera, b.world_to_camera);
}

TEST_F(LiveTrackerTest, FramesDoNotWaitForFits) {
    LiveTracker live(tools());
    ASSERT_TRUE(live.next(window(90, 0), 0));
    for (int i = 1; live.person_fits() == 0 && i < 5000; ++i) ASSERT_TRUE(live.next(window(90, 0), 0.04 * i));
    EXPECT_EQ(live.person_fits(), 1);
    EXPECT_EQ(live.next(Image(240, 240, 1), 300).error().code, ErrorCode::invalid_argument);
    // Another size begins anew.
    ASSERT_TRUE(live.next(resize(window(90, 0), 200, 200), 301));
    EXPECT_EQ(live.person_fits(), 0);
    EXPECT_EQ(live.about().width, 200);
}

}  // namespace
}  // namespace likeness::test

#include "core/motion/tracked_motion.h"

#include <gtest/gtest.h>

#include "tests/tracking/small_track.h"

namespace likeness::test {
namespace {

constexpr FrameState tracked = FrameState::tracked, lost = FrameState::no_face;

TEST(TrackedMotion, TimeBeginsWithTheFirstTrackedFrameAndShortGapsAreMixed) {
    const MotionTrack motion = motion_of(small_track({lost, tracked, lost, tracked}), nullptr);
    ASSERT_EQ(motion.frame_count(), 3u);
    EXPECT_DOUBLE_EQ(motion.times[0], 0);
    EXPECT_NEAR(motion.times[2], 0.2, 1e-9);
    EXPECT_NEAR(motion.weights[0], 0.1f, 1e-6f);
    EXPECT_NEAR(motion.weights[2], 0.2f, 1e-6f);  // between its neighbours
    EXPECT_NEAR(motion.weights[4], 0.3f, 1e-6f);
    EXPECT_NEAR(motion.head[0].y(), 0.2f, 1e-5f);
    EXPECT_NEAR(motion.neck[0].y(), 0.1f, 1e-5f);
    EXPECT_TRUE(motion.face.empty());
    EXPECT_EQ(motion_of(small_track({lost, lost}), nullptr).frame_count(), 0u);
}

TEST(TrackedMotion, BodiesMoveAboutTheMiddleOfTheirShot) {
    FaceTrack track = small_track({tracked, tracked, tracked, tracked, tracked, tracked});
    for (std::size_t i = 0; i < 6; ++i)
        track.frames[i].world_to_camera(0, 3) = 0.01f * float(i % 3) + (i < 3 ? 0 : 5.0f);
    track.frames[3].cut = true;
    const MotionTrack motion = motion_of(track, nullptr);
    ASSERT_EQ(motion.body.size(), 6u);
    for (std::size_t i = 0; i < 6; ++i) {
        EXPECT_NEAR(motion.body[i].shift.x(), 0.01f * (float(i % 3) - 1), 1e-5f) << i;
        EXPECT_TRUE(motion.body[i].turn.isZero(1e-4f));
    }
}

TEST(TrackedMotion, OfMovementsThatUndoEachOtherTheDifferenceIsLeft) {
    FaceTrack track = small_track({tracked});
    track.controls = {"jawLeft", "jawRight"};
    track.frames[0].pose.controls = Eigen::Vector2f(0.7f, 0.5f);
    const MotionTrack motion = motion_of(track, nullptr);
    EXPECT_NEAR(motion.weights[0], 0.2f, 1e-6f);
    EXPECT_NEAR(motion.weights[1], 0, 1e-6f);
}

}  // namespace
}  // namespace likeness::test

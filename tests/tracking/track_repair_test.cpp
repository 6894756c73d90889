#include "core/tracking/track_repair.h"

#include <gtest/gtest.h>

#include "core/geometry/rotation.h"
#include "core/head/head_registry.h"
#include "core/tracking/neck.h"
#include "tests/tracking/synthetic_portrait.h"

namespace likeness::test {
namespace {

// Nine frames of somebody who opens the jaw and turns the head on a torso that is turned a little.
class TrackRepairTest : public ::testing::Test {
  protected:
    void SetUp() override {
        const SyntheticPortrait portrait = synthetic_portrait(0, random);
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
        for (int i = 0; i < 9; ++i) {
            TrackedFrame frame;
            frame.seconds = i / 25.0;
            frame.state = FrameState::tracked;
            frame.pose = HeadPose::neutral(model);
            frame.pose.controls[model.control("jawOpen")] = 0.08f * float(i);
            frame.pose.joints.col(model.joints.neck) = Eigen::Vector3f(0, 0.02f * float(i), 0);
            frame.pose.joints.col(model.joints.head) = Eigen::Vector3f(0.1f, 0.04f * float(i), 0);
            frame.world_to_camera = portrait.camera.world_to_camera;
            frame.world_to_camera.topLeftCorner<3, 3>() *= rotation_matrix({0, 0.05f, 0});
            frame.error = 0.004f;
            frame.landmarks =
                project_landmarks(model, pose_head(model, person, frame.pose).vertices, track.camera(frame));
            track.frames.push_back(frame);
        }
        whole = track;
    }
    float missed(std::size_t i) const {
        const TrackedFrame& frame = track.frames[i];
        return landmark_error(model, pose_head(model, track.person(model), frame.pose).vertices, track.camera(frame),
                              frame.landmarks);
    }

    const HeadModel& model = *real_head();
    Random random{5};
    FaceTrack track, whole;
    Progress progress;
};

TEST_F(TrackRepairTest, TheHeadIsTheSameOnATorsoThatFacesTheCamera) {
    const PersonalHead person = track.person(model);
    HeadFit like;
    like.identity = track.identity;
    const TrackedFrame& frame = track.frames[6];
    const HeadFit fit = facing_fit(model, person, track.camera(frame), frame.pose, like);
    EXPECT_LT(landmark_error(model, pose_head(model, person, fit.pose).vertices, fit.camera, frame.landmarks), 2e-4f);
}

TEST_F(TrackRepairTest, AFrameThatFailedIsFoundAndFittedFromItsNeighbours) {
    TrackedFrame& bad = track.frames[4];
    bad.pose.controls.setConstant(0.7f);
    bad.pose.joints.col(model.joints.head) << 0.3f, -0.5f, 0.2f;
    bad.error = 0.05f;
    EXPECT_EQ(doubtful_frames(track), std::vector<std::size_t>{4});
    const auto changed = refit_frames(model, track, doubtful_frames(track), progress);
    ASSERT_TRUE(changed) << changed.error().message;
    EXPECT_EQ(*changed, 1u);
    EXPECT_LT(track.frames[4].error, 0.004f);
    EXPECT_LT(missed(4), 0.004f);
    EXPECT_NEAR(track.frames[4].pose.controls[model.control("jawOpen")], 0.32f, 0.12f);
    EXPECT_TRUE(doubtful_frames(track).empty());
    // What is better already stays.
    track.frames[4].error = 0;
    const HeadPose pose = track.frames[4].pose;
    EXPECT_EQ(*refit_frames(model, track, std::vector<std::size_t>{4, 99}, progress), 0u);
    EXPECT_EQ(track.frames[4].pose, pose);
}

TEST_F(TrackRepairTest, DroppedFramesHoldTheLastPoseAndComeBack) {
    track.frames[5].state = track.frames[6].state = FrameState::dropped;
    track.frames[0].state = FrameState::no_face;
    hold_untracked(track);
    EXPECT_EQ(track.frames[6].pose, whole.frames[4].pose);
    EXPECT_EQ(track.frames[0].pose, whole.frames[1].pose);
    track.frames[0].landmarks = no_landmarks();
    EXPECT_EQ(*refit_frames(model, track, std::vector<std::size_t>{0, 5, 6}, progress), 2u);
    EXPECT_EQ(track.tracked_count(), 8u);
    EXPECT_LT(missed(6), 0.004f);
    EXPECT_NEAR(track.frames[6].pose.controls[model.control("jawOpen")], 0.48f, 0.12f);
    track.head = "another";
    EXPECT_EQ(refit_frames(model, track, std::vector<std::size_t>{5}, progress).error().code,
              ErrorCode::invalid_argument);
}

TEST_F(TrackRepairTest, NeighboursAreOfTheSameShot) {
    track.frames[4].cut = track.frames[5].cut = true;  // frame 4 is a shot of its own
    track.frames[4].state = FrameState::dropped;
    EXPECT_EQ(*refit_frames(model, track, std::vector<std::size_t>{4}, progress), 0u);
    EXPECT_EQ(track.frames[4].state, FrameState::dropped);
}

}  // namespace
}  // namespace likeness::test

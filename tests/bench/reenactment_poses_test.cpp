#include "bench/reenactment_poses.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/geometry/rotation.h"
#include "tests/tracking/synthetic_portrait.h"

namespace likeness::bench {
namespace {

// Somebody who turns head and torso each in its own way; `tracked` and `start` of the same face, the latter by a camera
// of another focal length.
struct Scene {
    PersonalHead person;
    HeadFit start;
    FaceTrack track;
    Scene(float own_focal_over_tracked) {
        const HeadModel& model = *test::real_head();
        test::Random random(5);
        const test::SyntheticPortrait portrait = test::synthetic_portrait(0, random);
        person = personalise(model, portrait.identity);
        start.identity = portrait.identity;
        start.pose = HeadPose::neutral(model);
        start.camera = portrait.camera;
        track.width = portrait.camera.width;
        track.height = portrait.camera.height;
        track.focal = portrait.camera.fx;
        track.identity = portrait.identity;
        track.offsets = Vertices::Zero(3, model.vertex_count());
        track.of_controls = Eigen::MatrixXf::Zero(3 * model.vertex_count(), model.control_count());
        const Eigen::Vector3f neck = person.joint_position.col(model.joints.neck);
        for (int n = 0; n < 8; ++n) {
            const float t = float(n) / 7;
            TrackedFrame frame;
            frame.state = FrameState::tracked;
            frame.pose = HeadPose::neutral(model);
            turn_head(model, t * Eigen::Vector3f(0.1f, -0.3f, 0.05f), frame.pose);
            // The torso turns about the neck's lower end, and moves aside and nearer.
            Eigen::Affine3f motion = Eigen::Affine3f::Identity();
            motion.linear() = rotation_matrix(Eigen::Vector3f(t * Eigen::Vector3f(0.05f, 0.12f, 0.06f)));
            motion.translation() = neck - motion.linear() * neck;
            frame.world_to_camera = portrait.camera.world_to_camera * motion.matrix();
            frame.world_to_camera(0, 3) += 0.02f * t;
            frame.world_to_camera(2, 3) -= 0.03f * t;
            frame.landmarks =
                test::project_landmarks(model, pose_head(model, person, frame.pose).vertices, track.camera(frame));
            track.frames.push_back(frame);
        }
        start.camera.fx = start.camera.fy *= own_focal_over_tracked;
        start.camera.world_to_camera(2, 3) *= own_focal_over_tracked;
    }
    // Root mean square distance in pixels of a region between the last driven frame and the track.
    float apart(const std::vector<DrivenFrame>& driven, HeadRegion region) const {
        const HeadModel& model = *test::real_head();
        const TrackedFrame& truth = track.frames.back();
        const Vertices there = pose_head(model, person, truth.pose).vertices,
                       here = pose_head(model, person, driven.back().pose).vertices;
        float sum = 0, count = 0;
        for (int v = 0; v < model.vertex_count(); ++v) {
            if (model.vertex_region[std::size_t(v)] != region || there(1, v) < -0.25f) continue;
            sum +=
                (track.camera(truth).project(there.col(v)) - driven.back().camera.project(here.col(v))).squaredNorm();
            ++count;
        }
        return std::sqrt(sum / count);
    }
};

TEST(ReenactmentPoses, HeadAndTorsoAreWhereTheTrackHasThem) {
    const Scene scene(1);
    const auto driven = drive(*test::real_head(), scene.person, scene.start, scene.track);
    ASSERT_EQ(driven.size(), scene.track.frames.size());
    const float pixels = float(scene.track.width);
    EXPECT_LT(scene.apart(driven, HeadRegion::lips), 0.004f * pixels);
    EXPECT_LT(scene.apart(driven, HeadRegion::torso), 0.008f * pixels);
    // The torso would be far off if it went with the head.
    HeadFit first = scene.start;
    std::vector<DrivenFrame> still{{true, driven.back().pose, first.camera}};
    EXPECT_GT(scene.apart(still, HeadRegion::torso), 0.03f * pixels);
}

TEST(ReenactmentPoses, AnotherFocalLengthMovesTheTorsoNearlyAsFar) {
    const Scene scene(1.4f);
    const auto driven = drive(*test::real_head(), scene.person, scene.start, scene.track);
    const float pixels = float(scene.track.width);
    EXPECT_LT(scene.apart(driven, HeadRegion::lips), 0.006f * pixels);
    EXPECT_LT(scene.apart(driven, HeadRegion::torso), 0.03f * pixels);
}

TEST(ReenactmentPoses, FramesWithoutAFaceKeepThePose) {
    Scene scene(1);
    scene.track.frames[3].state = FrameState::no_face;
    const auto driven = drive(*test::real_head(), scene.person, scene.start, scene.track);
    EXPECT_FALSE(driven[3].tracked);
    EXPECT_TRUE(driven[3].pose == driven[2].pose);
    EXPECT_TRUE(driven[4].tracked);
    EXPECT_FALSE(driven[4].pose == driven[3].pose);
}

}  // namespace
}  // namespace likeness::bench

// Detector and landmarks on the sample picture: sizes, places, turns, mirror symmetry, nothing to find.
#include <gtest/gtest.h>

#include <cmath>

#include "core/vision/mesh_indices.h"
#include "tests/vision/test_pictures.h"

namespace likeness {
namespace {

using test::astronaut;
using test::models;

TEST(FaceDetector, FindsTheOneFace) {
    const auto faces = models().detect_faces(astronaut());
    ASSERT_TRUE(faces) << faces.error().message;
    ASSERT_EQ(faces->size(), 1u);
    const FaceDetection& face = faces->front();
    EXPECT_GT(face.score, 0.8f);
    EXPECT_NEAR((face.low.x() + face.high.x()) / 2, 224, 10);
    EXPECT_NEAR((face.low.y() + face.high.y()) / 2, 125, 15);
    EXPECT_NEAR(face.size(), 103, 15);
    EXPECT_LT(face.keypoints[0].x(), face.keypoints[1].x());  // the person's right eye is left in the picture
    EXPECT_LT(face.keypoints[0].y(), face.keypoints[3].y());
}

TEST(FaceDetector, SaysSoWhenThereIsNone) {
    const auto faces = models().detect_faces(Image(300, 200, 3, 0.4f));
    ASSERT_FALSE(faces);
    EXPECT_EQ(faces.error().code, ErrorCode::not_found);
    EXPECT_NE(faces.error().message.find("No face was found"), std::string::npos);
    EXPECT_FALSE(models().detect_faces(Image()));
    EXPECT_FALSE(models().find_landmarks(Image(300, 200, 3, 0.4f)));
}

// The face's box is 103 pixels of the sample's 512.
struct Placement {
    int width, height;
    float scale, angle;
};
class PlacedFace : public testing::TestWithParam<Placement> {};

TEST_P(PlacedFace, LandmarksFollow) {
    const Placement p = GetParam();
    const auto truth = models().find_landmarks(astronaut(), {.crops = 8});
    ASSERT_TRUE(truth);
    // The face, about (224, 128) of the sample, comes to lie a little off the picture's middle.
    const float c = std::cos(p.angle) * p.scale, s = std::sin(p.angle) * p.scale;
    const float x = 0.52f * float(p.width) - (c * -32 - s * -128), y = 0.55f * float(p.height) - (s * -32 + c * -128);
    const Image picture = test::place(astronaut(), p.width, p.height, x, y, p.scale, p.angle);
    const auto found = models().find_landmarks(picture, {.crops = 4});
    ASSERT_TRUE(found) << found.error().message;
    double error = 0;
    for (std::size_t i = 0; i < FaceLandmarks::count; ++i) {
        const Eigen::Vector2f from = truth->point(i) - Eigen::Vector2f(256, 256);
        const Eigen::Vector2f expected(x + c * from.x() - s * from.y(), y + s * from.x() + c * from.y());
        error += double((found->point(i) - expected).norm()) / FaceLandmarks::count;
    }
    EXPECT_LT(error / double(truth->eye_distance() * p.scale), 0.04);
}

INSTANTIATE_TEST_SUITE_P(Placements, PlacedFace,
                         testing::Values(Placement{512, 512, 1.0f, 0.35f}, Placement{512, 512, 1.0f, -0.75f},
                                         Placement{512, 512, 1.0f, 0.75f}, Placement{1400, 900, 0.8f, 0.0f},
                                         Placement{3000, 2000, 1.2f, 0.0f}, Placement{700, 700, 3.0f, 0.0f}));

TEST(FaceLandmarks, ABoxTooSmallAndTurnedIsTriedAgain) {
    auto faces = models().detect_faces(astronaut());
    ASSERT_TRUE(faces);
    FaceDetection face = faces->front();
    const Eigen::Vector2f middle = (face.low + face.high) / 2, half = (face.high - face.low) * 0.23f;
    face.low = middle - half;
    face.high = middle + half;
    face.keypoints[1] = face.keypoints[0] + Eigen::Vector2f(30, 30);
    auto finder = LandmarkFinder::load();
    ASSERT_TRUE(finder);
    const auto once = (*finder)->find_in(astronaut(), landmark_crop(face));
    ASSERT_TRUE(once);
    ASSERT_LT(once->score, LandmarkOptions{}.least_score) << "not the case that this test is about";
    const auto found = (*finder)->find(astronaut(), face);
    ASSERT_TRUE(found) << found.error().message;
    const auto usual = models().find_landmarks(astronaut());
    ASSERT_TRUE(usual);
    EXPECT_LT((found->point(mesh::nose_tip) - usual->point(mesh::nose_tip)).norm(), 0.06f * usual->eye_distance());
}

TEST(FaceLandmarks, FaceThatFillsAndLeavesThePicture) {
    // Forehead and chin cut off.
    const Image big = test::place(astronaut(), 220, 160, 110 + 64, 80 + 256, 2.0f);
    const auto found = models().find_landmarks(big);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_GT(found->outside, 0.02f);
    EXPECT_LT(found->outside, 0.9f);
}

TEST(FaceLandmarks, MirroredPictureGivesMirroredPoints) {
    const LandmarkOptions options{.crops = 8};
    const auto one = models().find_landmarks(astronaut(), options);
    const auto other = models().find_landmarks(test::mirrored(astronaut()), options);
    ASSERT_TRUE(one && other);
    const float unit = one->eye_distance();
    for (const auto& [a, b] :
         {std::pair<mesh::Index, mesh::Index>{33, 263}, {61, 291}, {468, 473}, {1, 1}, {152, 152}}) {
        const Eigen::Vector2f flipped(512 - other->point(b).x(), other->point(b).y());
        EXPECT_LT((one->point(a) - flipped).norm(), 0.06f * unit) << "point " << a;
    }
}

TEST(FaceLandmarks, IrisesLieBetweenTheLidsAndZPointsAway) {
    const auto found = models().find_landmarks(astronaut());
    ASSERT_TRUE(found);
    EXPECT_GT(found->score, 0.9f);
    EXPECT_EQ(found->outside, 0.0f);
    EXPECT_GT(found->point(468).x(), found->point(mesh::right_eye_outer).x());
    EXPECT_LT(found->point(468).x(), found->point(mesh::right_eye_inner).x());
    EXPECT_GT(found->point(473).x(), found->point(mesh::left_eye_inner).x());
    EXPECT_LT(found->point(473).x(), found->point(mesh::left_eye_outer).x());
    EXPECT_LT(found->points[mesh::nose_tip].z(), found->points[mesh::left_cheek].z());
    EXPECT_FLOAT_EQ(found->points[468].z(), found->points[472].z());
}

TEST(FaceLandmarks, FollowingStaysAndLosesWhatIsGone) {
    auto found = models().find_landmarks(astronaut());
    ASSERT_TRUE(found);
    const auto next = models().follow_landmarks(astronaut(), *found);
    ASSERT_TRUE(next);
    EXPECT_LT((next->point(mesh::nose_tip) - found->point(mesh::nose_tip)).norm(), 0.03f * found->eye_distance());
    const auto lost = models().follow_landmarks(Image(512, 512, 3, 0.2f), *found);
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code, ErrorCode::not_found);
}

TEST(FaceLandmarks, GreyAndAlphaChannelsWork) {
    Image grey(512, 512, 1), alpha(512, 512, 4, 1.0f);
    for (std::size_t i = 0; i < grey.pixels.size(); ++i) {
        const float* p = astronaut().pixels.data() + i * std::size_t(astronaut().channels);
        grey.pixels[i] = (p[0] + p[1] + p[2]) / 3;
        std::copy_n(p, 3, alpha.pixels.data() + 4 * i);
    }
    EXPECT_TRUE(models().find_landmarks(grey));
    EXPECT_TRUE(models().find_landmarks(alpha));
}

}  // namespace
}  // namespace likeness

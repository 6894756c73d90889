// Against MediaPipe's own landmarks (mediapipe_reference.json, written by tools/vision/make_reference.py).
#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/vision/test_pictures.h"

namespace likeness {
namespace {

struct Difference {
    float median, largest;  // pixels at the scale where the network's region is 512 pixels wide
};

Difference difference(const FaceLandmarks& found, const nlohmann::json& points, float scale) {
    std::vector<float> errors;
    for (std::size_t i = 0; i < FaceLandmarks::count; ++i) {
        const Eigen::Vector2f p(points[i][0].get<float>(), points[i][1].get<float>());
        errors.push_back((found.point(i) - p).norm() * scale);
    }
    std::sort(errors.begin(), errors.end());
    return {errors[errors.size() / 2], errors.back()};
}

// MediaPipe's whole way, from the picture to the points: our detector, region, networks and operators do the same.
void expect_same_landmarks(const std::string& name, const Image& picture, const nlohmann::json& entry) {
    ASSERT_EQ(picture.width, entry["width"].get<int>()) << name;
    const auto number = [&](std::size_t i) { return entry["region"][i].get<float>(); };
    const Crop region{{number(0), number(1)}, {number(2), number(3)}, number(4)};
    const float scale = 512 / region.size.x();
    const auto faces = test::models().detect_faces(picture, {.least_score = 0.3f, .as_mediapipe = true});
    ASSERT_TRUE(faces) << name;
    const Crop own = landmark_crop(faces->front());
    EXPECT_LT((own.centre - region.centre).norm() * scale, 1.0f) << name;
    EXPECT_NEAR(own.size.x() / region.size.x(), 1, 2e-3) << name;
    EXPECT_NEAR(own.angle, region.angle, 2e-3) << name;
    const auto same = test::models().find_landmarks(picture, faces->front(), {.refinements = 0, .as_mediapipe = true});
    ASSERT_TRUE(same) << name;
    const Difference alike = difference(*same, entry["points"], scale);
    EXPECT_LT(alike.median, 0.5f) << name;
    EXPECT_LT(alike.largest, 2.0f) << name;
    // What the program uses looks again, closer and more than once, and corrects MediaPipe's half pixel.
    const auto usual = test::models().find_landmarks(picture, {.crops = 8});
    ASSERT_TRUE(usual) << name;
    const Difference further = difference(*usual, entry["points"], scale);
    EXPECT_LT(further.median, 3.0f) << name;
    std::printf("%-34s MediaPipe's way: median %.2f, max %.2f px; ours: median %.2f, max %.2f px\n", name.c_str(),
                double(alike.median), double(alike.largest), double(further.median), double(further.largest));
}

nlohmann::json table() {
    nlohmann::json entries;
    std::ifstream(std::string(LIKENESS_VISION_TESTS) + "/mediapipe_reference.json") >> entries;
    return entries;
}

TEST(MediaPipeReference, SameLandmarksOnTheSample) {
    expect_same_landmarks("astronaut.png", test::astronaut(), table()["astronaut.png"]);
}

TEST(MediaPipeReference, SameLandmarksOnEveryPortrait) {
    const auto data = test::test_data();
    if (!data) GTEST_SKIP() << "The test portraits are not here; set LIKENESS_TEST_DATA to the folder that has them.";
    const nlohmann::json entries = table();
    ASSERT_EQ(entries.size(), 11u);
    for (const auto& [name, entry] : entries.items())
        expect_same_landmarks(name, test::load(*data / "portraits" / name), entry);
}

// How far a landmark moves on the face when the photograph is shifted, turned and scaled a little: the root of the mean
// square over points and copies, in eye distances.
template <class Find>
float scatter(Find find) {
    constexpr int copies = 8;
    std::vector<std::array<Eigen::Vector2f, FaceLandmarks::count>> found;
    for (int k = 0; k < copies; ++k) {
        const float phase = 0.8f * float(k), angle = 0.1f * std::sin(2.1f * phase), scale = 1 + 0.1f * std::cos(phase);
        const Eigen::Vector2f middle(256 + 7 * std::sin(3 * phase), 256 + 7 * std::cos(1.7f * phase));
        const auto face = find(test::place(test::astronaut(), 512, 512, middle.x(), middle.y(), scale, angle));
        if (!face) return 1;
        auto& points = found.emplace_back();
        const Eigen::Rotation2Df back(-angle);
        for (std::size_t i = 0; i < points.size(); ++i) points[i] = back * (face->point(i) - middle) / scale;
    }
    float sum = 0, eyes = 0;
    for (std::size_t i = 0; i < FaceLandmarks::count; ++i) {
        Eigen::Vector2f mean = Eigen::Vector2f::Zero();
        for (const auto& points : found) mean += points[i] / float(copies);
        for (const auto& points : found) sum += (points[i] - mean).squaredNorm();
    }
    for (const auto& p : found)
        eyes += (p[FaceLandmarks::right_iris] - p[FaceLandmarks::left_iris]).norm() / float(copies);
    return std::sqrt(sum / float(copies * FaceLandmarks::count)) / eyes;
}

TEST(MediaPipeReference, OursAreSteadier) {
    const float theirs = scatter([](const Image& picture) -> Result<FaceLandmarks> {
        const auto faces = test::models().detect_faces(picture, {.least_score = 0.3f, .as_mediapipe = true});
        if (!faces) return faces.error();
        return test::models().find_landmarks(picture, faces->front(), {.refinements = 0, .as_mediapipe = true});
    });
    const auto with_crops = [](int crops) {
        return scatter([&](const Image& picture) { return test::models().find_landmarks(picture, {.crops = crops}); });
    };
    const float once = with_crops(1), often = with_crops(8);
    std::printf("scatter in eye distances: MediaPipe's way %.4f, ours %.4f, over eight crops %.4f\n", double(theirs),
                double(once), double(often));
    EXPECT_LT(theirs, 0.03f);
    EXPECT_LT(once, 0.9f * theirs);
    EXPECT_LT(often, 0.5f * theirs);
}

}  // namespace
}  // namespace likeness

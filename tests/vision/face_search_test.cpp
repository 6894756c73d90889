// Which faces a photograph shows for sure: turned, small, in large pictures; what only looks like a face is told apart.
#include "core/vision/face_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/image/ops.h"
#include "core/vision/mesh_indices.h"
#include "core/vision/statue.h"
#include "tests/vision/test_pictures.h"

namespace likeness {
namespace {

using test::astronaut;
using test::models;

constexpr float degree = std::numbers::pi_v<float> / 180;

std::vector<JudgedFace> found_in(const Image& picture) {
    auto faces = models().search_faces(picture);
    EXPECT_TRUE(faces) << faces.error().message;
    return faces ? *std::move(faces) : std::vector<JudgedFace>();
}

std::vector<JudgedFace> sure_in(const Image& picture) {
    std::vector<JudgedFace> faces = found_in(picture);
    std::erase_if(faces, [](const JudgedFace& face) { return !face.sure(); });
    return faces;
}

float roll(const JudgedFace& face) {
    const Eigen::Vector2f eyes =
        face.landmarks.point(mesh::left_eye_outer) - face.landmarks.point(mesh::right_eye_outer);
    return std::atan2(eyes.y(), eyes.x()) / degree;
}

float turned_by(float a, float b) { return std::abs(std::remainder(a - b, 360.0f)); }

// Colored noise of several sizes: a ground that is nowhere flat.
Image noise(int width, int height) {
    Image picture(width, height, 3);
    unsigned state = 1;
    for (const int cell : {64, 16, 4}) {
        const int columns = width / cell + 2, rows = height / cell + 2;
        Image coarse(columns, rows, 3);
        for (float& value : coarse.pixels) {
            state = state * 1664525u + 1013904223u;
            value = 0.33f * float(state >> 8) / float(1 << 24);
        }
        const Image fine = resize(coarse, width, height);
        for (std::size_t i = 0; i < picture.pixels.size(); ++i) picture.pixels[i] += fine.pixels[i];
    }
    return picture;
}

void paste(const Image& part, int x, int y, Image& picture) {
    for (int v = 0; v < part.height; ++v)
        for (int u = 0; u < part.width; ++u) std::copy_n(part.at(u, v), 3, picture.at(x + u, y + v));
}

TEST(FaceSearch, WhatTheFirstLookFindsStaysToTheBit) {
    const auto before = models().detect_faces(astronaut());
    ASSERT_TRUE(before);
    const auto landmarks = models().find_landmarks(astronaut(), before->front(), {.crops = 8});
    ASSERT_TRUE(landmarks);
    const auto faces = found_in(astronaut());
    ASSERT_EQ(faces.size(), 1u);
    EXPECT_TRUE(faces[0].sure());
    EXPECT_EQ(faces[0].detection.low, before->front().low);
    EXPECT_EQ(faces[0].detection.high, before->front().high);
    for (std::size_t i = 0; i < FaceLandmarks::count; ++i)
        ASSERT_EQ(faces[0].landmarks.points[i], landmarks->points[i]) << i;
    EXPECT_EQ(turns_upright(faces[0].landmarks), 0);
}

class TurnedPicture : public testing::TestWithParam<int> {};

TEST_P(TurnedPicture, ShowsTheSameFaceTurned) {
    const float angle = float(GetParam());
    const auto upright = found_in(astronaut());
    const Image picture = test::place(astronaut(), 760, 760, 380, 380, 1, angle * degree);
    const auto faces = sure_in(picture);
    ASSERT_EQ(faces.size(), 1u);
    EXPECT_LT(turned_by(roll(faces[0]), roll(upright[0]) + angle), 8);
    const Eigen::Vector2f from = upright[0].landmarks.point(mesh::nose_tip) - Eigen::Vector2f(256, 256);
    const float c = std::cos(angle * degree), s = std::sin(angle * degree);
    const Eigen::Vector2f nose(380 + c * from.x() - s * from.y(), 380 + s * from.x() + c * from.y());
    EXPECT_LT((faces[0].landmarks.point(mesh::nose_tip) - nose).norm(), 0.1f * faces[0].size());
    // Turned upright, the eyes are level within 45 degrees and the same pixels lie under the same points.
    const int turns = turns_upright(faces[0].landmarks);
    const JudgedFace turned = turn_quarters(faces[0], turns, picture.width, picture.height);
    EXPECT_LE(std::abs(roll(turned)), 46);
    const Image level = turn_quarters(picture, turns);
    const auto pixel = [](const Image& image, const Eigen::Vector2f& p) { return image.at(int(p.x()), int(p.y()))[1]; };
    for (const mesh::Index index : {mesh::nose_tip, mesh::chin, mesh::left_eye_outer})
        EXPECT_EQ(pixel(level, turned.landmarks.point(index)), pixel(picture, faces[0].landmarks.point(index)));
    EXPECT_LT(turned.detection.low.x(), turned.detection.high.x());
}

INSTANTIATE_TEST_SUITE_P(Degrees, TurnedPicture, testing::Values(30, 60, 65, 90, 120, 150, 180, 210, 240, 270, 300));

// Eyes and mouth of an upside-down face look like a face whose score is as high as a real one's.
TEST(FaceSearch, AScoreAloneTellsNothing) {
    const Image picture = turn_quarters(astronaut(), 2);
    const auto seen = models().detect_faces(picture);
    ASSERT_TRUE(seen) << "not the case that this test is about";
    for (const FaceDetection& face : *seen) {
        const auto landmarks = models().find_landmarks(picture, face, {.crops = 8});
        if (landmarks) {
            EXPECT_GT(landmarks->scatter, JudgedFace::most_doubt / 2);
        }
    }
    const auto faces = sure_in(picture);
    ASSERT_EQ(faces.size(), 1u);
    EXPECT_EQ(turns_upright(faces[0].landmarks), 2);
}

TEST(FaceSearch, A48PixelFaceIsFoundInALargePicture) {
    const auto upright = found_in(astronaut());
    const float scale = 48 / upright[0].detection.size();
    for (const int turns : {0, 2}) {
        Image picture = noise(3600, 2400);
        const int side = int(std::lround(512 * scale));
        paste(turn_quarters(resize(astronaut(), side, side), turns), 2300, 1700, picture);
        const auto faces = sure_in(picture);
        ASSERT_GE(faces.size(), 1u) << turns;
        Eigen::Vector2f place = scale * 0.5f * (upright[0].detection.low + upright[0].detection.high);
        if (turns == 2) place = Eigen::Vector2f::Constant(float(side)) - place;
        const Eigen::Vector2f middle = 0.5f * (faces[0].detection.low + faces[0].detection.high);
        EXPECT_LT((middle - place - Eigen::Vector2f(2300, 1700)).norm(), 10);
        EXPECT_NEAR(faces[0].detection.size(), 48, 7);
        EXPECT_EQ(turns_upright(faces[0].landmarks), turns);
    }
}

// In a picture of many metres a face behind the sitter's shoulder is too small for the first look.
TEST(FaceSearch, AFaceBesideTheSitterIsFoundInAWidePicture) {
    Image picture(3000, 1000, 3, 0.5f);
    paste(resize(astronaut(), 400, 400), 1600, 100, picture);  // the sitter's face: 80 pixels of 3000
    paste(resize(astronaut(), 200, 200), 1800, 80, picture);
    auto faces = found_in(picture);
    std::erase_if(faces, [](const JudgedFace& face) { return face.size() < 70; });
    ASSERT_EQ(faces.size(), 1u);
    ASSERT_TRUE(models().search_beside(picture, 0, faces));
    ASSERT_EQ(faces.size(), 2u);
    EXPECT_TRUE(faces[1].sure());
    EXPECT_NEAR(faces[1].size(), 0.5f * faces[0].size(), 5);
    auto alone = found_in(astronaut());
    ASSERT_TRUE(models().search_beside(astronaut(), 0, alone));
    EXPECT_EQ(alone.size(), 1u);
}

TEST(FaceSearch, ALargePictureCanBeLeft) {
    struct Enough {};
    const FaceSearch search{.progress = [](double share) {
        if (share > 0) throw Enough();
    }};
    EXPECT_THROW((void)models().search_faces(noise(2600, 2600), search), Enough);
}

TEST(FaceSearch, NothingIsNoFace) {
    EXPECT_TRUE(found_in(Image(300, 200, 3, 0.4f)).empty());
    EXPECT_TRUE(sure_in(noise(500, 400)).empty());
}

// Grey all over the head in a picture with colors: stone. Grey everywhere: a black-and-white photograph.
TEST(Statue, IsOfOneColorWhereOthersAre) {
    const auto faces = found_in(astronaut());
    ASSERT_EQ(faces.size(), 1u);
    const FaceLandmarks& face = faces[0].landmarks;
    EXPECT_FALSE(looks_like_statue(astronaut(), face));
    Image stone = astronaut(), grey = astronaut();
    for (int y = 0; y < 512; ++y)
        for (int x = 0; x < 512; ++x) {
            const float* p = astronaut().at(x, y);
            const float light = (p[0] + p[1] + p[2]) / 3;
            std::fill_n(grey.at(x, y), 3, light);
            if (x > 150 && x < 300 && y < 210) std::fill_n(stone.at(x, y), 3, light);
        }
    EXPECT_TRUE(looks_like_statue(stone, face));
    EXPECT_FALSE(looks_like_statue(grey, face));
}

// Of many people: one face each, upright, none refused; the same upside down.
TEST(FaceSearch, PortraitsOfManyPeople) {
    const auto data = test::test_data();
    if (!data) GTEST_SKIP() << "The test portraits are not here; set LIKENESS_TEST_DATA to the folder that has them.";
    std::vector<std::filesystem::path> files;
    for (const char* folder : {"bank/us", "bank/canada", "bank/london", "portraits"}) {
        std::vector<std::filesystem::path> all;
        if (std::filesystem::is_directory(*data / folder))
            for (const auto& entry : std::filesystem::directory_iterator(*data / folder))
                if (entry.path().extension() != ".csv") all.push_back(entry.path());
        std::sort(all.begin(), all.end());
        const std::size_t step = std::max<std::size_t>(all.size() / 12, 1);
        for (std::size_t i = 0; i < all.size(); i += step) files.push_back(all[i]);
    }
    if (files.size() < 40) GTEST_SKIP() << "The bank of portraits is not here.";
    std::size_t upright = 0, upside_down = 0;
    for (std::size_t i = 0; i < files.size(); ++i) {
        const Image picture = resize_longer_side(test::load(files[i]), 600);
        const auto faces = sure_in(picture);
        const bool one = faces.size() == 1 && turns_upright(faces[0].landmarks) == 0;
        upright += one;
        EXPECT_TRUE(one) << files[i];
        if (one) {
            EXPECT_FALSE(looks_like_statue(picture, faces[0].landmarks)) << files[i];
        }
        if (i % 4 != 0) continue;
        const auto turned = sure_in(turn_quarters(picture, 2));
        upside_down += !turned.empty() && turns_upright(turned[0].landmarks) == 2;
    }
    EXPECT_EQ(upright, files.size());
    EXPECT_EQ(upside_down, (files.size() + 3) / 4);
}

}  // namespace
}  // namespace likeness

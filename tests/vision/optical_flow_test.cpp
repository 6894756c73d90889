#include "core/vision/optical_flow.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/vision/clothes_points.h"

namespace likeness::test {
namespace {

// Waves of several lengths and directions, shifted.
Image cloth(int width, int height, const Eigen::Vector2f& shift) {
    Image image(width, height, 1);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            const float u = float(x) - shift.x(), v = float(y) - shift.y();
            *image.at(x, y) = 0.5f + 0.15f * std::sin(0.31f * u + 0.12f * v) + 0.12f * std::sin(0.05f * u - 0.23f * v) +
                              0.1f * std::sin(0.09f * v + 0.02f * u * std::sin(0.03f * v));
        }
    return image;
}

TEST(OpticalFlow, FindsAPointThatMovedFarAndByFractions) {
    const FlowPyramid first(cloth(200, 160, {0, 0}));
    for (const Eigen::Vector2f& shift :
         {Eigen::Vector2f(0.4f, -0.3f), Eigen::Vector2f(5.25f, 3.5f), Eigen::Vector2f(-9, 2)}) {
        const FlowPyramid second(cloth(200, 160, shift));
        for (const Eigen::Vector2f& at : {Eigen::Vector2f(60, 50), Eigen::Vector2f(120.5f, 90.25f)}) {
            const auto found = first.find(second, at, at);
            ASSERT_TRUE(found);
            EXPECT_LT((*found - at - shift).norm(), 0.08f) << shift.transpose();
        }
    }
}

TEST(OpticalFlow, AnEdgeMovesAcrossAndNotAlong) {
    const auto edge = [](float at) {
        Image image(120, 120, 1);
        for (int y = 0; y < 120; ++y)
            for (int x = 0; x < 120; ++x) *image.at(x, y) = 1 / (1 + std::exp((at - float(x)) / 1.5f));
        return FlowPyramid(image);
    };
    const FlowPyramid first = edge(60), second = edge(63);
    const auto found = first.find(second, {60.5f, 60.5f}, {60.5f, 60.5f});
    ASSERT_TRUE(found);
    EXPECT_NEAR(found->x(), 63.5f, 0.2f);
    EXPECT_NEAR(found->y(), 60.5f, 0.2f);
}

TEST(OpticalFlow, WhatIsNotThereAnyMoreIsNotFound) {
    const FlowPyramid first(cloth(120, 120, {0, 0}));
    Image other(120, 120, 1);
    for (std::size_t i = 0; i < other.pixels.size(); ++i) other.pixels[i] = i % 7 < 3 ? 1.0f : 0.0f;
    EXPECT_FALSE(first.find(FlowPyramid(other), {60, 60}, {60, 60}));
    EXPECT_FALSE(first.find(FlowPyramid(cloth(120, 120, {0, 0})), {60, 60}, {400, 60}));  // beside the picture
}

TEST(ClothesPoints, LieBelowTheFaceAndGoWithTheCloth) {
    const auto frame = [](const Eigen::Vector2f& shift) {
        const Image grey = cloth(240, 240, shift);
        Image color(240, 240, 3);
        for (std::size_t i = 0; i < grey.pixels.size(); ++i)
            for (std::size_t c = 0; c < 3; ++c) color.pixels[3 * i + c] = grey.pixels[i];
        return color;
    };
    FaceLandmarks face;
    face.low = {90, 20};
    face.high = {150, 100};
    Image person(60, 60, 1);
    for (float& p : person.pixels) p = 1;
    ClothesPoints clothes;
    EXPECT_TRUE(clothes.next(frame({0, 0}), false).empty());
    EXPECT_TRUE(clothes.wants_more());
    clothes.add(person, face);
    EXPECT_FALSE(clothes.wants_more());
    const std::vector<ClothesPoint> before = clothes.next(frame({0, 0}), false);
    ASSERT_GE(before.size(), 60u);
    for (const ClothesPoint& p : before) EXPECT_GT(p.at.y(), 100);
    const std::vector<ClothesPoint> after = clothes.next(frame({2, -1.5f}), false);
    ASSERT_GE(after.size(), 50u);
    for (const ClothesPoint& p : after) {
        const auto same =
            std::find_if(before.begin(), before.end(), [&](const auto& b) { return b.number == p.number; });
        ASSERT_NE(same, before.end());
        const Eigen::Vector2f missed = p.at - same->at - Eigen::Vector2f(2, -1.5f);
        EXPECT_LT(std::sqrt(missed.dot(p.sureness * missed)), 0.3f);
    }
    EXPECT_TRUE(clothes.next(frame({2, -1.5f}), true).empty());  // a cut
}

}  // namespace
}  // namespace likeness::test

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/image/ops.h"
#include "make_pictures.h"

namespace likeness::test {
namespace {

TEST(Filter, ResizeKeepsPixelCentres) {
    const Image picture = gradient(120, 90);
    for (const auto& [w, h] : {std::pair{60, 45}, {37, 31}, {240, 180}, {60, 200}, {200, 40}}) {
        const Image resized = resize(picture, w, h);
        Image expected = gradient(w, h);
        // The outermost pixels of an enlarged picture repeat the border.
        double worst = 0.0;
        for (int y = 4; y < h - 4; ++y)
            for (int x = 4; x < w - 4; ++x)
                for (int c = 0; c < 3; ++c)
                    worst = std::max(worst, std::abs(double(resized.at(x, y)[c]) - double(expected.at(x, y)[c])));
        EXPECT_LT(worst, 0.006) << w << " x " << h;
    }
    EXPECT_EQ(resize_longer_side(picture, 40).height, 30);
    EXPECT_THROW(resize(Image(), 3, 3), std::invalid_argument);
    EXPECT_THROW(resize(picture, 0, 3), std::invalid_argument);
}

TEST(Filter, ResizeStaysInRangeAndWeighsAlpha) {
    Image picture(8, 8, 4);
    for (int y = 0; y < 8; ++y)
        for (int x = 4; x < 8; ++x)
            for (int c = 0; c < 4; ++c) picture.at(x, y)[c] = 1.0f;
    const Image larger = resize(picture, 50, 50);
    for (const float value : larger.pixels) ASSERT_TRUE(value >= 0.0f && value <= 1.0f);
    // Where anything is visible it is white.
    for (std::size_t i = 0; i < larger.pixels.size(); i += 4)
        if (larger.pixels[i + 3] > 0.01f) {
            ASSERT_NEAR(larger.pixels[i], 1.0f, 0.02f);
        }
}

TEST(Filter, CropRepeatsTheBorder) {
    const Image picture = gradient(10, 8);
    const Image outside = crop(picture, -3, -2, 20, 15);
    EXPECT_EQ(outside.at(0, 0)[0], picture.at(0, 0)[0]);
    EXPECT_EQ(outside.at(3, 2)[1], picture.at(0, 0)[1]);
    EXPECT_EQ(outside.at(8, 6)[2], picture.at(5, 4)[2]);
    EXPECT_EQ(outside.at(19, 14)[0], picture.at(9, 7)[0]);
    const int far = std::numeric_limits<int>::max() - 3;
    EXPECT_EQ(crop(picture, far, -far, 4, 4).at(3, 3)[0], picture.at(9, 0)[0]);
}

TEST(Filter, BlurKeepsConstantsAndSpreads) {
    for (const float value : gaussian_blur(Image(20, 20, 3, 0.3f), 2.5f).pixels) ASSERT_NEAR(value, 0.3f, 1e-5f);
    Image dot(41, 41, 1);
    dot.at(20, 20)[0] = 1.0f;
    const Image blurred = gaussian_blur(dot, 3.0f);
    EXPECT_NEAR(blurred.at(20, 20)[0], 1.0 / (2.0 * 3.14159265 * 9.0), 3e-4);
    EXPECT_NEAR(blurred.at(23, 20)[0] / blurred.at(20, 20)[0], std::exp(-0.5), 0.01);
    EXPECT_EQ(gaussian_blur(dot, 0.0f).pixels, dot.pixels);
}

TEST(Filter, WarpFollowsTheMap) {
    const Image picture = gradient(64, 64);
    const Image same = warp_affine(picture, {1, 0, 0, 0, 1, 0}, 64, 64);
    EXPECT_LT(largest_difference(same, picture), 1e-6);
    // Turned by 30 degrees about the middle, and back.
    const float c = std::cos(0.5235988f), s = std::sin(0.5235988f);
    const Affine2x3 turn = {c, -s, 32 - 32 * c + 32 * s, s, c, 32 - 32 * s - 32 * c};
    const Affine2x3 back = invert(turn);
    const Image there = warp_affine(picture, turn, 64, 64);
    EXPECT_NEAR(there.at(40, 30)[0], (c * 40.5f - s * 30.5f + turn[2]) / 64.0f, 0.005f);
    const Image again = warp_affine(there, back, 64, 64);
    EXPECT_NEAR(again.at(32, 40)[1], picture.at(32, 40)[1], 0.01f);
    EXPECT_THROW(invert({1, 2, 0, 2, 4, 0}), std::invalid_argument);
    EXPECT_THROW(warp_affine(picture, {std::nanf(""), 0, 0, 0, 1, 0}, 4, 4), std::invalid_argument);
    const Image black = warp_affine(picture, {1, 0, -100, 0, 1, 0}, 64, 64, Border::zero);
    EXPECT_EQ(black.at(10, 10)[0], 0.0f);
}

TEST(Filter, WarpDoesNotAliasWhenReducing) {
    // Stripes of one pixel: any reduction must see grey.
    Image stripes(512, 512, 1);
    for (int y = 0; y < 512; ++y)
        for (int x = 0; x < 512; x += 2) stripes.at(x, y)[0] = 1.0f;
    for (const float scale : {2.0f, 2.7f, 4.0f, 7.3f, 13.0f}) {
        const int side = static_cast<int>(512.0f / scale);
        const Image small = warp_affine(stripes, {scale, 0, 0, 0, scale, 0}, side, side);
        for (int y = 1; y + 1 < side; ++y)
            for (int x = 1; x + 1 < side; ++x) ASSERT_NEAR(small.at(x, y)[0], 0.5f, 0.2f) << scale;
    }
    // Far and slanted: still where it belongs.
    const Image picture = gradient(512, 512);
    const Image small = warp_affine(picture, {8, 1, 10, -1, 8, 20}, 32, 32);
    EXPECT_NEAR(small.at(10, 12)[0], (8 * 10.5f + 12.5f + 10) / 512.0f, 0.005f);
    EXPECT_NEAR(small.at(10, 12)[1], (-10.5f + 8 * 12.5f + 20) / 512.0f, 0.005f);
}

}  // namespace
}  // namespace likeness::test

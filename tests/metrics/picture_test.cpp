#include "bench/metrics/picture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace likeness::metrics {
namespace {

Image plain(int width, int height, float color, float alpha) {
    Image out(width, height, 4, color);
    for (std::size_t i = 3; i < out.pixels.size(); i += 4) out.pixels[i] = alpha;
    return out;
}

// The pictures of the constants below.
Image waves(bool disturbed) {
    Image out(32, 24, 3);
    for (int y = 0; y < out.height; ++y)
        for (int x = 0; x < out.width; ++x)
            for (int c = 0; c < 3; ++c) {
                const float a = float(0.5 + 0.5 * std::sin(0.37 * x + 0.21 * y + 1.3 * c));
                const double b = 0.9 * double(a) + 0.05 + 0.08 * std::cos(0.9 * x - 0.5 * y);
                out.at(x, y)[c] = disturbed ? float(std::clamp(b, 0.0, 1.0)) : a;
            }
    return out;
}

Image disc() {
    Image out(32, 24, 1);
    for (int y = 0; y < out.height; ++y)
        for (int x = 0; x < out.width; ++x)
            *out.at(x, y) = (x - 10) * (x - 10) + (y - 14) * (y - 14) < 64 ? 1.0f : 0.0f;
    return out;
}

// Made with scikit-image 0.25.2 from a = waves(false), b = waves(true), m = disc():
//   _, map = structural_similarity(a, b, channel_axis=2, gaussian_weights=True, sigma=1.5,
//                                  use_sample_covariance=False, data_range=1, full=True)
//   map.mean(), map[m].mean(), peak_signal_noise_ratio(a, b, data_range=1), -10 log10(mean((a - b)[m]^2))
TEST(Picture, AgreesWithScikitImage) {
    const Image a = waves(false), b = waves(true), all(32, 24, 1, 1.0f);
    EXPECT_NEAR(ssim(a, b, all), 0.931168321113906, 1e-6);
    EXPECT_NEAR(ssim(a, b, disc()), 0.9382270645064575, 1e-6);
    EXPECT_NEAR(psnr(a, b, all), 23.566158747381106, 1e-5);
    EXPECT_NEAR(psnr(a, b, disc()), 23.51197428192169, 1e-5);
}

TEST(Picture, ConstantPicturesFollowTheFormula) {
    const Image a(20, 20, 3, 0.4f), b(20, 20, 3, 0.5f), all(20, 20, 1, 1.0f);
    EXPECT_NEAR(psnr(a, b, all), 20.0, 1e-4);  // -10 log10(0.1^2)
    const double c1 = 1e-4;                    // without variance only the luminance term is left
    EXPECT_NEAR(ssim(a, b, all), (2 * 0.4 * 0.5 + c1) / (0.4 * 0.4 + 0.5 * 0.5 + c1), 1e-6);
}

TEST(Picture, EqualPicturesArePerfect) {
    const Image a = waves(false);
    EXPECT_TRUE(std::isinf(psnr(a, a, disc())));
    EXPECT_NEAR(ssim(a, a, disc()), 1.0, 1e-12);
}

TEST(Picture, NothingToCompareIsNotANumber) {
    const Image a = waves(false), none(32, 24, 1, 0.0f);
    EXPECT_TRUE(std::isnan(psnr(a, a, none)));
    EXPECT_TRUE(std::isnan(ssim(a, a, none)));
}

TEST(Picture, PicturesSmallerThanTheWindowWork) {
    const Image a(3, 2, 3, 0.4f), all(3, 2, 1, 1.0f);
    EXPECT_NEAR(ssim(a, a, all), 1.0, 1e-12);
}

TEST(Picture, AlphaGoesOverGrey) {
    const Image grey = over_background(plain(2, 2, 1.0f, 0.25f), 0.5f);
    EXPECT_EQ(grey.channels, 3);
    EXPECT_NEAR(grey.pixels[0], 0.625f, 1e-6);
    EXPECT_EQ(over_background(plain(2, 2, 7.0f, 1.0f), 0.5f).pixels[0], 1.0f);  // a display clips too
    EXPECT_EQ(over_background(Image(2, 2, 3, 0.25f), 0.5f).pixels[0], 0.25f);   // RGB is opaque
}

// Three columns of a picture: truth alone, both, render alone.
TEST(Picture, RegionsChooseThePixels) {
    Image truth = plain(kPictureSize, kPictureSize, 0.3f, 0.0f), render = truth;
    for (int y = 0; y < kPictureSize; ++y)
        for (int x = 0; x < 30; ++x) {
            if (x < 20) truth.at(x, y)[3] = 1.0f;
            if (x >= 10) render.at(x, y)[3] = 1.0f;
        }
    const auto pixels = [&](PictureRegion region) { return compare_pictures(truth, render, region)->pixels; };
    EXPECT_EQ(pixels(PictureRegion::truth), 20u * kPictureSize);
    EXPECT_EQ(pixels(PictureRegion::either), 30u * kPictureSize);
    EXPECT_EQ(pixels(PictureRegion::full_frame), std::size_t(kPictureSize) * kPictureSize);
    // Half of truth's pixels are missing: grey instead of 0.3, so the mean square is 0.2^2 / 2.
    EXPECT_NEAR(compare_pictures(truth, render, PictureRegion::truth)->psnr, -10 * std::log10(0.02), 1e-4);
    EXPECT_NEAR(compare_pictures(truth, render, PictureRegion::either)->psnr, -10 * std::log10(0.04 * 2 / 3), 1e-4);
}

TEST(Picture, AlphaOfExactlyOneHalfDoesNotCount) {
    const Image half = plain(kPictureSize, kPictureSize, 0.3f, 0.5f);
    EXPECT_FALSE(compare_pictures(half, half, PictureRegion::either));
}

TEST(Picture, RefusesOtherSizesAndChannels) {
    const Image good = plain(kPictureSize, kPictureSize, 0.3f, 1.0f);
    for (const Image& bad : {Image(256, 256, 4), Image(kPictureSize, kPictureSize, 1), Image()}) {
        const auto score = compare_pictures(good, bad, PictureRegion::truth);
        ASSERT_FALSE(score);
        EXPECT_EQ(score.error().code, ErrorCode::invalid_argument);
        EXPECT_FALSE(compare_pictures(bad, good, PictureRegion::truth));
    }
}

}  // namespace
}  // namespace likeness::metrics

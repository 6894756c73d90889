// The loss against its formulas written down plainly in double precision; its gradient against that reference's
// finite differences.
#include "core/learning/image_loss.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "core/base/failure.h"
#include "tests/head/head_fixtures.h"

namespace likeness::test {
namespace {

constexpr std::array<float, 3> background = {0.2f, 0.7f, 0.4f};

// As a picture of 8 bits a channel has it.
float in_bytes(float value) { return std::round(255 * value) * (1.0f / 255.0f); }

struct Case {
    Frame render;
    LossTarget target;
};

Case make_case(int width, int height, bool weighted, unsigned seed) {
    Random random(seed);
    Case c;
    c.render.color = Image(width, height, 3);
    c.render.alpha = Image(width, height, 1);
    c.target.color = Image(width, height, 3);
    c.target.alpha = Image(width, height, 1);
    if (weighted) c.target.weight = Image(width, height, 1);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            const float a = *c.target.alpha.at(x, y) = x + y < width ? 1.0f : in_bytes(uniform(random, 0, 1));
            *c.render.alpha.at(x, y) = a > 0.5f ? a - uniform(random, 0.05f, 0.4f) : a + uniform(random, 0.05f, 0.4f);
            if (weighted) *c.target.weight.at(x, y) = x < width / 3 ? 0.0f : uniform(random, 0.1f, 2);
            for (std::size_t k = 0; k < 3; ++k) {
                const float t = c.target.color.at(x, y)[k] =
                    in_bytes(0.5f + 0.4f * std::sin(0.7f * float(x) + 0.4f * float(y) + float(k)) * uniform(random, 0.7f, 1));
                const float truth = t * a + background[k] * (1 - a);
                // Away from the kink of |d|.
                c.render.color.at(x, y)[k] = truth + (random() % 2 ? 1.0f : -1.0f) * uniform(random, 0.05f, 0.3f);
            }
        }
    return c;
}

double reference(const Case& c, const LossWeights& weights, LossValue* parts = nullptr) {
    const int width = c.render.color.width, height = c.render.color.height;
    const auto weight = [&](int x, int y) { return c.target.weight.empty() ? 1.0 : double(*c.target.weight.at(x, y)); };
    const auto truth = [&](int x, int y, int k) {
        const double a = double(*c.target.alpha.at(x, y));
        return double(c.target.color.at(x, y)[k]) * a + double(background[std::size_t(k)]) * (1 - a);
    };
    std::array<double, 11> window{};
    double sum = 0;
    for (int i = -5; i <= 5; ++i) sum += window[std::size_t(i + 5)] = std::exp(-double(i * i) / 4.5);
    for (double& w : window) w /= sum;
    double l1 = 0, alpha = 0, ssim = 0, squared = 0, total = 0;
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            const double w = weight(x, y);
            total += w;
            alpha += w * std::abs(double(*c.render.alpha.at(x, y)) - double(*c.target.alpha.at(x, y)));
            for (int k = 0; k < 3; ++k) {
                const double d = double(c.render.color.at(x, y)[k]) - truth(x, y, k);
                l1 += w * std::abs(d);
                squared += w * d * d;
                if (weights.dssim == 0) continue;
                double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;  // zero outside the picture
                for (int v = std::max(0, y - 5); v <= std::min(height - 1, y + 5); ++v)
                    for (int u = std::max(0, x - 5); u <= std::min(width - 1, x + 5); ++u) {
                        const double g = window[std::size_t(v - y + 5)] * window[std::size_t(u - x + 5)];
                        const double p = double(c.render.color.at(u, v)[k]), q = truth(u, v, k);
                        mx += g * p;
                        my += g * q;
                        xx += g * p * p;
                        yy += g * q * q;
                        xy += g * p * q;
                    }
                ssim += w * (2 * mx * my + 1e-4) * (2 * (xy - mx * my) + 9e-4) /
                        ((mx * mx + my * my + 1e-4) * (xx - mx * mx + yy - my * my + 9e-4));
            }
        }
    total = std::max(total, 1.0);
    LossValue value;
    value.l1 = l1 / (3 * total);
    value.squared = squared / (3 * total);
    value.alpha = alpha / total;
    value.dssim = weights.dssim > 0 ? 0.5 * (1 - ssim / (3 * total)) : 0;
    if (parts) *parts = value;
    return double(weights.l1) * value.l1 + double(weights.dssim) * value.dssim + double(weights.alpha) * value.alpha;
}

void check(const LossWeights& weights, int width, int height, bool weighted) {
    Case c = make_case(width, height, weighted, unsigned(width * 100 + height));
    ImageLoss loss;
    FrameGradients gradients;
    const LossValue value = loss.evaluate(c.render, loss_picture(c.target), background, weights, gradients);
    LossValue expected;
    const double total = reference(c, weights, &expected);
    EXPECT_NEAR(value.total, total, 2e-5);
    EXPECT_NEAR(value.l1, expected.l1, 1e-5);
    EXPECT_NEAR(value.alpha, expected.alpha, 1e-5);
    EXPECT_NEAR(value.dssim, expected.dssim, 2e-5);
    EXPECT_NEAR(value.squared, expected.squared, 1e-5);

    const auto compare = [&](const char* name, Image& image, const Image& got, double scale) {
        ASSERT_EQ(got.pixels.size(), image.pixels.size());
        double error = 0, size = 0;
        for (std::size_t i = 0; i<image.pixels.size(); i += width> 20 ? 7 : 1) {
            const float kept = image.pixels[i];
            image.pixels[i] = kept + 1e-2f;
            const double more = reference(c, weights), at_more = double(image.pixels[i]);
            image.pixels[i] = kept - 1e-2f;
            const double less = reference(c, weights), at_less = double(image.pixels[i]);
            image.pixels[i] = kept;
            const double derivative = (more - less) / (at_more - at_less);
            error += (derivative - double(got.pixels[i])) * (derivative - double(got.pixels[i]));
            size += derivative * derivative;
        }
        if (scale == 0) {
            EXPECT_EQ(size, 0) << name;
            EXPECT_EQ(error, 0) << name;
        } else {
            EXPECT_GT(size, 0) << name;
            EXPECT_LT(std::sqrt(error / size), 2e-3) << name;
        }
    };
    compare("color", c.render.color, gradients.color, double(weights.l1 + weights.dssim));
    compare("alpha", c.render.alpha, gradients.alpha, double(weights.alpha));
}

TEST(ImageLoss, L1Alone) {
    check({.l1 = 0.8f, .dssim = 0, .alpha = 0}, 9, 8, false);
    check({.l1 = 0.8f, .dssim = 0, .alpha = 0}, 9, 8, true);
}
TEST(ImageLoss, DssimAlone) {
    check({.l1 = 0, .dssim = 1, .alpha = 0}, 14, 13, false);
    check({.l1 = 0, .dssim = 1, .alpha = 0}, 14, 13, true);
}
TEST(ImageLoss, AlphaAlone) {
    check({.l1 = 0, .dssim = 0, .alpha = 0.5f}, 9, 8, false);
    check({.l1 = 0, .dssim = 0, .alpha = 0.5f}, 9, 8, true);
}
TEST(ImageLoss, AllTogether) {
    check({}, 13, 11, true);
    check({}, 5, 3, false);  // smaller than the window
    check({}, 1, 1, false);
    check({}, 23, 40, false);  // more than one band
}

TEST(ImageLoss, EqualPicturesCostNothing) {
    Case c = make_case(20, 20, false, 3);
    for (int y = 0; y < 20; ++y)
        for (int x = 0; x < 20; ++x) {
            const float a = *c.target.alpha.at(x, y);
            *c.render.alpha.at(x, y) = a;
            for (std::size_t k = 0; k < 3; ++k)
                c.render.color.at(x, y)[k] = c.target.color.at(x, y)[k] * a + background[k] * (1 - a);
        }
    FrameGradients gradients;
    const LossValue value = ImageLoss().evaluate(c.render, loss_picture(c.target), background, {}, gradients);
    EXPECT_NEAR(value.total, 0, 1e-6);
    EXPECT_EQ(value.alpha, 0);
    for (float g : gradients.color.pixels) EXPECT_NEAR(g, 0, 1e-3 / 400);
}

TEST(ImageLoss, NoWeightNoLoss) {
    Case c = make_case(16, 12, true, 4);
    for (float& w : c.target.weight.pixels) w = 0;
    FrameGradients gradients;
    const LossValue value =
        ImageLoss().evaluate(c.render, loss_picture(c.target), background, {.l1 = 1, .dssim = 0, .alpha = 1}, gradients);
    EXPECT_EQ(value.total, 0);
    for (float g : gradients.color.pixels) EXPECT_EQ(g, 0);
    for (float g : gradients.alpha.pixels) EXPECT_EQ(g, 0);
}

TEST(ImageLoss, OneObjectServesPicturesOfManySizes) {
    ImageLoss loss;
    FrameGradients gradients;
    for (const auto& [width, height] : {std::pair{30, 20}, {8, 50}, {30, 20}, {3, 3}}) {
        const Case c = make_case(width, height, width == 8, unsigned(width));
        const LossValue shared = loss.evaluate(c.render, loss_picture(c.target), background, {}, gradients);
        FrameGradients own;
        const LossValue alone = ImageLoss().evaluate(c.render, loss_picture(c.target), background, {}, own);
        EXPECT_EQ(shared.total, alone.total);
        EXPECT_EQ(gradients.color.pixels, own.color.pixels);
        EXPECT_EQ(gradients.alpha.pixels, own.alpha.pixels);
    }
}

// A batch's share scales the gradients alone.
TEST(ImageLoss, AShareScalesTheGradients) {
    const Case c = make_case(30, 20, true, 6);
    FrameGradients whole, third;
    const LossValue a = ImageLoss().evaluate(c.render, loss_picture(c.target), background, {}, whole),
                    b = ImageLoss().evaluate(c.render, loss_picture(c.target), background, {}, third, 1 / 3.0f);
    EXPECT_EQ(a.total, b.total);
    for (const auto& [of_whole, of_third] :
         {std::pair{&whole.color.pixels, &third.color.pixels}, {&whole.alpha.pixels, &third.alpha.pixels}})
        for (std::size_t i = 0; i < of_whole->size(); ++i)
            ASSERT_NEAR((*of_third)[i], (*of_whole)[i] / 3, 1e-6f * std::abs((*of_whole)[i]) + 1e-9f);
}

TEST(ImageLoss, TermsAreWeighedInOnePlace) {
    LossValue value{0, 0.5, 0.25, 0.125, 9};
    value.weigh({.l1 = 2, .dssim = 4, .alpha = 8});
    EXPECT_EQ(value.total, 3);
}

TEST(LossPicture, HasEightBitsAChannel) {
    LossTarget target{Image(3, 2, 3, 0.5f), Image(3, 2, 1, 1.0f), {}};
    target.color.at(1, 0)[2] = 1.7f;
    target.color.at(2, 1)[0] = -0.3f;
    *target.alpha.at(0, 1) = 0.25f;
    const LossPicture picture = loss_picture(target);
    EXPECT_EQ(picture.width, 3);
    EXPECT_EQ(picture.height, 2);
    ASSERT_EQ(picture.rgba.size(), 24u);
    EXPECT_EQ(picture.rgba[0], 128);
    EXPECT_EQ(picture.rgba[3], 255);
    EXPECT_EQ(picture.rgba[4 * 1 + 2], 255) << "what is out of range becomes the nearest";
    EXPECT_EQ(picture.rgba[4 * 5 + 0], 0);
    EXPECT_EQ(picture.rgba[4 * 3 + 3], 64);
    EXPECT_TRUE(picture.weight.empty());
    EXPECT_EQ(picture.total_weight(), 6);
    target.weight = Image(3, 2, 1, 0.5f);
    EXPECT_EQ(loss_picture(target).total_weight(), 3);
    target.weight = Image(3, 2, 1, 0.01f);
    EXPECT_EQ(loss_picture(target).total_weight(), 1) << "at least";
}

TEST(LossPicture, WhatIsNotFiniteOrDoesNotMatchIsRefused) {
    const LossTarget good{Image(30, 20, 3, 0.5f), Image(30, 20, 1, 1.0f), Image(30, 20, 1, 1.0f)};
    EXPECT_NO_THROW(loss_picture(good));
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), HUGE_VALF, -HUGE_VALF})
        for (int part = 0; part < 3; ++part) {
            LossTarget target = good;
            (part == 0 ? target.color : part == 1 ? target.alpha : target.weight).pixels[577] = bad;
            EXPECT_THROW(loss_picture(target), NotFinite) << bad << " in part " << part;
        }
    for (int part = 0; part < 3; ++part) {
        LossTarget target = good;
        (part == 0 ? target.color : part == 1 ? target.alpha : target.weight) = Image(30, 19, part == 0 ? 3 : 1, 1.0f);
        EXPECT_THROW(loss_picture(target), std::invalid_argument) << part;
    }
}

}  // namespace
}  // namespace likeness::test

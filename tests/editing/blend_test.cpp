// Blend modes against values worked out by hand from the W3C's formulas.
#include <gtest/gtest.h>

#include "core/editing/paint_blend.h"

namespace likeness {
namespace {

void expect_near(const Eigen::Vector3f& a, const Eigen::Vector3f& b) {
    EXPECT_LT((a - b).cwiseAbs().maxCoeff(), 1e-5f) << a.transpose() << " and " << b.transpose();
}

TEST(PaintBlend, ModesAreThoseOfTheStandard) {
    const Eigen::Vector3f beneath(0.2f, 0.5f, 0.8f), layer(0.6f, 0.25f, 1.0f);
    expect_near(blended(PaintBlend::normal, beneath, layer), layer);
    expect_near(blended(PaintBlend::multiply, beneath, layer), {0.12f, 0.125f, 0.8f});
    expect_near(blended(PaintBlend::screen, beneath, layer), {0.68f, 0.625f, 1.0f});
    expect_near(blended(PaintBlend::overlay, beneath, layer), {0.24f, 0.25f, 1.0f});
    // 0.2 + 0.2 (d - 0.2), d = ((16 * 0.2 - 12) 0.2 + 4) 0.2 = 0.448; 0.5 - 0.5 * 0.25; sqrt(0.8)
    expect_near(blended(PaintBlend::soft_light, beneath, layer), {0.2496f, 0.375f, 0.894427f});
}

TEST(PaintBlend, ColorAndLuminosityExchangeLightness) {
    const auto lightness = [](const Eigen::Vector3f& c) { return 0.3f * c[0] + 0.59f * c[1] + 0.11f * c[2]; };
    const Eigen::Vector3f beneath(0.6f, 0.5f, 0.4f), layer(0.5f, 0.2f, 0.25f);
    const Eigen::Vector3f color = blended(PaintBlend::color, beneath, layer);
    EXPECT_NEAR(lightness(color), lightness(beneath), 1e-5f);
    expect_near((color.array() - color[1]).matrix(), (layer.array() - layer[1]).matrix());
    EXPECT_NEAR(lightness(blended(PaintBlend::luminosity, beneath, layer)), lightness(layer), 1e-5f);
    // What would leave [0, 1] is drawn in about its lightness.
    const Eigen::Vector3f vivid = blended(PaintBlend::color, {0.95f, 0.95f, 0.95f}, {1, 0, 0});
    EXPECT_NEAR(lightness(vivid), 0.95f, 1e-5f);
    EXPECT_LE(vivid.maxCoeff(), 1 + 1e-5f);
}

TEST(PaintBlend, AlphaAndOpacityMix) {
    const Eigen::Vector3f beneath(0.2f, 0.4f, 0.6f);
    const Eigen::Vector4f half(0.5f, 0.25f, 0, 0.5f);  // premultiplied: the color 1, 0.5, 0
    expect_near(laid_over(PaintBlend::normal, beneath, half, 0.5f), {0.4f, 0.425f, 0.45f});
    expect_near(laid_over(PaintBlend::normal, beneath, half, 0), beneath);
    expect_near(laid_over(PaintBlend::normal, beneath, Eigen::Vector4f::Zero(), 1), beneath);
}

}  // namespace
}  // namespace likeness

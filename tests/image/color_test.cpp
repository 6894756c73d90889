#include <gtest/gtest.h>

#include <cmath>

#include "core/image/ops.h"
#include "make_pictures.h"

namespace likeness::test {
namespace {

TEST(Color, TablesMatchTheStandard) {
    for (int i = 0; i <= 100'000; ++i) {
        const double v = i / 100'000.0;
        const double linear = v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
        const double encoded = v <= 0.0031308 ? v * 12.92 : 1.055 * std::pow(v, 1 / 2.4) - 0.055;
        ASSERT_NEAR(srgb_to_linear(static_cast<float>(v)), linear, 1e-6);
        ASSERT_NEAR(linear_to_srgb(static_cast<float>(v)), encoded, 1e-6);
    }
    EXPECT_EQ(srgb_to_linear(-1.0f), 0.0f);
    EXPECT_EQ(srgb_to_linear(2.0f), 1.0f);
    EXPECT_EQ(linear_to_srgb(std::nanf("")), 0.0f);
}

TEST(Color, KnownLabValues) {
    // CIE L*a*b* (D65) of the primaries, Bruce Lindbloom's calculator.
    const struct {
        float rgb[3];
        float lab[3];
    } known[] = {{{1, 1, 1}, {100.0f, 0.0f, 0.0f}},
                 {{0, 0, 0}, {0.0f, 0.0f, 0.0f}},
                 {{1, 0, 0}, {53.24f, 80.09f, 67.20f}},
                 {{0, 1, 0}, {87.73f, -86.18f, 83.18f}},
                 {{0, 0, 1}, {32.30f, 79.19f, -107.86f}}};
    for (const auto& color : known) {
        const std::array<float, 3> lab = srgb_to_lab(color.rgb[0], color.rgb[1], color.rgb[2]);
        for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(lab[c], color.lab[c], 0.03f);
    }
}

TEST(Color, ImagesRoundTrip) {
    const Image picture = gradient(40, 30, 4);
    EXPECT_LT(largest_difference(linear_to_srgb(srgb_to_linear(picture)), picture), 1e-5);
}

TEST(Color, BytesRoundTrip) {
    Image ramp(16, 16, 1);
    std::vector<std::uint8_t> bytes(256);
    for (std::size_t i = 0; i < 256; ++i) ramp.pixels[i] = float(bytes[i] = static_cast<std::uint8_t>(i)) / 255.0f;
    EXPECT_EQ(to_u8(ramp), bytes);
}

TEST(Color, CompositeOverAColor) {
    Image picture(1, 1, 4);
    picture.pixels = {1.0f, 0.0f, 0.5f, 0.25f};
    const Image over = composite_over(picture, {0.0f, 1.0f, 0.5f});
    EXPECT_FLOAT_EQ(over.pixels[0], 0.25f);
    EXPECT_FLOAT_EQ(over.pixels[1], 0.75f);
    EXPECT_FLOAT_EQ(over.pixels[2], 0.5f);
}

}  // namespace
}  // namespace likeness::test

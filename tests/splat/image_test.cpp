// Pictures against the double-precision reference, instruction sets against each other, runs against each other.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/splat/reference_renderer.h"
#include "tests/splat/scenes.h"

namespace likeness {
namespace {

const std::vector<Image Frame::*> images = {&Frame::color, &Frame::alpha, &Frame::depth, &Frame::normal, &Frame::extra};

RasterOptions all_outputs() {
    RasterOptions options;
    options.background = {0.2f, 0.5f, 0.8f};
    options.depth = options.normal = true;
    return options;
}

// A threshold crossed differently by one rounding moves a pixel by 0.01, so a few may differ.
void expect_close(const std::vector<float>& a, const std::vector<float>& b) {
    ASSERT_EQ(a.size(), b.size());
    std::size_t far = 0;
    float largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const float difference = std::abs(a[i] - b[i]);
        if (!(difference <= 2e-3f)) ++far;
        largest = std::max(largest, difference);
    }
    EXPECT_LE(double(far), 1e-4 * double(a.size()));
    EXPECT_LE(largest, 0.02f);
}

class ImageTest : public testing::TestWithParam<std::string> {};

TEST_P(ImageTest, MatchesReference) {
    const auto rasterizer = rasterizer_with(GetParam());
    if (!rasterizer) GTEST_SKIP() << "this processor has no " << GetParam();
    for (const unsigned seed : {1u, 2u, 3u}) {
        const SplatSet splats = random_splats(300, 3, seed);
        const Camera camera = oblique_camera(75, 61);
        Frame frame;
        rasterizer->forward(splats, camera, all_outputs(), frame);
        Decisions decisions;
        const DoublePicture expected = render(to_double(splats), camera, all_outputs(), decisions);
        int first = 0;
        for (const auto image : images) {
            const Image& actual = frame.*image;
            std::vector<float> part;
            for (int i = 0; i < camera.width * camera.height; ++i) {
                for (int c = 0; c < actual.channels; ++c) {
                    part.push_back(float(expected.values[std::size_t(i * expected.channels + first + c)]));
                }
            }
            first += actual.channels;
            expect_close(actual.pixels, part);
        }
        EXPECT_EQ(first, expected.channels);
    }
}

TEST_P(ImageTest, AgreesWithPortableCode) {
    const auto rasterizer = rasterizer_with(GetParam()), portable = rasterizer_with("portable");
    if (!rasterizer) GTEST_SKIP() << "this processor has no " << GetParam();
    const SplatSet splats = random_splats(5000, 4, 9);
    const Camera camera = oblique_camera(203, 150);
    Frame frame, other;
    FrameGradients by;
    SplatGradients gradients, others;
    by.color = random_image(203, 150, 3, 1);
    by.depth = random_image(203, 150, 1, 2);
    by.extra = random_image(203, 150, 4, 3);
    rasterizer->forward(splats, camera, all_outputs(), frame);
    rasterizer->backward(by, gradients);
    portable->forward(splats, camera, all_outputs(), other);
    portable->backward(by, others);
    for (const auto image : images) expect_close((frame.*image).pixels, (other.*image).pixels);
    for (const auto attribute : {&SplatGradients::means, &SplatGradients::scales, &SplatGradients::rotations,
                                 &SplatGradients::colors, &SplatGradients::opacities, &SplatGradients::extra}) {
        const std::vector<float>& expected = others.*attribute;
        EXPECT_LT(relative_difference(gradients.*attribute, {expected.begin(), expected.end()}), 1e-3);
    }
}

// Bit for bit the same, in one object and in another, whichever thread took which tile.
TEST_P(ImageTest, RepeatsExactly) {
    const auto rasterizer = rasterizer_with(GetParam()), second = rasterizer_with(GetParam());
    if (!rasterizer) GTEST_SKIP() << "this processor has no " << GetParam();
    const SplatSet splats = random_splats(9000, 1, 21);
    const Camera camera = oblique_camera(180, 140);
    FrameGradients by;
    by.color = random_image(180, 140, 3, 1);
    by.normal = random_image(180, 140, 3, 2);
    Frame expected;
    SplatGradients expected_gradients;
    rasterizer->forward(splats, camera, all_outputs(), expected);
    rasterizer->backward(by, expected_gradients);
    for (int run = 0; run < 6; ++run) {
        Rasterizer& other = run % 2 == 0 ? *rasterizer : *second;
        Frame frame;
        SplatGradients gradients;
        other.forward(splats, camera, all_outputs(), frame);
        other.backward(by, gradients);
        for (const auto image : images) EXPECT_EQ((frame.*image).pixels, (expected.*image).pixels);
        EXPECT_EQ(gradients.means, expected_gradients.means);
        EXPECT_EQ(gradients.rotations, expected_gradients.rotations);
        EXPECT_EQ(gradients.colors, expected_gradients.colors);
    }
}

INSTANTIATE_TEST_SUITE_P(InstructionSets, ImageTest, testing::ValuesIn(instruction_sets),
                         [](const auto& test) { return test.param; });

// A rasterizer that met a large scene renders a small one as a new one does.
TEST(Reuse, LeavesNoTrace) {
    const auto used = make_cpu_rasterizer(), fresh = make_cpu_rasterizer();
    const SplatSet large = random_splats(3000, 2, 5), small = random_splats(50, 0, 6);
    Frame a, b;
    SplatGradients ga, gb;
    FrameGradients by;
    used->forward(large, oblique_camera(130, 90), all_outputs(), a);
    used->backward(by, ga);
    by.color = random_image(33, 20, 3, 1);
    used->forward(small, oblique_camera(33, 20), {}, a);
    used->backward(by, ga);
    fresh->forward(small, oblique_camera(33, 20), {}, b);
    fresh->backward(by, gb);
    EXPECT_EQ(a.color.pixels, b.color.pixels);
    EXPECT_TRUE(a.depth.empty() && a.normal.empty() && a.extra.empty());
    EXPECT_EQ(ga.means, gb.means);
    EXPECT_EQ(ga.extra.size(), 0u);
}

}  // namespace
}  // namespace likeness

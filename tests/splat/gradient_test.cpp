// Gradients of every output by every attribute against central differences of the double-precision reference.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/splat/reference_renderer.h"
#include "tests/splat/scenes.h"

namespace likeness {
namespace {

constexpr int width = 29, height = 22, extras = 2;  // no multiples of a tile

struct Output {
    const char* name;
    int first, channels;  // in DoublePicture
    Image Frame::*image;
};
const std::vector<Output> outputs = {{"color", 0, 3, &Frame::color},
                                     {"alpha", 3, 1, &Frame::alpha},
                                     {"depth", 4, 1, &Frame::depth},
                                     {"normal", 5, 3, &Frame::normal},
                                     {"extra", 8, extras, &Frame::extra}};

double loss(const DoublePicture& picture, const Output& output, const Image& by) {
    double sum = 0;
    for (int i = 0; i < picture.width * picture.height; ++i) {
        for (int c = 0; c < output.channels; ++c) {
            sum += picture.values[std::size_t(i * picture.channels + output.first + c)] *
                   double(by.pixels[std::size_t(i * output.channels + c)]);
        }
    }
    return sum;
}

struct Attribute {
    const char* name;
    std::vector<double> DoubleSplats::*value;
    std::vector<float> SplatGradients::*gradient;
};
const std::vector<Attribute> attributes = {{"means", &DoubleSplats::means, &SplatGradients::means},
                                           {"scales", &DoubleSplats::scales, &SplatGradients::scales},
                                           {"rotations", &DoubleSplats::rotations, &SplatGradients::rotations},
                                           {"colors", &DoubleSplats::colors, &SplatGradients::colors},
                                           {"opacities", &DoubleSplats::opacities, &SplatGradients::opacities},
                                           {"extra", &DoubleSplats::extra, &SplatGradients::extra}};

std::vector<double> differences(const DoubleSplats& splats, const Camera& camera, const RasterOptions& options,
                                const Decisions& decisions, const Attribute& attribute, const Output& output,
                                const Image& by) {
    constexpr double h = 1e-6;
    DoubleSplats moved = splats;
    std::vector<double> result;
    for (double& value : moved.*attribute.value) {
        const double original = value;
        value = original + h;
        const double above = loss(render_again(moved, camera, options, decisions), output, by);
        value = original - h;
        const double below = loss(render_again(moved, camera, options, decisions), output, by);
        value = original;
        result.push_back((above - below) / (2 * h));
    }
    return result;
}

// One scene and output; all instruction sets against the same differences.
class GradientTest : public testing::TestWithParam<std::size_t> {};

TEST_P(GradientTest, MatchesFiniteDifferences) {
    const Output& output = outputs[GetParam()];
    const SplatSet splats = random_splats(40, extras, 11);
    const DoubleSplats precise = to_double(splats);
    // The wide one limits x/z and y/z of some Gaussians in the Jacobian.
    Camera narrow = oblique_camera(width, height), wide = oblique_camera(width, height);
    wide.cx += 0.45f * float(width);
    wide.cy -= 0.4f * float(height);
    for (const Camera& camera : {narrow, wide}) {
        RasterOptions options;
        options.background = {0.3f, 0.9f, 0.6f};
        options.depth = options.normal = true;
        Decisions decisions;
        render(precise, camera, options, decisions);
        FrameGradients by;
        by.*output.image = random_image(width, height, output.channels, 5);

        for (const Attribute& attribute : attributes) {
            const std::vector<double> expected =
                differences(precise, camera, options, decisions, attribute, output, by.*output.image);
            for (const std::string& simd : instruction_sets) {
                const auto rasterizer = rasterizer_with(simd);
                if (!rasterizer) continue;
                Frame frame;
                SplatGradients gradients;
                rasterizer->forward(splats, camera, options, frame);
                rasterizer->backward(by, gradients);
                ASSERT_EQ((gradients.*attribute.gradient).size(), expected.size());
                EXPECT_LT(relative_difference(gradients.*attribute.gradient, expected), 1e-3)
                    << output.name << " by " << attribute.name << ", " << simd;
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Outputs, GradientTest, testing::Range<std::size_t>(0, outputs.size()),
                         [](const auto& test) { return std::string(outputs[test.param].name); });

// All outputs together are the sum of the outputs one by one.
TEST(GradientSum, OutputsAddUp) {
    const SplatSet splats = random_splats(60, extras, 3);
    const Camera camera = oblique_camera(width, height);
    RasterOptions options;
    options.depth = options.normal = true;
    const auto rasterizer = make_cpu_rasterizer();
    Frame frame;
    FrameGradients together;
    std::vector<double> sum(splats.count * 3, 0.0);
    for (const Output& output : outputs) {
        FrameGradients by;
        by.*output.image = together.*output.image = random_image(width, height, output.channels, 8);
        SplatGradients gradients;
        rasterizer->forward(splats, camera, options, frame);
        rasterizer->backward(by, gradients);
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += double(gradients.means[i]);
    }
    SplatGradients gradients;
    rasterizer->backward(together, gradients);
    EXPECT_LT(relative_difference(gradients.means, sum), 1e-4);
}

// The norm of the derivative by the position in pixels, which moving the principal point measures for one Gaussian.
TEST(ScreenGradient, IsAddedInPixels) {
    SplatSet splats = random_splats(1, 0, 4);
    splats.means = {0.01f, 0, 0};
    splats.scales = {0.03f, 0.02f, 0.01f};
    Camera camera = oblique_camera(width, height);
    FrameGradients by;
    by.color = random_image(width, height, 3, 6);
    const auto rasterizer = make_cpu_rasterizer();
    Frame frame;
    SplatGradients gradients;
    std::vector<float> screen = {2.0f};
    rasterizer->forward(splats, camera, {}, frame);
    rasterizer->backward(by, gradients, &screen);

    const DoubleSplats precise = to_double(splats);
    Decisions decisions;
    render(precise, camera, {}, decisions);
    const float h = 1e-3f;
    const auto slope = [&](float Camera::*member) {
        Camera above = camera, below = camera;
        above.*member += h;
        below.*member -= h;
        const double step = double(above.*member) - double(below.*member);
        return (loss(render_again(precise, above, {}, decisions), outputs[0], by.color) -
                loss(render_again(precise, below, {}, decisions), outputs[0], by.color)) /
               step;
    };
    const double expected = std::hypot(slope(&Camera::cx), slope(&Camera::cy));
    EXPECT_NEAR(double(screen[0]), 2.0 + expected, 1e-3 * expected);
}

}  // namespace
}  // namespace likeness

// The CUDA rasterizer against a plain double-precision one: pictures, and gradients by finite differences.
#include <functional>

#include "cuda/cuda_rasterizer.h"
#include "tests/cuda/gpu_test.h"
#include "tests/cuda/reference_rasterizer.h"
#include "tests/cuda/scenes.h"

namespace likeness::cuda_tests {
namespace {

class CudaRasterizerTest : public GpuTest {
  protected:
    void SetUp() override {
        GpuTest::SetUp();
        if (!IsSkipped()) rasterizer_ = make_cuda_rasterizer();
    }
    Rasterizer& rasterizer() { return *rasterizer_; }

  private:
    std::unique_ptr<Rasterizer> rasterizer_;
};

RasterOptions everything() {
    RasterOptions options;
    options.background = {0.2f, 0.7f, 0.4f};
    options.depth = options.normal = true;
    return options;
}

// 99.99 % of the pixels within 2e-3, none above 0.02.
void expect_same_picture(const Frame& frame, const ReferenceFrame& reference) {
    const Image* const images[] = {&frame.color, &frame.alpha, &frame.depth, &frame.normal, &frame.extra};
    const std::size_t widths[] = {3, 1, 1, 3, std::size_t(reference.channels - 8)};
    const std::size_t pixels = std::size_t(reference.width) * std::size_t(reference.height);
    std::size_t off = 0;
    for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
        const double* expected = &reference.values[pixel * std::size_t(reference.channels)];
        double worst = 0;
        for (std::size_t k = 0; k < 5; ++k) {
            ASSERT_EQ(images[k]->pixels.size(), images[k]->empty() ? 0 : pixels * widths[k]);
            for (std::size_t c = 0; c < widths[k]; ++c, ++expected) {
                if (images[k]->empty()) continue;
                const double value = double(images[k]->pixels[pixel * widths[k] + c]);
                ASSERT_TRUE(std::isfinite(value));
                worst = std::max(worst, std::abs(value - *expected));
            }
        }
        ASSERT_LE(worst, 0.02) << "pixel " << pixel;
        off += worst > 2e-3;
    }
    EXPECT_LE(double(off), 1e-4 * double(pixels));
}

TEST_F(CudaRasterizerTest, draws_what_the_definition_says) {
    for (const auto& [width, height] : {std::pair{64, 48}, {33, 27}, {1, 1}, {16, 16}, {17, 3}, {130, 95}}) {
        for (const int extras : {0, 5}) {
            const SplatSet splats = random_scene(300, extras, unsigned(width + extras));
            const Camera camera = front_camera(width, height);
            Frame frame;
            rasterizer().forward(splats, camera, everything(), frame);
            SCOPED_TRACE(testing::Message() << width << " x " << height << ", " << extras << " extra channels");
            expect_same_picture(frame, render_reference(ReferenceSplats(splats), camera, everything()));
        }
    }
}

TEST_F(CudaRasterizerTest, leaves_out_what_is_not_asked_for) {
    const SplatSet splats = random_scene(100, 0, 3);
    const Camera camera = front_camera(40, 30);
    RasterOptions options;
    Frame frame;
    rasterizer().forward(splats, camera, options, frame);
    EXPECT_TRUE(frame.depth.empty());
    EXPECT_TRUE(frame.normal.empty());
    EXPECT_TRUE(frame.extra.empty());
    expect_same_picture(frame, render_reference(ReferenceSplats(splats), camera, options));
}

TEST_F(CudaRasterizerTest, shows_the_background_without_splats) {
    Frame frame;
    rasterizer().forward(SplatSet{}, front_camera(37, 21), everything(), frame);
    for (std::size_t i = 0; i < frame.color.pixels.size(); ++i) {
        ASSERT_FLOAT_EQ(frame.color.pixels[i], everything().background[i % 3]);
    }
    for (const float alpha : frame.alpha.pixels) ASSERT_EQ(alpha, 0.0f);
    SplatGradients gradients;
    rasterizer().backward(random_gradients(frame, 1), gradients);
    EXPECT_TRUE(gradients.means.empty());
}

TEST_F(CudaRasterizerTest, survives_values_that_cannot_be_drawn) {
    SplatSet splats = random_scene(200, 0, 9);
    splats.means[3] = NAN;
    splats.scales[10] = HUGE_VALF;
    splats.opacities[5] = NAN;
    for (std::size_t k = 0; k < 4; ++k) splats.rotations[4 * 7 + k] = 0;
    for (std::size_t k = 0; k < 3; ++k) splats.scales[3 * 20 + k] = 50;  // covers everything
    for (std::size_t k = 0; k < 3; ++k) splats.scales[3 * 21 + k] = 0;
    Frame frame;
    rasterizer().forward(splats, front_camera(100, 80), everything(), frame);
    for (const float value : frame.color.pixels) ASSERT_TRUE(std::isfinite(value));
    SplatGradients gradients;
    rasterizer().backward(random_gradients(frame, 1), gradients);
    for (const float value : gradients.means) ASSERT_TRUE(std::isfinite(value));
    for (const float value : gradients.rotations) ASSERT_TRUE(std::isfinite(value));
}

TEST_F(CudaRasterizerTest, breaks_ties_in_depth_by_index) {
    SplatSet splats;
    splats.resize(64);
    for (std::size_t i = 0; i < splats.count; ++i) {
        for (std::size_t axis = 0; axis < 3; ++axis) splats.scales[3 * i + axis] = 0.05f;
        splats.rotations[4 * i] = 1;
        splats.opacities[i] = 0.5f;
        splats.colors[3 * i + i % 3] = 1;
    }
    const Camera camera = front_camera(32, 32);
    Frame frame;
    rasterizer().forward(splats, camera, {}, frame);
    expect_same_picture(frame, render_reference(ReferenceSplats(splats), camera, {}));
}

// A central difference of the reference for each value of one attribute.
std::vector<double> differences(ReferenceSplats& splats, std::vector<double>& attribute, const Camera& camera,
                                const RasterOptions& options, const FrameGradients& gradients) {
    std::vector<double> out(attribute.size());
    for (std::size_t i = 0; i < attribute.size(); ++i) {
        const double value = attribute[i], step = 1e-6 * std::max(std::abs(value), 1e-2);
        attribute[i] = value + step;
        const double above = weighted_sum(render_reference(splats, camera, options), gradients);
        attribute[i] = value - step;
        const double below = weighted_sum(render_reference(splats, camera, options), gradients);
        attribute[i] = value;
        out[i] = (above - below) / (2 * step);
    }
    return out;
}

void check_gradients(Rasterizer& rasterizer, const SplatSet& splats, const Camera& camera, const RasterOptions& options,
                     const std::function<void(FrameGradients&)>& adjust = {}) {
    Frame frame;
    rasterizer.forward(splats, camera, options, frame);
    FrameGradients frame_gradients = random_gradients(frame, 77);
    if (adjust) adjust(frame_gradients);
    SplatGradients gradients;
    std::vector<float> screen(splats.count, 1.0f);
    rasterizer.backward(frame_gradients, gradients, &screen);

    ReferenceSplats reference(splats);
    const auto expect_close = [&](const char* name, const std::vector<float>& values, std::vector<double>& attribute) {
        EXPECT_LT(relative_distance(values, differences(reference, attribute, camera, options, frame_gradients)), 1e-3)
            << name;
    };
    expect_close("means", gradients.means, reference.means);
    expect_close("scales", gradients.scales, reference.scales);
    expect_close("rotations", gradients.rotations, reference.rotations);
    expect_close("colors", gradients.colors, reference.colors);
    expect_close("opacities", gradients.opacities, reference.opacities);
    expect_close("extra", gradients.extra, reference.extra);
    const std::vector<double> screen_differences =
        differences(reference, reference.screen_offsets, camera, options, frame_gradients);
    std::vector<double> norms(splats.count);
    for (std::size_t i = 0; i < splats.count; ++i) {
        norms[i] = 1 + std::hypot(screen_differences[2 * i], screen_differences[2 * i + 1]);
    }
    EXPECT_LT(relative_distance(screen, norms), 1e-3) << "screen positions";
}

TEST_F(CudaRasterizerTest, gradients_match_finite_differences) {
    check_gradients(rasterizer(), random_scene(60, 0, 11), front_camera(40, 30), {});
}

TEST_F(CudaRasterizerTest, gradients_of_every_channel_match_finite_differences) {
    check_gradients(rasterizer(), random_scene(40, 6, 12), front_camera(35, 29), everything());
}

TEST_F(CudaRasterizerTest, missing_gradients_count_as_zero) {
    const auto only_normal_and_alpha = [](FrameGradients& gradients) {
        gradients.color = gradients.depth = gradients.extra = Image();
    };
    check_gradients(rasterizer(), random_scene(30, 2, 13), front_camera(35, 29), everything(), only_normal_and_alpha);
    const auto only_depth = [](FrameGradients& gradients) {
        gradients.color = gradients.alpha = gradients.normal = gradients.extra = Image();
    };
    check_gradients(rasterizer(), random_scene(30, 2, 14), front_camera(35, 29), everything(), only_depth);
}

TEST_F(CudaRasterizerTest, backward_can_be_repeated) {
    Frame frame;
    rasterizer().forward(random_scene(500, 1, 5), front_camera(90, 70), everything(), frame);
    const FrameGradients frame_gradients = random_gradients(frame, 2);
    SplatGradients first, second;
    rasterizer().backward(frame_gradients, first);
    rasterizer().backward(frame_gradients, second);
    EXPECT_LT(relative_distance(first.means, second.means), 1e-5);
    EXPECT_LT(relative_distance(first.extra, second.extra), 1e-5);
}

}  // namespace
}  // namespace likeness::cuda_tests

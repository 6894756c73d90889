// Scenes that a rasterizer must survive.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "tests/splat/reference_renderer.h"
#include "tests/splat/scenes.h"

namespace likeness {
namespace {

constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();
constexpr float infinite = std::numeric_limits<float>::infinity();

Camera front_camera(int width, int height) {
    Camera camera;
    camera.width = width;
    camera.height = height;
    camera.fx = camera.fy = 2.75f * float(height);
    camera.cx = 0.5f * float(width);
    camera.cy = 0.5f * float(height);
    camera.world_to_camera = look_at({0, 0, 1.1f}, {0, 0, 0});
    return camera;
}

SplatSet one_splat(float scale, float opacity) {
    SplatSet s;
    s.resize(1);
    s.means = {0, 0, 0};
    s.scales = {scale, scale, scale};
    s.rotations = {1, 0, 0, 0};
    s.colors = {1, 0.5f, 0.25f};
    s.opacities = {opacity};
    return s;
}

bool finite(const std::vector<float>& v) {
    return std::all_of(v.begin(), v.end(), [](float x) { return std::isfinite(x); });
}

class EdgeCase : public testing::TestWithParam<std::string> {
  protected:
    void SetUp() override {
        rasterizer_ = rasterizer_with(GetParam());
        if (!rasterizer_) GTEST_SKIP() << "this processor has no " << GetParam();
    }
    // Renders, takes gradients of a random loss, and expects nothing but finite numbers.
    void run(const SplatSet& splats, const Camera& camera) {
        RasterOptions options;
        options.background = {0.5f, 0.5f, 0.5f};
        options.depth = options.normal = true;
        rasterizer_->forward(splats, camera, options, frame_);
        FrameGradients by;
        by.color = random_image(camera.width, camera.height, 3, 1);
        by.normal = random_image(camera.width, camera.height, 3, 2);
        rasterizer_->backward(by, gradients_, &screen_);
        EXPECT_EQ(frame_.color.pixels.size(), std::size_t(camera.width * camera.height * 3));
        for (const auto image : {&Frame::color, &Frame::alpha, &Frame::depth, &Frame::normal, &Frame::extra}) {
            EXPECT_TRUE(finite((frame_.*image).pixels));
        }
        EXPECT_EQ(gradients_.means.size(), splats.count * 3);
        EXPECT_EQ(gradients_.rotations.size(), splats.count * 4);
        for (const auto attribute : {&SplatGradients::means, &SplatGradients::scales, &SplatGradients::rotations,
                                     &SplatGradients::colors, &SplatGradients::opacities, &SplatGradients::extra}) {
            EXPECT_TRUE(finite(gradients_.*attribute));
        }
    }
    void expect_background_only() const {
        for (const float v : frame_.color.pixels) EXPECT_EQ(v, 0.5f);
        for (const float v : frame_.alpha.pixels) EXPECT_EQ(v, 0.0f);
        for (const float v : gradients_.means) EXPECT_EQ(v, 0.0f);
        for (const float v : gradients_.opacities) EXPECT_EQ(v, 0.0f);
    }

    std::unique_ptr<Rasterizer> rasterizer_;
    Frame frame_;
    SplatGradients gradients_;
    std::vector<float> screen_;
};

TEST_P(EdgeCase, NoSplats) {
    run(SplatSet(), front_camera(19, 9));
    expect_background_only();
}

TEST_P(EdgeCase, NoPixels) {
    run(one_splat(0.05f, 0.9f), front_camera(0, 0));
    EXPECT_EQ(gradients_.means, std::vector<float>(3, 0.0f));
}

TEST_P(EdgeCase, OnePixel) {
    run(one_splat(0.2f, 0.9f), front_camera(1, 1));
    EXPECT_GT(frame_.alpha.pixels[0], 0.5f);
}

TEST_P(EdgeCase, EverySize) {
    // Whatever the size, each pixel must get what the reference says, those of cut tiles too.
    const SplatSet splats = random_splats(30, 0, 2);
    for (const auto& [w, h] : {std::pair{7, 8}, {8, 7}, {9, 17}, {1, 40}, {40, 1}, {23, 16}}) {
        const Camera camera = oblique_camera(w, h);
        run(splats, camera);
        Decisions decisions;
        RasterOptions options;
        options.background = {0.5f, 0.5f, 0.5f};
        const DoublePicture expected = render(to_double(splats), camera, options, decisions);
        for (int i = 0; i < w * h; ++i) {
            EXPECT_NEAR(frame_.alpha.pixels[std::size_t(i)], expected.values[std::size_t(i * 8 + 3)], 2e-3);
        }
    }
}

TEST_P(EdgeCase, BehindAndBeforeTheNearPlane) {
    SplatSet splats = one_splat(0.05f, 0.9f);
    splats.means = {0, 0, 2};
    run(splats, front_camera(20, 20));
    expect_background_only();
    splats.means = {0, 0, 1.095f};  // 5 mm in front of the camera
    run(splats, front_camera(20, 20));
    expect_background_only();
    splats.means = {0, 0, 1.1f};  // in it
    run(splats, front_camera(20, 20));
    expect_background_only();
}

TEST_P(EdgeCase, OutsideThePicture) {
    SplatSet splats = one_splat(0.01f, 0.9f);
    splats.means = {5, 0, 0};
    run(splats, front_camera(20, 20));
    expect_background_only();
}

TEST_P(EdgeCase, HugeSplatCoversAll) {
    for (const float scale : {1.0f, 100.0f, 1.0e4f, 1.0e6f}) {
        run(one_splat(scale, 0.8f), front_camera(37, 21));
        for (const float a : frame_.alpha.pixels) EXPECT_NEAR(a, 0.8f, 0.08f) << scale;
    }
    // A needle across the picture.
    SplatSet splats = one_splat(1.0f, 0.8f);
    splats.scales = {100.0f, 1e-4f, 1e-4f};
    splats.rotations = {0.92387953f, 0, 0, 0.38268343f};  // 45 degrees
    run(splats, front_camera(40, 40));
    for (int i = 0; i < 40; ++i) EXPECT_GT(frame_.alpha.at(i, 39 - i)[0], 0.5f) << i;
}

TEST_P(EdgeCase, SubPixelSplat) {
    SplatSet splats = one_splat(1e-6f, 0.9f);
    const Camera camera = front_camera(20, 20);
    run(splats, camera);
    Decisions decisions;
    const DoublePicture expected = render(to_double(splats), camera, {}, decisions);
    for (int i = 0; i < 400; ++i) {
        EXPECT_NEAR(frame_.alpha.pixels[std::size_t(i)], expected.values[std::size_t(i * 8 + 3)], 1e-5);
    }
    EXPECT_GT(*std::max_element(frame_.alpha.pixels.begin(), frame_.alpha.pixels.end()), 0.3f);
}

TEST_P(EdgeCase, FaintSplatIsDropped) {
    run(one_splat(0.05f, 1.0f / 256.0f), front_camera(20, 20));
    expect_background_only();
    run(one_splat(0.05f, 0.0f), front_camera(20, 20));
    expect_background_only();
    run(one_splat(0.05f, -1.0f), front_camera(20, 20));
    expect_background_only();
}

TEST_P(EdgeCase, NotANumberIsSkipped) {
    const Camera camera = oblique_camera(50, 40);
    SplatSet good = random_splats(64, 2, 7);
    // Every second Gaussian is spoilt in another attribute.
    SplatSet bad = good;
    std::vector<std::vector<float> SplatSet::*> attributes = {&SplatSet::means,     &SplatSet::scales,
                                                              &SplatSet::rotations, &SplatSet::colors,
                                                              &SplatSet::opacities, &SplatSet::extra};
    SplatSet kept;
    kept.extra_channels = 2;
    for (std::size_t i = 0; i < good.count; ++i) {
        const auto attribute = attributes[(i / 2) % attributes.size()];
        const std::size_t channels = (good.*attribute).size() / good.count;
        if (i % 2 == 1) {
            (bad.*attribute)[i * channels + i / 2 % channels] = i % 4 == 1 ? nan_value : infinite;
            continue;
        }
        ++kept.count;
        for (const auto a : attributes) {
            const std::size_t n = (good.*a).size() / good.count;
            (kept.*a).insert((kept.*a).end(), (good.*a).begin() + long(i * n), (good.*a).begin() + long((i + 1) * n));
        }
    }
    run(bad, camera);
    const Frame with_bad = frame_;
    run(kept, camera);
    EXPECT_EQ(with_bad.color.pixels, frame_.color.pixels);
    EXPECT_EQ(with_bad.extra.pixels, frame_.extra.pixels);
    // A rotation of length zero has no direction.
    SplatSet turned = one_splat(0.05f, 0.9f);
    turned.rotations = {0, 0, 0, 0};
    run(turned, camera);
    expect_background_only();
}

TEST_P(EdgeCase, EqualDepthsGoByIndex) {
    SplatSet splats;
    splats.resize(2);
    splats.means = {0, 0, 0, 0, 0, 0};
    splats.scales.assign(6, 0.1f);
    splats.rotations = {1, 0, 0, 0, 1, 0, 0, 0};
    splats.colors = {1, 0, 0, 0, 1, 0};
    splats.opacities = {0.9f, 0.9f};
    run(splats, front_camera(15, 15));
    EXPECT_GT(frame_.color.at(7, 7)[0], frame_.color.at(7, 7)[1] + 0.5f);
}

TEST_P(EdgeCase, ManyLayersStop) {
    SplatSet splats = random_splats(2000, 0, 8);
    for (float& v : splats.scales) v = 0.3f;
    for (float& v : splats.opacities) v = 0.9f;
    run(splats, front_camera(40, 30));
    for (const float a : frame_.alpha.pixels) EXPECT_GT(a, 0.98f);
}

// One finer than a pixel covers as much of the picture as it does of one that is sixteen times as large, where it is
// far coarser than a pixel.
TEST_P(EdgeCase, FilteredOnesTakeTheirShareOfAPixel) {
    SplatSet splats = one_splat(0.006f, 0.8f);
    const Camera camera = front_camera(15, 15);
    const auto covered = [&](const Camera& seen_by) {
        rasterizer_->forward(splats, seen_by, {}, frame_);
        double sum = 0;
        for (const float a : frame_.alpha.pixels) sum += double(a);
        return sum / (double(seen_by.width) * seen_by.height);
    };
    const double dilated = covered(camera), true_share = covered(camera.resized(15 * 64, 15 * 64));
    EXPECT_GT(dilated, 3 * true_share);
    splats.filtered_from = 0;
    EXPECT_NEAR(covered(camera), true_share, 0.1 * true_share);
    splats.filtered_from = 1;
    EXPECT_EQ(covered(camera), dilated) << "those before it are not filtered";
}

// Also where the first filtered one is in the midst of those that are projected side by side.
TEST_P(EdgeCase, FilteringBeginsWhereItIsTold) {
    SplatSet splats = random_splats(50, 0, 5);
    for (float& v : splats.scales) v *= 0.1f;
    SplatSet hidden = splats;
    for (std::size_t i = 19; i < hidden.count; ++i) hidden.opacities[i] = 0;
    rasterizer_->forward(hidden, front_camera(40, 30), {}, frame_);
    const std::vector<float> plain = frame_.color.pixels;
    hidden.filtered_from = 19;
    rasterizer_->forward(hidden, front_camera(40, 30), {}, frame_);
    EXPECT_EQ(frame_.color.pixels, plain);
    hidden.filtered_from = 18;
    rasterizer_->forward(hidden, front_camera(40, 30), {}, frame_);
    EXPECT_NE(frame_.color.pixels, plain);
}

// By two millimetres and no more.
TEST_P(EdgeCase, LeadingOnesAreDrawnALittleEarlier) {
    const Camera camera = front_camera(15, 15);
    SplatSet one = one_splat(0.1f, 0.95f), two;
    two.resize(2);
    for (int i = 0; i < 2; ++i) {
        std::copy(one.scales.begin(), one.scales.end(), two.scales.begin() + 3 * i);
        std::copy(one.rotations.begin(), one.rotations.end(), two.rotations.begin() + 4 * i);
        two.opacities[std::size_t(i)] = one.opacities[0];
    }
    two.colors = {1, 0, 0, 0, 1, 0};
    const Eigen::Vector3f away = camera.world_to_camera.block<1, 3>(2, 0).transpose();
    const auto second_is_seen = [&](float behind, std::size_t leading_from) {
        two.means = {0, 0, 0, behind * away.x(), behind * away.y(), behind * away.z()};
        two.filtered_from = two.leading_from = leading_from;
        rasterizer_->forward(two, camera, {}, frame_);
        return frame_.color.at(7, 7)[1] > frame_.color.at(7, 7)[0];
    };
    EXPECT_FALSE(second_is_seen(1e-3f, SplatSet::none_filtered));
    EXPECT_TRUE(second_is_seen(-1e-3f, SplatSet::none_filtered));
    EXPECT_TRUE(second_is_seen(1e-3f, 1));
    EXPECT_FALSE(second_is_seen(3e-3f, 1));
    EXPECT_FALSE(second_is_seen(1e-3f, 2)) << "only from there on";
    EXPECT_FALSE(second_is_seen(1e-3f, 0)) << "both lead";
}

TEST_P(EdgeCase, MistakesAreRefused) {
    SplatSet splats = one_splat(0.1f, 0.5f);
    Frame frame;
    rasterizer_->forward(splats, front_camera(10, 10), {}, frame);
    FrameGradients by;
    by.color = Image(9, 10, 3);
    SplatGradients gradients;
    EXPECT_THROW(rasterizer_->backward(by, gradients), std::invalid_argument);
    splats.filtered_from = 0;
    rasterizer_->forward(splats, front_camera(10, 10), {}, frame);
    by.color = Image(10, 10, 3);
    EXPECT_THROW(rasterizer_->backward(by, gradients), std::invalid_argument) << "there is no way back";
    splats.opacities.clear();
    EXPECT_THROW(rasterizer_->forward(splats, front_camera(10, 10), {}, frame), std::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(InstructionSets, EdgeCase, testing::ValuesIn(instruction_sets),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace likeness

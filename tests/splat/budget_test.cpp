// Pictures whose tile lists are drawn in parts, and pictures that are given up.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "core/base/task.h"
#include "tests/splat/scenes.h"

namespace likeness {
namespace {

RasterOptions everything() {
    RasterOptions options;
    options.background = {0.2f, 0.4f, 0.6f};
    options.depth = options.normal = true;
    return options;
}

// Parts change neither the picture nor, after it, the gradients.
TEST(RasterBudget, PartsGiveTheSamePictureAndGradients) {
    const SplatSet splats = random_splats(3000, 2, 11);
    const Camera camera = oblique_camera(203, 151);
    FrameGradients by;
    by.color = random_image(203, 151, 3, 1);
    by.extra = random_image(203, 151, 2, 2);
    const auto whole = make_cpu_rasterizer();
    Frame expected;
    SplatGradients expected_gradients;
    whole->forward(splats, camera, everything(), expected);
    whole->backward(by, expected_gradients);
    // Fewer than one tile's, and what takes some parts.
    for (const std::size_t most : {1u, 500u, 20000u}) {
        const auto parts = make_cpu_rasterizer_within(most);
        Frame frame;
        SplatGradients gradients;
        parts->forward(splats, camera, everything(), frame);
        EXPECT_EQ(frame.color.pixels, expected.color.pixels) << most;
        EXPECT_EQ(frame.alpha.pixels, expected.alpha.pixels) << most;
        EXPECT_EQ(frame.depth.pixels, expected.depth.pixels) << most;
        EXPECT_EQ(frame.normal.pixels, expected.normal.pixels) << most;
        EXPECT_EQ(frame.extra.pixels, expected.extra.pixels) << most;
        frame = {};
        parts->backward(by, gradients);
        EXPECT_EQ(gradients.means, expected_gradients.means) << most;
        EXPECT_EQ(gradients.colors, expected_gradients.colors) << most;
    }
}

// Gaussians as large as the picture: some 10^9 pairs of a tile and a Gaussian, minutes of work.
TEST(RasterBudget, APictureCanBeGivenUp) {
    SplatSet splats = random_splats(60000, 0, 12);
    for (float& v : splats.scales) v = 1.0f;
    for (float& v : splats.opacities) v = 0.005f;
    const auto rasterizer = make_cpu_rasterizer();
    std::atomic<bool> stop = false;
    RasterOptions options;
    options.stop = &stop;
    const auto begin = std::chrono::steady_clock::now();
    std::jthread later([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        stop = true;
    });
    Frame frame;
    EXPECT_THROW(rasterizer->forward(splats, oblique_camera(1280, 800), options, frame), Cancelled);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
    // And the next one is whole.
    options.stop = nullptr;
    const SplatSet small = random_splats(500, 0, 13);
    Frame again, expected;
    rasterizer->forward(small, oblique_camera(64, 64), options, again);
    make_cpu_rasterizer()->forward(small, oblique_camera(64, 64), options, expected);
    EXPECT_EQ(again.color.pixels, expected.color.pixels);
}

}  // namespace
}  // namespace likeness

#include "core/vision/crop.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace likeness::test {
namespace {

Image noise(int width, int height, int channels) {
    std::mt19937 random(3);
    std::uniform_real_distribution<float> value(0, 1);
    Image image(width, height, channels);
    for (float& x : image.pixels) x = value(random);
    return image;
}

// One channel of a bilinear sample, in double.
double bilinear(const Image& image, double x, double y, int channel, bool black) {
    const double px = x - 0.5, py = y - 0.5, x0 = std::floor(px), y0 = std::floor(py);
    const auto pixel = [&](double i, double j) {
        if (black && (i < 0 || j < 0 || i >= image.width || j >= image.height)) return 0.0;
        return double(image.at(int(std::clamp(i, 0.0, image.width - 1.0)),
                               int(std::clamp(j, 0.0, image.height - 1.0)))[image.channels >= 3 ? channel : 0]);
    };
    const double u = px - x0, v = py - y0;
    return (1 - v) * ((1 - u) * pixel(x0, y0) + u * pixel(x0 + 1, y0)) +
           v * ((1 - u) * pixel(x0, y0 + 1) + u * pixel(x0 + 1, y0 + 1));
}

void expect_samples(const Image& image, const Crop& crop, int side, int grid, CropBorder border) {
    std::vector<float> got(std::size_t(side * side * 3));
    sample_crop(image, crop, side, side, {.border = border, .low = -1, .high = 1}, got);
    for (int v = 0; v < side; ++v)
        for (int u = 0; u < side; ++u)
            for (int c = 0; c < 3; ++c) {
                double sum = 0;
                for (int j = 0; j < grid; ++j)
                    for (int i = 0; i < grid; ++i) {
                        const Eigen::Vector2f at = crop.to_picture({(float(u * grid + i) + 0.5f) / float(side * grid),
                                                                    (float(v * grid + j) + 0.5f) / float(side * grid)});
                        sum += bilinear(image, double(at.x()), double(at.y()), c, border == CropBorder::black);
                    }
                ASSERT_NEAR(double(got[std::size_t((v * side + u) * 3 + c)]), 2 * sum / (grid * grid) - 1, 2e-3)
                    << u << ' ' << v << ' ' << c;
            }
}

TEST(SampleCrop, InsideAcrossTheBorderAndOutside) {
    for (const int channels : {1, 3, 4}) {
        const Image image = noise(61, 47, channels);
        for (const CropBorder border : {CropBorder::black, CropBorder::replicate})
            for (const float angle : {0.0f, 0.4f, -2.0f}) {
                expect_samples(image, {{30, 24}, {20, 18}, angle}, 16, 1, border);   // inside
                expect_samples(image, {{55, 40}, {30, 30}, angle}, 32, 1, border);   // over the last row and column
                expect_samples(image, {{4, 3}, {40, 40}, angle}, 12, 2, border);     // over the first ones
                expect_samples(image, {{30, 24}, {120, 90}, angle}, 16, 4, border);  // all of it and more
                expect_samples(image, {{-90, 200}, {10, 10}, angle}, 8, 1, border);  // beside it
                expect_samples(image, {{30, 24}, {-20, 18}, angle}, 16, 1, border);  // mirrored
            }
    }
}

// The whole picture, pixel by pixel: its last row included.
TEST(SampleCrop, APictureItself) {
    const Image image = noise(33, 29, 3);
    std::vector<float> got(image.pixels.size());
    sample_crop(image, {{16.5f, 14.5f}, {33, 29}, 0}, 33, 29, {}, got);
    for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], image.pixels[i], 1e-4f) << i;
}

}  // namespace
}  // namespace likeness::test

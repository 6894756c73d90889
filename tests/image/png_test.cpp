#include <gtest/gtest.h>
#include <png.h>

#include <cmath>

#include "core/image/load.h"
#include "make_pictures.h"

namespace likeness::test {
namespace {

Image load(const Bytes& bytes, const LoadOptions& options = {}) {
    const Result<LoadedImage> loaded = load_picture_from_memory(bytes, "test.png", options);
    EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message + loaded.error().detail);
    return loaded ? loaded->image : Image();
}

TEST(Png, EveryTypeDepthAndInterlacing) {
    struct Case {
        int type, channels;
        std::vector<int> depths;
    };
    const Case cases[] = {{PNG_COLOR_TYPE_GRAY, 1, {1, 2, 4, 8, 16}},
                          {PNG_COLOR_TYPE_GRAY_ALPHA, 2, {8, 16}},
                          {PNG_COLOR_TYPE_RGB, 3, {8, 16}},
                          {PNG_COLOR_TYPE_RGBA, 4, {8, 16}}};
    for (const Case& test : cases)
        for (const int depth : test.depths)
            for (const bool interlaced : {false, true}) {
                const Image picture = gradient(33, 21, test.channels);
                PngSpec spec;
                spec.color_type = test.type;
                spec.bit_depth = depth;
                spec.interlaced = interlaced;
                const Result<LoadedImage> loaded = load_picture_from_memory(make_png(picture, spec), "test.png");
                ASSERT_TRUE(loaded) << test.type << " " << depth;
                EXPECT_EQ(loaded->bit_depth, depth);
                const Image& image = loaded->image;
                const bool alpha = test.channels % 2 == 0;
                ASSERT_EQ(image.channels, alpha ? 4 : 3);
                const double step = 1.0 / ((1 << depth) - 1);
                for (int y = 0; y < 21; ++y)
                    for (int x = 0; x < 33; ++x)
                        for (int c = 0; c < image.channels; ++c) {
                            const int from = test.channels >= 3 ? c : c == 3 ? 1 : 0;
                            ASSERT_NEAR(image.at(x, y)[c], picture.at(x, y)[from], 0.51 * step) << test.type << depth;
                        }
            }
}

TEST(Png, Palettes) {
    for (const int depth : {1, 2, 4, 8})
        for (const bool transparent : {false, true}) {
            PngSpec spec;
            spec.color_type = PNG_COLOR_TYPE_PALETTE;
            spec.bit_depth = depth;
            spec.transparent_palette = transparent;
            spec.interlaced = depth == 4;
            Image picture = gradient(64, 8);
            picture.at(0, 3)[0] = 0.0f;
            picture.at(63, 3)[0] = 1.0f;
            const Image image = load(make_png(picture, spec));
            ASSERT_EQ(image.channels, transparent ? 4 : 3);
            EXPECT_NEAR(image.at(63, 3)[0], 1.0f, 1e-6f);
            EXPECT_NEAR(image.at(0, 3)[1], 1.0f, 1e-6f);
            EXPECT_NEAR(image.at(20, 3)[2], 77.0f / 255.0f, 1e-6f);
            if (transparent) {
                EXPECT_EQ(image.at(0, 3)[3], 0.0f);
                EXPECT_EQ(image.at(63, 3)[3], 1.0f);
            }
        }
}

TEST(Png, ProfileGammaAndExif) {
    const Image picture = gradient(24, 16);
    PngSpec spec;
    spec.bit_depth = 16;
    spec.icc = swapped_profile();
    spec.exif = make_exif(6, 50);
    const Result<LoadedImage> loaded = load_picture_from_memory(make_png(picture, spec), "test.png");
    ASSERT_TRUE(loaded);
    EXPECT_TRUE(loaded->profile_converted);
    EXPECT_EQ(loaded->image.width, 16);
    EXPECT_FLOAT_EQ(loaded->focal_35mm.value_or(0.0f), 50.0f);
    // Turned clockwise: shown (x, y) is stored (y, 15 - x); red and green are exchanged by the profile.
    EXPECT_NEAR(loaded->image.at(3, 5)[0], picture.at(5, 12)[1], 0.003);
    EXPECT_NEAR(loaded->image.at(3, 5)[1], picture.at(5, 12)[0], 0.003);

    PngSpec linear;
    linear.bit_depth = 16;
    linear.gamma = 1.0;
    const Image encoded = load(make_png(picture, linear));
    EXPECT_NEAR(encoded.at(6, 3)[0], std::pow(6.5 / 24.0, 1.0 / 2.4) * 1.055 - 0.055, 0.003);
    PngSpec usual;
    usual.gamma = 0.45455;
    EXPECT_LT(largest_difference(load(make_png(picture, usual)), picture), 0.003);
}

TEST(Png, ReductionWeighsColorByAlpha) {
    // Opaque white beside transparent black: the mean keeps the white.
    Image picture(64, 64, 4);
    for (int y = 0; y < 64; ++y)
        for (int x = 0; x < 64; x += 2)
            for (int c = 0; c < 4; ++c) picture.at(x, y)[c] = 1.0f;
    PngSpec spec;
    spec.color_type = PNG_COLOR_TYPE_RGBA;
    LoadOptions options;
    options.max_side = 16;
    const Image image = load(make_png(picture, spec), options);
    ASSERT_EQ(image.width, 16);
    for (int x = 0; x < 16; ++x) {
        EXPECT_NEAR(image.at(x, 4)[0], 1.0f, 1e-5f);
        EXPECT_NEAR(image.at(x, 4)[3], 0.5f, 1e-5f);
    }
}

}  // namespace
}  // namespace likeness::test

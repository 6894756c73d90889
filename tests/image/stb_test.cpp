// TGA, BMP, PSD and Radiance.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

#include "core/image/load.h"
#include "core/image/ops.h"
#include "make_pictures.h"

namespace likeness::test {
namespace {

LoadedImage load(const Bytes& bytes, const std::string& name = "test.tga", const LoadOptions& options = {}) {
    const Result<LoadedImage> loaded = load_picture_from_memory(bytes, name, options);
    EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message + " " + loaded.error().detail);
    return loaded ? *loaded : LoadedImage();
}

Image grey_as_rgb(const Image& grey) {
    Image rgb(grey.width, grey.height, 3);
    for (std::size_t i = 0; i < rgb.pixels.size(); ++i) rgb.pixels[i] = grey.pixels[i / 3];
    return rgb;
}

// Flat patches, for runs.
Image patches(int width, int height, int channels) {
    Image image = gradient(width, height, channels);
    for (float& value : image.pixels) value = std::round(value * 3.0f) / 3.0f;
    return image;
}

// A light twice as bright as white, and shadows.
Image radiance(int width, int height) {
    Image image = patches(width, height, 3);
    for (float& value : image.pixels) value = 2.0f * value * value;
    return image;
}

TEST(Tga, EveryKindAndDirection) {
    for (const int bits : {8, 16, 24, 32})
        for (const bool indexed : {false, true})
            for (const bool packed : {false, true})
                for (const bool top_down : {false, true})
                    for (const bool mirrored : {false, true}) {
                        if (indexed && bits == 8) continue;
                        const TgaSpec spec = {.bits = bits,
                                              .indexed = indexed,
                                              .packed = packed,
                                              .top_down = top_down,
                                              .mirrored = mirrored};
                        const Image picture = patches(19, 13, bits == 8 ? 1 : bits == 32 ? 4 : 3);
                        const LoadedImage loaded = load(make_tga(picture, spec));
                        EXPECT_EQ(loaded.bit_depth, bits == 16 ? 5 : 8);
                        EXPECT_LT(largest_difference(loaded.image, bits == 8 ? grey_as_rgb(picture) : picture),
                                  bits == 16 ? 0.02 : 0.0021)
                            << bits << indexed << packed << top_down << mirrored;
                    }
}

TEST(Tga, WithoutAlphaBitsTheFourthByteIsNothing) {
    EXPECT_EQ(load(make_tga(gradient(9, 7, 4), {.bits = 32, .alpha_bits = 0})).image.channels, 3);
}

TEST(Tga, NeedsItsEndingOrFooter) {
    const Image picture = gradient(20, 10);
    EXPECT_TRUE(load_picture_from_memory(make_tga(picture), "a/B.TGA"));
    EXPECT_TRUE(load_picture_from_memory(make_tga(picture, {.footer = true}), "nothing"));
    EXPECT_FALSE(load_picture_from_memory(make_tga(picture), "nothing"));
    const Bytes letter = {'D', 'e', 'a', 'r', ' ', 'S', 'i', 'r', ' ', 'o',
                          'r', ' ', 'M', 'a', 'd', 'a', 'm', ',', '\n'};
    const Result<LoadedImage> refused = load_picture_from_memory(letter, "letter.tga");
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("is not a picture that can be read"), std::string::npos);
    // A signature comes first, whatever the name says.
    EXPECT_LT(largest_difference(load(make_png(picture, {})).image, picture), 0.0021);
    EXPECT_LT(largest_difference(load(make_bmp(picture)).image, picture), 0.0021);
}

TEST(Tga, WhatIsDecodedWronglyIsRefused) {
    Bytes interleaved = make_tga(gradient(20, 10)), shifted = make_tga(patches(12, 10, 3), {.indexed = true});
    interleaved[17] |= 0x40;
    shifted[3] = 1;
    EXPECT_FALSE(load_picture_from_memory(interleaved, "a.tga"));
    EXPECT_FALSE(load_picture_from_memory(shifted, "a.tga"));
}

TEST(Bmp, EveryDepthHeaderAndDirection) {
    for (const int bits : {1, 4, 8, 16, 24, 32})
        for (const int header : {12, 40, 108, 124})
            for (const bool top_down : {false, true}) {
                if (header == 12 && (top_down || bits == 16 || bits == 32)) continue;
                const bool palette = bits < 16;
                const Image picture = gradient(21, 14, palette ? 1 : bits == 32 ? 4 : 3);
                const Bytes bytes = make_bmp(picture, {.bits = bits, .header = header, .top_down = top_down});
                if (header == 12 && palette) {  // stb counts its colors wrongly
                    EXPECT_FALSE(load_picture_from_memory(bytes, "old.bmp"));
                    continue;
                }
                const LoadedImage loaded = load(bytes, "test");
                const double step = palette ? 1.0 / ((1 << bits) - 1) : bits == 16 ? 1.0 / 31 : 1.0 / 255;
                EXPECT_LT(largest_difference(loaded.image, palette ? grey_as_rgb(picture) : picture), 0.55 * step)
                    << bits << " " << header << top_down;
                EXPECT_EQ(loaded.bit_depth, bits == 16 ? 5 : 8);
            }
}

TEST(Bmp, ColorsOutsideAShortPaletteAreBlack) {
    Bytes bytes = make_bmp(Image(8, 4, 1, 1.0f), {.bits = 8});
    bytes.erase(bytes.begin() + 14 + 40 + 4 * 16, bytes.begin() + 14 + 40 + 4 * 256);
    bytes[10] = 14 + 40 + 4 * 16;
    bytes[11] = 0;
    EXPECT_LT(largest_difference(load(bytes).image, Image(8, 4, 3)), 1e-6);
}

TEST(Psd, DepthsPackingAndTransparency) {
    for (const int bits : {8, 16})
        for (const bool packed : {false, true})
            for (const int channels : {3, 4})
                for (const bool transparent : {false, true}) {
                    if (transparent && channels == 3) continue;
                    Image picture = gradient(33, 12, channels);
                    const LoadedImage loaded =
                        load(make_psd(picture, {.bits = bits, .packed = packed, .transparent = transparent}), "test");
                    EXPECT_EQ(loaded.bit_depth, bits);
                    ASSERT_EQ(loaded.image.channels, transparent ? 4 : 3);
                    // Over white, and back: two roundings that grow by 1 / alpha, here at most 4.
                    const double step = (transparent ? 8.0 : 1.0) / ((1 << bits) - 1);
                    for (int y = 0; y < 12; ++y)
                        for (int x = 0; x < 33; ++x)
                            for (int c = 0; c < loaded.image.channels; ++c)
                                ASSERT_NEAR(loaded.image.at(x, y)[c], picture.at(x, y)[c], 0.51 * step)
                                    << bits << packed << transparent;
                }
}

TEST(Psd, ProfileAndExif) {
    const Image picture = gradient(24, 16);
    const LoadedImage loaded =
        load(make_psd(picture, {.bits = 16, .icc = swapped_profile(), .exif = make_exif(1, 85)}), "test");
    EXPECT_TRUE(loaded.profile_converted);
    EXPECT_FLOAT_EQ(loaded.focal_35mm.value_or(0.0f), 85.0f);
    EXPECT_NEAR(loaded.image.at(3, 5)[0], picture.at(3, 5)[1], 0.003);
}

TEST(Psd, OtherColorsAreRefusedInWords) {
    Bytes grey = make_psd(gradient(8, 8));
    grey[25] = 1;
    const Result<LoadedImage> refused = load_picture_from_memory(grey, "grey.psd");
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("convert it"), std::string::npos) << refused.error().message;
}

TEST(Radiance, LightIsLinear) {
    for (const HdrLayout layout : {HdrLayout::flat, HdrLayout::packed})
        for (const char* first_line : {"#?RADIANCE", "#?RGBE"}) {
            const Image light = radiance(40, 12);
            const Bytes bytes = make_hdr(light, layout, first_line);
            const Result<Image> loaded = load_radiance_from_memory(bytes, "light.hdr");
            ASSERT_TRUE(loaded) << loaded.error().message;
            EXPECT_LT(largest_difference(*loaded, light), 2.0 / 128);
            EXPECT_GT(*std::max_element(loaded->pixels.begin(), loaded->pixels.end()), 1.9f);
            // As a picture: what is brighter than white is white.
            EXPECT_LT(largest_difference(load(bytes).image, linear_to_srgb(*loaded)), 1e-6);
        }
}

TEST(Radiance, ReducedAsLight) {
    Image light(64, 64, 3);
    for (int y = 0; y < 64; ++y)
        for (int x = 0; x < 64; x += 2) std::fill_n(light.at(x, y), 3, 4.0f);
    LoadOptions options;
    options.max_side = 16;
    const Result<Image> loaded = load_radiance_from_memory(make_hdr(light, HdrLayout::packed), "a.hdr", options);
    ASSERT_TRUE(loaded);
    EXPECT_LT(largest_difference(*loaded, Image(16, 16, 3, 2.0f)), 1e-5);
}

TEST(Radiance, OnlyRadianceIsLight) {
    EXPECT_FALSE(load_radiance("none.hdr"));
    const Result<Image> png = load_radiance_from_memory(make_png(gradient(8, 8), {}), "a.png");
    ASSERT_FALSE(png);
    EXPECT_EQ(png.error().code, ErrorCode::bad_input);
    EXPECT_NE(png.error().message.find("'a.png' is not a Radiance picture"), std::string::npos);
}

struct Sample {
    const char* name;
    Bytes bytes;
};

std::vector<Sample> small_samples() {
    return {{"raw.tga", make_tga(gradient(16, 9))},
            {"packed.tga", make_tga(patches(16, 9, 4), {.bits = 32, .packed = true})},
            {"indexed.tga", make_tga(patches(16, 9, 3), {.indexed = true, .packed = true})},
            {"grey.bmp", make_bmp(gradient(16, 9, 1), {.bits = 8})},
            {"new.bmp", make_bmp(gradient(16, 9, 4), {.bits = 32, .header = 124})},
            {"raw.psd", make_psd(gradient(16, 9, 4), {.bits = 16, .transparent = true})},
            {"packed.psd", make_psd(patches(16, 9, 4), {.packed = true, .transparent = true})},
            {"flat.hdr", make_hdr(radiance(16, 9), HdrLayout::flat)},
            {"packed.hdr", make_hdr(radiance(16, 9), HdrLayout::packed)}};
}

TEST(PlainPicture, CutOffAtEveryLengthIsAnError) {
    for (const Sample& sample : small_samples()) {
        ASSERT_TRUE(load_picture_from_memory(sample.bytes, sample.name)) << sample.name;
        for (std::size_t length = 0; length < sample.bytes.size(); ++length) {
            const Bytes bytes(sample.bytes.begin(), sample.bytes.begin() + static_cast<long>(length));
            const Result<LoadedImage> loaded = load_picture_from_memory(bytes, sample.name);
            ASSERT_FALSE(loaded) << sample.name << " of " << length << " bytes";
            EXPECT_EQ(loaded.error().code, ErrorCode::bad_input);
            EXPECT_NE(loaded.error().message.find(sample.name), std::string::npos);
        }
    }
}

// Every byte of the headers, the widths and heights among them, set to values that hurt.
TEST(PlainPicture, DishonestHeadersReturn) {
    LoadOptions options;
    options.max_pixels = 1'000'000;
    for (const Sample& sample : small_samples())
        for (std::size_t i = 0; i < std::min<std::size_t>(sample.bytes.size(), 160); ++i)
            for (const int value : {0, 1, 0x7f, 0x80, 0xff}) {
                Bytes bytes = sample.bytes;
                bytes[i] = static_cast<std::uint8_t>(value);
                const Result<LoadedImage> loaded = load_picture_from_memory(bytes, sample.name, options);
                if (!loaded) continue;
                for (const float v : loaded->image.pixels) ASSERT_TRUE(v >= 0.0f && v <= 1.0f) << sample.name;
            }
}

TEST(PlainPicture, SizesAreCheckedBeforeMemoryIsTaken) {
    const auto refused = [](Bytes bytes, const char* name, const std::string& says) {
        const auto start = std::chrono::steady_clock::now();
        const Result<LoadedImage> loaded = load_picture_from_memory(bytes, name);
        EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(200)) << name;
        ASSERT_FALSE(loaded) << name;
        EXPECT_NE(loaded.error().message.find(says), std::string::npos) << loaded.error().message;
    };
    const auto with = [](Bytes bytes, std::size_t at, const Bytes& value) {
        std::copy(value.begin(), value.end(), bytes.begin() + static_cast<long>(at));
        return bytes;
    };
    const Bytes tga = make_tga(gradient(8, 8)), bmp = make_bmp(gradient(8, 8)), psd = make_psd(gradient(8, 8));
    refused(with(tga, 12, {0x20, 0x4e, 0x20, 0x4e}), "a.tga", "20000 x 20000");
    refused(with(bmp, 18, {0x20, 0x4e, 0, 0, 0x20, 0x4e, 0, 0}), "a.bmp", "20000 x 20000");
    refused(with(psd, 14, {0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20}), "a.psd", "20000 x 20000");
    const auto hdr = [](const std::string& size) {
        const std::string text = "#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n" + size + "\n";
        return Bytes(text.begin(), text.end());
    };
    refused(hdr("-Y 20000 +X 20000"), "a.hdr", "20000 x 20000");
    // Allowed sizes of which nearly nothing is there; sides too long; no sides; the numbers that overflow.
    refused(with(tga, 12, {0x10, 0x27, 0x10, 0x27}), "a.tga", "cut off");
    refused(with(bmp, 18, {0x10, 0x27, 0, 0, 0x10, 0x27, 0, 0}), "a.bmp", "cut off");
    refused(with(psd, 14, {0, 0, 0x27, 0x10, 0, 0, 0x27, 0x10}), "a.psd", "cut off");
    refused(hdr("-Y 10000 +X 10000"), "a.hdr", "cut off");
    refused(hdr("-Y 1 +X 200000"), "a.hdr", "200000 x 1");
    refused(hdr("-Y 0 +X 5"), "a.hdr", "damaged");
    refused(hdr("-Y -5 +X 5"), "a.hdr", "damaged");
    refused(hdr("-Y 99999999999999999999 +X 5"), "a.hdr", "damaged");
    refused(hdr("+Y 5 +X 5"), "a.hdr", "damaged");
    refused(with(bmp, 18, {0, 0, 0, 0x80, 0, 0, 0, 0x80}), "a.bmp", "damaged");
    refused(with(bmp, 18, {8, 0, 0, 0, 0, 0, 0, 0x80}), "a.bmp", "damaged");
    refused(with(psd, 14, {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 8}), "a.psd", "damaged");
    refused(with(psd, 26, {0xff, 0xff, 0xff, 0xff}), "a.psd", "cut off");
}

// A run of no pixels at the end made stb wait for more for ever.
TEST(PlainPicture, RunsOfNothingEnd) {
    Bytes bytes = make_hdr(radiance(16, 9), HdrLayout::packed);
    bytes.resize(bytes.size() - 4);
    bytes.insert(bytes.end(), 100, 0);
    const Result<LoadedImage> loaded = load_picture_from_memory(bytes, "a.hdr");
    ASSERT_FALSE(loaded);
    EXPECT_NE(loaded.error().message.find("cut off"), std::string::npos);
}

TEST(PlainPicture, ReducedWhileDecoding) {
    LoadOptions options;
    options.max_side = 50;
    const Image picture = gradient(200, 100, 4);
    for (const auto& [name, bytes] :
         {Sample{"a.tga", make_tga(picture, {.bits = 32})}, Sample{"a.bmp", make_bmp(picture, {.bits = 32})},
          Sample{"a.psd", make_psd(picture, {.bits = 16, .transparent = true})}}) {
        const LoadedImage loaded = load(bytes, name, options);
        EXPECT_EQ(loaded.original_width, 200);
        EXPECT_LT(largest_difference(loaded.image, gradient(50, 25, 4)), 0.01) << name;
    }
}

}  // namespace
}  // namespace likeness::test

#include <gtest/gtest.h>

#include <cmath>

#include "core/image/load.h"
#include "make_pictures.h"

namespace likeness::test {
namespace {

Image load(const Bytes& bytes, const LoadOptions& options = {}) {
    const Result<LoadedImage> loaded = load_picture_from_memory(bytes, "test.jpg", options);
    EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message + loaded.error().detail);
    return loaded ? loaded->image : Image();
}

Bytes exif_marker(int orientation, int focal, bool big_endian = false) {
    Bytes exif = {'E', 'x', 'i', 'f', 0, 0};
    const Bytes tiff = make_exif(orientation, focal, big_endian);
    exif.insert(exif.end(), tiff.begin(), tiff.end());
    return exif;
}

TEST(Jpeg, EveryKindYieldsTheSamePicture) {
    const Image picture = gradient(61, 37);
    for (const JpegKind kind : {JpegKind::rgb, JpegKind::cmyk, JpegKind::cmyk_adobe, JpegKind::ycck_adobe})
        for (const bool progressive : {false, true}) {
            JpegSpec spec;
            spec.kind = kind;
            spec.progressive = progressive;
            EXPECT_LT(largest_difference(load(make_jpeg(picture, spec)), picture), 0.03)
                << static_cast<int>(kind) << progressive;
        }
    JpegSpec restarts;
    restarts.restart_rows = 1;
    EXPECT_LT(largest_difference(load(make_jpeg(picture, restarts)), picture), 0.03);
}

TEST(Jpeg, GreyBecomesThreeEqualChannels) {
    JpegSpec spec;
    spec.kind = JpegKind::grey;
    const Image image = load(make_jpeg(gradient(40, 20), spec));
    ASSERT_EQ(image.channels, 3);
    for (int x = 0; x < 40; ++x) {
        EXPECT_NEAR(image.at(x, 7)[0], (static_cast<float>(x) + 0.5f) / 40.0f, 0.02f);
        EXPECT_EQ(image.at(x, 7)[0], image.at(x, 7)[2]);
    }
}

TEST(Jpeg, AllEightOrientations) {
    const Image shown = gradient(48, 32);
    for (int orientation = 1; orientation <= 8; ++orientation) {
        // What a camera stores so that the orientation's definition (TIFF 6.0) shows `shown`:
        // stored row 0 is the shown top (1, 2), bottom (3, 4), left (5, 8), right (6, 7).
        const bool swapped = orientation >= 5;
        Image stored(swapped ? 32 : 48, swapped ? 48 : 32, 3);
        for (int row = 0; row < stored.height; ++row)
            for (int column = 0; column < stored.width; ++column) {
                int x = 0, y = 0;
                switch (orientation) {
                    case 1:
                        x = column, y = row;
                        break;  // row 0 top, column 0 left
                    case 2:
                        x = 47 - column, y = row;
                        break;  // top, right
                    case 3:
                        x = 47 - column, y = 31 - row;
                        break;  // bottom, right
                    case 4:
                        x = column, y = 31 - row;
                        break;  // bottom, left
                    case 5:
                        x = row, y = column;
                        break;  // left, top
                    case 6:
                        x = 47 - row, y = column;
                        break;  // right, top
                    case 7:
                        x = 47 - row, y = 31 - column;
                        break;  // right, bottom
                    case 8:
                        x = row, y = 31 - column;
                        break;  // left, bottom
                }
                for (int c = 0; c < 3; ++c) stored.at(column, row)[c] = shown.at(x, y)[c];
            }
        JpegSpec spec;
        spec.exif = exif_marker(orientation, 26, orientation % 2 == 0);
        const Result<LoadedImage> loaded = load_picture_from_memory(make_jpeg(stored, spec), "test.jpg");
        ASSERT_TRUE(loaded);
        EXPECT_EQ(loaded->orientation, orientation);
        EXPECT_EQ(loaded->original_width, 48);
        EXPECT_EQ(loaded->original_height, 32);
        EXPECT_FLOAT_EQ(loaded->focal_35mm.value_or(0.0f), 26.0f);
        EXPECT_FLOAT_EQ(loaded->focal_mm.value_or(0.0f), 4.25f);
        EXPECT_LT(largest_difference(loaded->image, shown), 0.04) << orientation;
    }
}

TEST(Jpeg, ProfileIsConverted) {
    const Image picture = gradient(32, 32);
    JpegSpec spec;
    spec.icc = swapped_profile();
    const Image image = load(make_jpeg(picture, spec));
    // The file's red is the profile's green.
    Image expected = picture;
    for (std::size_t i = 0; i < expected.pixels.size(); i += 3) std::swap(expected.pixels[i], expected.pixels[i + 1]);
    EXPECT_LT(largest_difference(image, expected), 0.03);

    spec.icc = srgb_profile();
    const Result<LoadedImage> same = load_picture_from_memory(make_jpeg(picture, spec), "test.jpg");
    ASSERT_TRUE(same);
    EXPECT_FALSE(same->profile_converted);

    spec.kind = JpegKind::grey;
    spec.icc = grey_profile(1.0);
    const Image grey = load(make_jpeg(picture, spec));
    EXPECT_NEAR(grey.at(7, 3)[1], std::pow(7.5 / 32.0, 1.0 / 2.4) * 1.055 - 0.055, 0.02);
}

TEST(Jpeg, InksFollowTheirProfile) {
    // Colors without black ink are white to this profile; the file's inks count from 0 to 1 whichever way they are
    // stored.
    for (const JpegKind kind : {JpegKind::cmyk, JpegKind::cmyk_adobe}) {
        JpegSpec spec;
        spec.kind = kind;
        spec.icc = black_only_profile();
        const Result<LoadedImage> loaded = load_picture_from_memory(make_jpeg(gradient(16, 16), spec), "test.jpg");
        ASSERT_TRUE(loaded);
        EXPECT_TRUE(loaded->profile_converted);
        for (const float value : loaded->image.pixels) ASSERT_NEAR(value, 1.0f, 0.02f);
    }
}

TEST(Jpeg, WideColorsAreConverted) {
    Image picture(8, 8, 3);
    for (std::size_t i = 0; i < picture.pixels.size(); i += 3) {
        picture.pixels[i] = 0.75f;
        picture.pixels[i + 1] = picture.pixels[i + 2] = 0.5f;
    }
    JpegSpec spec;
    spec.icc = wide_profile();
    const Image image = load(make_jpeg(picture, spec));
    // By hand: linear (0.5311, 0.2176, 0.2176) times P3 to sRGB ((1.2249, -0.2249, 0), (-0.0420, 1.0420, 0),
    // (-0.0196, -0.0786, 1.0982)), encoded.
    const auto encoded = [](double v) { return 1.055 * std::pow(v, 1.0 / 2.4) - 0.055; };
    EXPECT_NEAR(image.at(4, 4)[0], encoded(0.60161), 0.01);
    EXPECT_NEAR(image.at(4, 4)[1], encoded(0.20443), 0.01);
    EXPECT_NEAR(image.at(4, 4)[2], encoded(0.21146), 0.01);
}

TEST(Jpeg, WrongProfilesAreIgnored) {
    const Image picture = gradient(32, 32);
    JpegSpec spec;
    spec.icc = grey_profile(1.8);  // for another color model
    EXPECT_LT(largest_difference(load(make_jpeg(picture, spec)), picture), 0.03);
    spec.icc = Bytes(3000, 0x5a);
    EXPECT_LT(largest_difference(load(make_jpeg(picture, spec)), picture), 0.03);
    const Bytes whole = swapped_profile();
    spec.icc = Bytes(whole.begin(), whole.begin() + static_cast<long>(whole.size() / 2));
    EXPECT_TRUE(load_picture_from_memory(make_jpeg(picture, spec), "test.jpg"));
}

TEST(Jpeg, LargePicturesAreReducedWhileDecoding) {
    const Image picture = gradient(1200, 800);
    const Bytes file = make_jpeg(picture);
    for (const int side : {1199, 700, 300, 90, 7, 1}) {
        LoadOptions options;
        options.max_side = side;
        const Result<LoadedImage> loaded = load_picture_from_memory(file, "test.jpg", options);
        ASSERT_TRUE(loaded);
        EXPECT_EQ(loaded->image.width, side);
        EXPECT_EQ(loaded->image.height, std::max(1, static_cast<int>(std::lround(side * 2.0 / 3.0))));
        EXPECT_EQ(loaded->original_width, 1200);
        if (side > 1) {
            EXPECT_LT(largest_difference(loaded->image, gradient(loaded->image.width, loaded->image.height)), 0.02)
                << side;
        }
    }
}

TEST(Jpeg, AMissingEndMarkerAloneIsForgiven) {
    const Image picture = gradient(64, 64);
    Bytes file = make_jpeg(picture);
    file.erase(file.end() - 2, file.end());
    EXPECT_LT(largest_difference(load(file), picture), 0.03);
}

}  // namespace
}  // namespace likeness::test

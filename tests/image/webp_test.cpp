#include <gtest/gtest.h>

#include "core/image/load.h"
#include "make_pictures.h"

namespace likeness::test {
namespace {

TEST(WebP, LossyAndLosslessWithAndWithoutAlpha) {
    for (const int channels : {3, 4})
        for (const bool lossless : {false, true}) {
            Image picture = gradient(50, 34, channels);
            const Result<LoadedImage> loaded = load_picture_from_memory(make_webp(picture, lossless), "test.webp");
            ASSERT_TRUE(loaded) << loaded.error().message;
            EXPECT_EQ(loaded->image.channels, channels);
            EXPECT_LT(largest_difference(loaded->image, picture), lossless ? 0.003 : 0.06);
        }
}

TEST(WebP, ProfileAndExif) {
    const Image picture = gradient(40, 30);
    const Bytes file = wrap_webp(make_webp(picture, true), 40, 30, swapped_profile(), make_exif(3, 85));
    const Result<LoadedImage> loaded = load_picture_from_memory(file, "test.webp");
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_TRUE(loaded->profile_converted);
    EXPECT_EQ(loaded->orientation, 3);
    EXPECT_FLOAT_EQ(loaded->focal_35mm.value_or(0.0f), 85.0f);
    EXPECT_NEAR(loaded->image.at(3, 2)[0], picture.at(36, 27)[1], 0.01);
}

TEST(WebP, ReducedWhileDecoding) {
    LoadOptions options;
    options.max_side = 100;
    const Result<LoadedImage> loaded =
        load_picture_from_memory(make_webp(gradient(400, 600), true), "test.webp", options);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->image.height, 100);
    EXPECT_LT(largest_difference(loaded->image, gradient(67, 100)), 0.01);
}

}  // namespace
}  // namespace likeness::test

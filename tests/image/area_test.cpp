#include <gtest/gtest.h>

#include "core/image/area_reducer.h"
#include "make_pictures.h"

namespace likeness::test {
namespace {

Image reduced(const Image& image, int width, int height, bool alpha = false) {
    AreaReducer reducer(image.width, image.height, image.channels, alpha, width, height);
    for (int y = 0; y < image.height; ++y) reducer.push(image.at(0, y));
    return reducer.finish();
}

TEST(AreaReducer, TheMeanStays) {
    const Image picture = gradient(97, 53);
    for (const auto& [w, h] : {std::pair{97, 53}, {96, 52}, {50, 50}, {31, 7}, {1, 1}, {97, 1}, {1, 53}}) {
        const Image small = reduced(picture, w, h);
        double before[3] = {}, after[3] = {};
        for (std::size_t i = 0; i < picture.pixels.size(); ++i) before[i % 3] += picture.pixels[i] / (97.0 * 53.0);
        for (std::size_t i = 0; i < small.pixels.size(); ++i) after[i % 3] += small.pixels[i] / (double(w) * h);
        for (int c = 0; c < 3; ++c) EXPECT_NEAR(before[c], after[c], 1e-5) << w << " " << h;
    }
}

TEST(AreaReducer, OverlapsAreExact) {
    Image row(3, 1, 1);
    row.pixels = {0.0f, 0.5f, 1.0f};
    const Image two = reduced(row, 2, 1);
    EXPECT_NEAR(two.pixels[0], (0.0f + 0.25f) / 1.5f, 1e-6f);
    EXPECT_NEAR(two.pixels[1], (0.25f + 1.0f) / 1.5f, 1e-6f);
}

TEST(AreaReducer, ConstantsStayConstant) {
    const Image white = reduced(Image(1000, 777, 3, 1.0f), 333, 259);
    for (const float value : white.pixels) ASSERT_NEAR(value, 1.0f, 1e-5f);
}

}  // namespace
}  // namespace likeness::test

#include "bench/metrics/coverage.h"

#include <gtest/gtest.h>

#include <numeric>

namespace likeness::metrics {
namespace {

// One channel with `value` in [x0, x1) x [y0, y1).
Image box(int x0, int y0, int x1, int y1, float value = 1.0f) {
    Image out(40, 40, 1);
    for (int y = y0; y < y1; ++y)
        for (int x = x0; x < x1; ++x) *out.at(x, y) = value;
    return out;
}

void add(Image& image, const Image& other) {
    for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] += other.pixels[i];
}

TEST(Coverage, ErosionTakesADiscAndSparesTheBorder) {
    EXPECT_EQ(eroded(box(10, 10, 30, 30), 2).pixels, box(12, 12, 28, 28).pixels);
    EXPECT_EQ(eroded(box(10, 20, 30, 40), 2).pixels, box(12, 22, 28, 40).pixels);  // it leaves the frame below
    EXPECT_EQ(eroded(box(10, 10, 30, 30), 0).pixels, box(10, 10, 30, 30).pixels);
    Image hole = box(10, 10, 30, 30);
    *hole.at(20, 20) = 0.0f;
    const Image ring = eroded(hole, 2);
    const float left = std::accumulate(ring.pixels.begin(), ring.pixels.end(), 0.0f);
    EXPECT_EQ(left, 16.0f * 16.0f - 13.0f);  // a disc of radius 2 has 13 pixels
    EXPECT_EQ(*ring.at(22, 22), 1.0f);
    EXPECT_EQ(*ring.at(22, 20), 0.0f);
}

TEST(Coverage, CountsClosedPixelsInsideTheErodedSilhouette) {
    const Image silhouette = box(10, 10, 30, 30);  // S is 16 x 16
    EXPECT_EQ(*coverage(silhouette, silhouette), 1.0);
    EXPECT_EQ(*coverage(box(12, 12, 28, 28, 0.98f), silhouette), 1.0);  // the outermost two pixels are free
    EXPECT_EQ(*coverage(box(12, 12, 28, 28, 0.97f), silhouette), 0.0);
    EXPECT_EQ(*coverage(box(12, 12, 28, 20), silhouette), 0.5);
}

TEST(Coverage, FloatersAreThePartsAwayFromTheHead) {
    const Image silhouette = box(10, 10, 30, 30);
    Image alpha = box(10, 10, 30, 30);
    EXPECT_EQ(*floaters(alpha, silhouette), 0.0);
    add(alpha, box(30, 15, 34, 17, 0.5f));  // hair that hangs on the head
    EXPECT_EQ(*floaters(alpha, silhouette), 0.0);
    add(alpha, box(2, 2, 6, 7, 0.8f));  // 20 pixels of 0.8 far away
    EXPECT_NEAR(*floaters(alpha, silhouette), 16.0 / (400 + 4 + 16), 1e-6);
    add(alpha, box(6, 7, 10, 10, 0.04f));  // a bridge too faint to be seen does not connect it
    EXPECT_NEAR(*floaters(alpha, silhouette), 16.0 / (400 + 4 + 16 + 0.48), 1e-6);
    add(alpha, box(6, 7, 7, 8, 0.5f));  // diagonal steps do
    add(alpha, box(7, 8, 8, 9, 0.5f));
    add(alpha, box(8, 9, 9, 10, 0.5f));
    add(alpha, box(9, 10, 10, 11, 0.5f));
    EXPECT_EQ(*floaters(alpha, silhouette), 0.0);
}

TEST(Coverage, ATransparentPictureHasNoFloaters) { EXPECT_EQ(*floaters(box(0, 0, 0, 0), box(10, 10, 30, 30)), 0.0); }

TEST(Coverage, WithoutAHeadEverythingFloats) { EXPECT_EQ(*floaters(box(3, 3, 9, 9), box(0, 0, 0, 0)), 1.0); }

TEST(Coverage, OutlineIsIntersectionOverUnion) {
    EXPECT_EQ(*outline_overlap(box(10, 10, 30, 30), box(10, 10, 30, 30, 0.6f)), 1.0);
    EXPECT_NEAR(*outline_overlap(box(10, 10, 30, 30), box(20, 10, 40, 30)), 1.0 / 3.0, 1e-12);
    EXPECT_EQ(*outline_overlap(box(10, 10, 30, 30, 0.5f), box(10, 10, 30, 30)), 0.0);
}

TEST(Coverage, SaysWhenThereIsNothingToMeasure) {
    const Image none(40, 40, 1);
    for (const auto& result :
         {coverage(none, none), coverage(none, box(10, 10, 14, 14)), outline_overlap(none, none),
          coverage(none, Image(20, 20, 1)), floaters(none, Image(40, 40, 3)), outline_overlap(Image(), Image())}) {
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, ErrorCode::invalid_argument);
    }
}

TEST(Coverage, AlphaIsTheFourthChannel) {
    Image rgba(2, 1, 4);
    rgba.pixels = {0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f, 0.8f};
    EXPECT_EQ(alpha_channel(rgba).pixels, (std::vector<float>{0.4f, 0.8f}));
}

}  // namespace
}  // namespace likeness::metrics

#include "core/avatar/hair_detail.h"

#include <gtest/gtest.h>

namespace likeness::test {
namespace {

constexpr int width = HairDetail::width, height = HairDetail::height;

// Stripes of three colors, seen in a band of the chart.
struct Seen {
    std::vector<Eigen::Vector3f> detail = std::vector<Eigen::Vector3f>(std::size_t(width * height), {9, 9, 9});
    std::vector<std::uint8_t> known = std::vector<std::uint8_t>(std::size_t(width * height), 0);
    void show(int x0, int x1, int y0, int y1) {
        for (int y = y0; y < y1; ++y)
            for (int x = x0; x < x1; ++x) {
                detail[std::size_t(y * width + x)] = Eigen::Vector3f::Constant(0.1f * float(x / 4 % 3 - 1));
                known[std::size_t(y * width + x)] = 1;
            }
    }
};

TEST(HairDetail, WhatIsSeenStaysAndTheRestIsOfTheSameKind) {
    Seen seen;
    seen.show(0, 160, 60, 220);
    const HairDetail hair(seen.detail, seen.known, 1);
    double elsewhere = 0;
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            const Eigen::Vector3f& here = hair.at(HairDetail::uv(x, y));
            if (seen.known[std::size_t(y * width + x)]) {
                ASSERT_EQ(here, seen.detail[std::size_t(y * width + x)]) << x << ", " << y;
            } else {
                ASSERT_LT(here.cwiseAbs().maxCoeff(), 0.3f) << "what is not seen is never read, at " << x << ", " << y;
                elsewhere += double(here.squaredNorm()) / 3;
            }
        }
    elsewhere /= width * height - 160 * 160;
    EXPECT_NEAR(elsewhere, 0.02 / 3, 0.003) << "as much contrast as the stripes have";
}

TEST(HairDetail, ANarrowBandIsEnough) {
    Seen seen;
    seen.show(100, 200, 100, 116);
    const HairDetail hair(seen.detail, seen.known, 1);
    EXPECT_GT(hair.at(HairDetail::uv(300, 250)).norm() + hair.at(HairDetail::uv(305, 250)).norm() +
                  hair.at(HairDetail::uv(309, 250)).norm(),
              0.05f);
}

TEST(HairDetail, NothingSeenNoDetail) {
    const Seen seen;
    const HairDetail hair(seen.detail, seen.known, 1);
    for (int y = 0; y < height; y += 7)
        for (int x = 0; x < width; x += 7) ASSERT_TRUE(hair.at(HairDetail::uv(x, y)).isZero());
}

TEST(HairDetail, OneSeedOnePicture) {
    Seen seen;
    seen.show(0, 160, 60, 220);
    const HairDetail a(seen.detail, seen.known, 1), b(seen.detail, seen.known, 1), c(seen.detail, seen.known, 2);
    int differing = 0;
    for (int y = 0; y < height; y += 5)
        for (int x = 0; x < width; x += 5) {
            ASSERT_EQ(a.at(HairDetail::uv(x, y)), b.at(HairDetail::uv(x, y)));
            differing += a.at(HairDetail::uv(x, y)) != c.at(HairDetail::uv(x, y));
        }
    EXPECT_GT(differing, 0);
}

}  // namespace
}  // namespace likeness::test

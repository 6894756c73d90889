// From scattered Gaussians to texels and back.
#include "core/maps/map_fit.h"

#include <gtest/gtest.h>

#include "tests/avatar/avatar_fixtures.h"

namespace likeness::test {
namespace {

TEST(MapValues, OneEllipsoidUnderAnotherName) {
    const NamedAxes axes{Eigen::Quaternionf(0.9f, 0.3f, -0.2f, 0.1f).normalized(), {-7, -8, -9}};
    const auto covariance = [](const NamedAxes& a) -> Eigen::Matrix3f {
        const Eigen::Matrix3f turn(a.rotation);
        const Eigen::Vector3f squares = (2 * a.log_scale.array()).exp();
        return turn * squares.asDiagonal() * turn.transpose();
    };
    for (const Eigen::Vector3f& turn : {Eigen::Vector3f(0, 0, 1.5f), Eigen::Vector3f(2, -1, 0.5f), Eigen::Vector3f(0, 3, 0)}) {
        const Eigen::Quaternionf to = quaternion_of_turn(turn);
        const NamedAxes named = nearest_name(axes, to);
        EXPECT_LT((covariance(named) - covariance(axes)).norm(), 1e-5f * covariance(axes).norm());
        EXPECT_GT(named.rotation.dot(to), 0.85f) << "no rotation is farther from the cube's 24 than 62.8 degrees";
    }
    EXPECT_LT((turn_of_quaternion(quaternion_of_turn({1, -2, 0.5f})) - Eigen::Vector3f(1, -2, 0.5f)).norm(), 1e-5f);
}

TEST(MapValues, TheHairSquareIsClosed) {
    const int side = 256;
    const auto one = [&](float u, float v) {
        MapValues values{side, 2, {}};
        values.texels.assign(values.texel_count() * sampled_channels, 0.0f);
        const auto at = [&](std::size_t texel) -> float& { return values.texels[texel * sampled_channels]; };
        at(std::size_t(side) * side + side * 10) = 1;             // the hair's first column
        at(std::size_t(side) * side + side * 10 + side - 1) = 3;  // and its last
        at(side * 10 + side - 1) = 100;                           // the head's last
        return sample(values, map_tap({u, v}, side))[0];
    };
    const float row = 10.5f / side;
    EXPECT_NEAR(one(1 + 0.5f / side, row), 1, 1e-5f);
    EXPECT_NEAR(one(1, row), 2, 1e-4f) << "between the last and the first column";
    EXPECT_NEAR(one(2 - 1e-6f, row), 2, 1e-2f);
    EXPECT_NEAR(one(1 - 1e-6f, row), 100, 1e-2f) << "the head's square ends";
}

class MapFit : public ::testing::Test {
  protected:
    Avatar avatar_ = ball_avatar(3, 2000, true);
    const AtlasCharts charts_ = atlas_charts(avatar_);
    const std::vector<std::uint16_t> texels_ = texel_charts(avatar_, charts_, 256);
    MapValues fit(const MapPlaces& places) {
        return fit_maps(places, std::vector<float>(places.splats.count, 1), charts_, texels_, 256, 2);
    }
};

TEST_F(MapFit, SamplesAreTheGaussiansOwnValues) {
    AnchoredSplats& splats = avatar_.splats.edit();
    for (std::size_t i = 0; i < splats.count; ++i) {
        splats.offset[3 * i] = splats.offset[3 * i + 1] = 0;
        for (std::size_t c = 0; c < 3; ++c)
            splats.albedo[3 * i + c] = 0.5f + 0.4f * std::sin(20 * splats.atlas[i].x() + 15 * splats.atlas[i].y() + float(c));
        splats.opacity_logit[i] = 2 * splats.atlas[i].y();
    }
    const MapPlaces places = map_places(avatar_);
    const MapValues values = fit(places);
    double color = 0, opacity = 0;
    for (std::size_t i = 0; i < splats.count; ++i) {
        const SampledValues v = sample(values, map_tap(places.splats.atlas[i], 256));
        for (std::size_t c = 0; c < 3; ++c) color = std::max(color, double(std::abs(v[c] - splats.albedo[3 * i + c])));
        opacity = std::max(opacity, double(std::abs(v[opacity_channel] - splats.opacity_logit[i])));
    }
    EXPECT_LT(color, 0.01);
    EXPECT_LT(opacity, 0.02);
}

TEST_F(MapFit, ChartsDoNotBleed) {
    ASSERT_GE(charts_.count, 2);
    AnchoredSplats& splats = avatar_.splats.edit();
    const auto own = [&](int chart) { return float(chart + 1) / float(charts_.count + 1); };
    for (std::size_t i = 0; i < splats.count; ++i)
        for (std::size_t c = 0; c < 3; ++c)
            splats.albedo[3 * i + c] = own(charts_.of_triangle[std::size_t(splats.anchor[i].triangle)]);
    MapPlaces places{splats, std::vector<unsigned char>(splats.count, 0)};
    const MapValues values = fit(places);
    for (std::size_t t = 0; t < texels_.size(); ++t)
        ASSERT_NEAR(values.texels[t * sampled_channels], texels_[t] == no_chart ? 0 : own(texels_[t]), 1e-4f)
            << t % 256 << ' ' << t / 256;
}

TEST_F(MapFit, GaussiansAreAnchoredBelowWhereTheyAre) {
    const AnchoredSplats before = *avatar_.splats;
    AnchoredSplats& splats = avatar_.splats.edit();
    for (std::size_t i = 0; i < splats.count; ++i) splats.offset[3 * i] = 0.001f;
    const MapPlaces places = map_places(avatar_);
    std::size_t moved = 0, loose = 0;
    for (std::size_t i = 0; i < splats.count; ++i) {
        loose += places.loose[i];
        if (places.loose[i]) continue;
        EXPECT_EQ(places.splats.offset[3 * i], 0);
        moved += places.splats.atlas[i] != before.atlas[i];
    }
    EXPECT_GT(moved, splats.count * 8 / 10);
    EXPECT_LT(loose, splats.count / 10) << "only beside charts' borders";
}

}  // namespace
}  // namespace likeness::test

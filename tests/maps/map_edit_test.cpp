// What changing a map does to the Gaussians.
#include "core/maps/map_edit.h"

#include <gtest/gtest.h>

#include <functional>

#include "core/maps/bake.h"
#include "tests/avatar/avatar_fixtures.h"

namespace likeness::test {
namespace {

class MapEdit : public ::testing::Test {
  protected:
    void SetUp() override {
        cover(avatar_, 0.008f);
        const auto rasterizer = make_cpu_rasterizer();
        Progress progress;
        auto maps = bake_direct(avatar_, *rasterizer, {.side = 256, .steps = 0}, progress);
        ASSERT_TRUE(maps.ok());
        change_maps(avatar_, *std::move(maps));
    }
    // The maps with one changed.
    TextureMaps with(std::size_t map, const std::function<void(MapTexels&)>& change) {
        TextureMaps maps = *avatar_.maps;
        MapTexels texels = *maps.texels[map];
        change(texels);
        maps.texels[map] = std::make_shared<const MapTexels>(std::move(texels));
        return maps;
    }
    Avatar avatar_ = ball_avatar(3, 100, true);
};

TEST_F(MapEdit, TheFirstMapsChangeNoGaussian) {
    EXPECT_FALSE(avatar_.maps->empty());
    const auto before = avatar_.splats;
    change_maps(avatar_, TextureMaps(*avatar_.maps));
    EXPECT_TRUE(avatar_.splats == before) << "the same maps, the same part";
}

TEST_F(MapEdit, OnlyGaussiansThatReadAChangedTexelChange) {
    const AnchoredSplats before = *avatar_.splats;
    const MapPlaces places = map_places(avatar_);
    change_maps(avatar_, with(albedo_map, [](MapTexels& texels) {
                    for (std::size_t t = 0; t < 256 * 128; ++t) texels[3 * t] = Eigen::half(float(texels[3 * t]) + 0.25f);
                }));
    std::size_t changed = 0;
    for (std::size_t i = 0; i < before.count; ++i) {
        const Eigen::Vector2f& at = places.splats.atlas[i];
        const bool reads = at.x() < 1 && at.y() < 0.5f + 0.5f / 256 && !places.loose[i];
        const float was = before.albedo[3 * i], is = avatar_.splats->albedo[3 * i];
        if (!reads) {
            EXPECT_EQ(is, was);
        } else if (at.y() < 0.5f - 0.5f / 256) {
            EXPECT_NEAR(is, std::min(was + 0.25f, 1.0f), 2e-3f);
            ++changed;
        }
        EXPECT_EQ(avatar_.splats->albedo[3 * i + 1], before.albedo[3 * i + 1]) << "green was not touched";
    }
    EXPECT_GT(changed, 10u);
    EXPECT_EQ(avatar_.splats->rotation, before.rotation);
    EXPECT_EQ(avatar_.splats->log_scale, before.log_scale);
}

TEST_F(MapEdit, ResidualsStayWhenTheMapTurns) {
    // A map that is without turns everywhere turns each Gaussian back by what it had said of it.
    const AnchoredSplats before = *avatar_.splats;
    const MapPlaces places = map_places(avatar_);
    const MapValues was = map_values(*avatar_.maps);
    change_maps(avatar_, with(rotation_map, [](MapTexels& texels) { std::fill(texels.begin(), texels.end(), Eigen::half(0)); }));
    const auto covariance = [](const AnchoredSplats& s, std::size_t i) -> Eigen::Matrix3f {
        const float* const q = s.rotation.data() + 4 * i;
        const Eigen::Matrix3f turn(Eigen::Quaternionf(q[0], q[1], q[2], q[3]).normalized());
        const Eigen::Vector3f squares =
            (2 * Eigen::Map<const Eigen::Vector3f>(s.log_scale.data() + 3 * i).array() + 12).exp();
        return turn * squares.asDiagonal() * turn.transpose();
    };
    for (std::size_t i = 0; i < before.count; ++i) {
        if (places.loose[i]) continue;
        const SampledValues v = sample(was, map_tap(places.splats.atlas[i], 256));
        const Eigen::Matrix3f back(
            quaternion_of_turn(Eigen::Map<const Eigen::Vector3f>(v.data() + rotation_channel)).conjugate());
        const Eigen::Matrix3f expected = back * covariance(before, i) * back.transpose();
        EXPECT_LT((covariance(*avatar_.splats, i) - expected).norm(), 0.01f * expected.norm()) << i;
    }
}

TEST_F(MapEdit, WithoutResidualTheAvatarIsItsMaps) {
    const Avatar baked = without_residual(avatar_);
    const MapPlaces places = map_places(avatar_);
    const MapValues values = map_values(*avatar_.maps);
    for (std::size_t i = 0; i < baked.splats->count; ++i) {
        if (places.loose[i]) continue;
        const SampledValues v = sample(values, map_tap(places.splats.atlas[i], 256));
        EXPECT_NEAR(baked.splats->albedo[3 * i], std::clamp(v[0], 0.0f, 1.0f), 1e-6f);
        EXPECT_EQ(baked.splats->opacity_logit[i], v[opacity_channel]);
        EXPECT_EQ(baked.splats->offset[3 * i], 0) << "no map has a tangential offset";
    }
}

}  // namespace
}  // namespace likeness::test

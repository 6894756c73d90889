// Baking, by what the avatar shows without its residual.
#include "core/maps/bake.h"

#include <gtest/gtest.h>

#include <random>

#include "core/maps/map_edit.h"
#include "tests/avatar/avatar_fixtures.h"

namespace likeness::test {
namespace {

class Bake : public ::testing::Test {
  protected:
    Avatar baked(int side, int steps) {
        auto maps = bake_direct(avatar_, *rasterizer_, {.side = side, .steps = steps}, progress_);
        if (!maps) throw std::runtime_error(maps.error().message);
        Avatar with_maps = avatar_;
        change_maps(with_maps, *std::move(maps));
        return without_residual(with_maps);
    }
    // A closed surface, each Gaussian of a color a little of its own.
    void SetUp() override {
        cover(avatar_, 0.004f);
        std::mt19937 random(2);
        for (float& albedo : avatar_.splats.edit().albedo) albedo += 0.2f * (float(random() % 1000) / 1000 - 0.5f);
    }
    Avatar avatar_ = ball_avatar(3, 100, true);
    std::unique_ptr<Rasterizer> rasterizer_ = make_cpu_rasterizer();
    Progress progress_;
};

TEST_F(Bake, TheSameAvatarGivesTheSameMaps) {
    const Avatar a = baked(256, 4), b = baked(256, 4);
    EXPECT_EQ(a.splats->albedo, b.splats->albedo);
    EXPECT_EQ(a.splats->rotation, b.splats->rotation);
}

TEST_F(Bake, NormalsAreUnitLengthAndPointOut) {
    const auto maps = bake_direct(avatar_, *rasterizer_, {.side = 256, .steps = 0}, progress_);
    ASSERT_TRUE(maps.ok());
    const MapTexels& normals = *maps->texels[normal_map];
    for (std::size_t t = 0; t < normals.size(); t += 3) {
        const Eigen::Vector3f n(float(normals[t]), float(normals[t + 1]), float(normals[t + 2]));
        ASSERT_NEAR(n.norm(), 1, 2e-3f);
        ASSERT_GT(n.z(), 0);
    }
}

// A ridge that falls to the right and downwards has normals that lean right and, as v falls upwards, down.
TEST_F(Bake, NormalsLeanDownhill) {
    const AtlasCharts charts = atlas_charts(avatar_);
    const auto texels = texel_charts(avatar_, charts, 256);
    MapValues values{256, 2, {}};
    values.texels.assign(values.texel_count() * sampled_channels, 0.0f);
    for (std::size_t t = 0; t < values.texel_count(); ++t)
        values.texels[t * sampled_channels + offset_channel] = -1e-4f * float(t % 256) - 1e-4f * float(t / 256 % 256);
    const std::vector<float> normals = relief_normals(avatar_, values, texels);
    std::size_t right = 0, down = 0, inside = 0;
    for (std::size_t t = 0; t < 256 * 256; ++t) {
        if (normals[3 * t + 2] == 1) continue;
        ++inside;
        right += normals[3 * t] > 0;
        down += normals[3 * t + 1] < 0;
    }
    EXPECT_GT(inside, 500u);
    EXPECT_GT(right, inside * 9 / 10);
    EXPECT_GT(down, inside * 9 / 10);
}

TEST_F(Bake, WhatCannotBeBakedIsSaid) {
    const auto odd = bake_direct(avatar_, *rasterizer_, {.side = 300}, progress_);
    ASSERT_FALSE(odd.ok());
    EXPECT_EQ(odd.error().message, "Maps have 256, 512, 1024 or 2048 texels a side.");
    progress_.cancel();
    EXPECT_THROW((void)bake_direct(avatar_, *rasterizer_, {.side = 256}, progress_), Cancelled);
}

}  // namespace
}  // namespace likeness::test

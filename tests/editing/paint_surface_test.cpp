#include "core/editing/paint_surface.h"

#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <algorithm>

#include "tests/avatar/avatar_fixtures.h"

namespace likeness::test {
namespace {

TEST(PaintSurface, TexelsLieWhereTheAtlasPutsThem) {
    const Avatar avatar = ball_avatar(3, 200, true);
    const PaintSurface surface(avatar);
    std::size_t inside = 0;
    for (std::size_t i = 0; i < avatar.splats->count; i += 20) {
        const Eigen::Vector2f atlas = avatar.splats->atlas[i];
        const PaintTileKey key = paint_tile_at(atlas, surface.level(paint_block_at(atlas)));
        const auto tile = surface.tile(key);
        ASSERT_TRUE(tile->any);
        EXPECT_EQ(tile, surface.tile(key)) << "kept";
        for (int t = 0; t < paint_tile_texels; t += 7) {
            if (!tile->inside[std::size_t(t)]) continue;
            ++inside;
            const Eigen::Vector2f back = atlas_position(avatar, tile->point(t));
            EXPECT_LT((back - paint_texel_position(key, t)).norm(), 1e-5f);
            EXPECT_LT((surface.position(tile->point(t)) - tile->position[std::size_t(t)]).norm(), 1e-6f);
        }
    }
    EXPECT_GT(inside, 1000u);
}

TEST(PaintSurface, TexelsAreAsFineAsAskedFor) {
    const Avatar avatar = ball_avatar(4, 200, true);
    const PaintSurface surface(avatar);
    for (const float finest : {0.25e-3f, 1e-3f}) {
        const Eigen::Vector2f atlas = avatar.splats->atlas[5];
        const PaintTileKey key = paint_tile_at(atlas, surface.level(paint_block_at(atlas), finest));
        const auto tile = surface.tile(key);
        std::vector<float> steps;
        for (int t = 0; t + 1 < paint_tile_texels; ++t)
            if ((t + 1) % paint_tile_side != 0 && tile->inside[std::size_t(t)] && tile->inside[std::size_t(t + 1)])
                steps.push_back((tile->position[std::size_t(t)] - tile->position[std::size_t(t + 1)]).norm());
        ASSERT_FALSE(steps.empty());
        std::nth_element(steps.begin(), steps.begin() + std::ptrdiff_t(steps.size() / 2), steps.end());
        if (key.level < most_paint_level) {
            EXPECT_LT(steps[steps.size() / 2], 1.5f * finest);
        }
        if (key.level > 0) {
            EXPECT_GT(steps[steps.size() / 2], 0.3f * finest);
        }
    }
}

TEST(PaintSurface, WaysGoAlongTheSurface) {
    const Avatar avatar = ball_avatar(5, 300, true);
    const PaintSurface surface(avatar);
    for (std::size_t i = 0; i < avatar.splats->count; i += 10) {
        const SurfacePoint& from = avatar.splats->anchor[i];
        const Eigen::Vector3f start = surface.position(from);
        EXPECT_LT((surface.position(surface.walk(from, Eigen::Vector3f::Zero())) - start).norm(), 1e-6f);
        const Eigen::Vector3f way = 4e-3f * surface.normal(from).unitOrthogonal();
        const SurfacePoint to = surface.walk(from, way);
        EXPECT_EQ(surface.is_hair(to.triangle), surface.is_hair(from.triangle)) << "no leap to the other sheet";
        EXPECT_GE(to.barycentric.minCoeff(), 0);
        EXPECT_NEAR(to.barycentric.sum(), 1, 1e-5f);
        const float gone = (surface.position(to) - start).norm();
        EXPECT_LT(gone, 4.01e-3f);
    }
}

TEST(PaintSurface, NearIsWhatHangsTogether) {
    const Avatar avatar = ball_avatar(6, 200, true);
    const PaintSurface surface(avatar);
    const SurfacePoint from = avatar.splats->anchor[0];
    const Eigen::Vector3f middle = surface.position(from);
    const std::vector<int> near = surface.near(from, 15e-3f);
    EXPECT_TRUE(std::binary_search(near.begin(), near.end(), from.triangle));
    for (const int t : near) EXPECT_EQ(surface.is_hair(t), surface.is_hair(from.triangle));
    // Each triangle with a corner in the ball on the same sheet is among them, as long as the sheet is flat there.
    for (int t = 0; t < int(avatar.triangles().size()); ++t) {
        if (surface.is_hair(t) != surface.is_hair(from.triangle)) continue;
        for (const int v : avatar.triangles()[std::size_t(t)])
            if ((avatar.neutral().col(v) - middle).norm() < 10e-3f) {
                EXPECT_TRUE(std::binary_search(near.begin(), near.end(), t)) << t;
            }
    }
    EXPECT_EQ(surface.near(from, 0), std::vector<int>{from.triangle});
}

}  // namespace
}  // namespace likeness::test

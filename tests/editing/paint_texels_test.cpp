#include "core/avatar/paint_texels.h"

#include <gtest/gtest.h>

namespace likeness {
namespace {

std::shared_ptr<const PaintTile> filled(PaintTexel texel) {
    auto tile = std::make_shared<PaintTile>();
    tile->texels.fill(texel);
    return tile;
}

TEST(PaintTexels, EachPlaceIsInOneTileAndOneTexel) {
    for (const Eigen::Vector2f& atlas :
         {Eigen::Vector2f(0, 0), {0.9999f, 0.9999f}, {0.3f, 0.7f}, {1.0f, 0.5f}, {1.73f, 0.01f}})
        for (int level = 0; level <= most_paint_level; ++level) {
            const PaintTileKey key = paint_tile_at(atlas, level);
            EXPECT_EQ(key.block, paint_block_at(atlas));
            float nearest = 9;
            for (int t = 0; t < paint_tile_texels; ++t)
                nearest = std::min(nearest, (paint_texel_position(key, t) - atlas).cwiseAbs().maxCoeff());
            EXPECT_LE(nearest, 0.5001f * paint_texel_size(level)) << atlas.transpose() << " at " << level;
        }
}

TEST(PaintTexels, LooksGiveWhatWasPainted) {
    PaintTexels texels;
    EXPECT_TRUE(texels.empty());
    const PaintTileKey key = paint_tile_at({0.4f, 0.6f}, 2);
    texels.set_tile(key, filled({255, 0, 51, 128}));
    EXPECT_EQ(texels.tile_count(), 1u);
    EXPECT_EQ(texels.level(key.block), 2);
    const float alpha = 128.0f / 255;
    const Eigen::Vector4f expected(alpha, 0, 0.2f * alpha, alpha);
    const Eigen::Vector2f inside = paint_texel_position(key, 32 * paint_tile_side + 32);
    EXPECT_LT((texels.nearest(inside) - expected).norm(), 1e-5f);
    EXPECT_LT((texels.bilinear(inside + Eigen::Vector2f(1e-4f, 5e-5f)) - expected).norm(), 1e-5f);
    // On the tile's edge half of it is left.
    const Eigen::Vector2f edge =
        paint_texel_position(key, 32 * paint_tile_side) - Eigen::Vector2f(0.5f * paint_texel_size(2), 0);
    EXPECT_NEAR(texels.bilinear(edge)[3], 0.5f * alpha, 1e-3f);
    EXPECT_EQ(texels.nearest(inside + Eigen::Vector2f(0.2f, 0))[3], 0);
    EXPECT_EQ(texels.nearest(inside + Eigen::Vector2f(1, 0))[3], 0) << "hair's square is another";
    texels.set_tile(key, nullptr);
    EXPECT_TRUE(texels.empty());
}

TEST(PaintTexels, CopiesShareAndDiffer) {
    PaintTexels a;
    a.set_tile({3, 1, 0, 0}, filled({1, 2, 3, 4}));
    a.set_tile({3, 1, 1, 0}, filled({1, 2, 3, 4}));
    PaintTexels b = a;
    EXPECT_TRUE(changed_tiles(a, b).empty());
    b.set_tile({3, 1, 1, 0}, filled({9, 9, 9, 9}));
    b.set_tile({300, 0, 0, 0}, filled({9, 9, 9, 9}));
    EXPECT_EQ(a.tile({3, 1, 1, 0})->texels[0][0], 1) << "the copy's change is its own";
    EXPECT_EQ(a.tile({3, 1, 0, 0}), b.tile({3, 1, 0, 0}));
    EXPECT_EQ(changed_tiles(a, b), (std::vector<PaintTileKey>{{3, 1, 1, 0}, {300, 0, 0, 0}}));
    EXPECT_EQ(changed_tiles(b, a), changed_tiles(a, b));
}

}  // namespace
}  // namespace likeness

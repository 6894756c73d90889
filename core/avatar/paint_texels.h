// Texels over the atlas where something is painted. Sparse, and of a fineness of its own in each block of the atlas, so
// that a neck, to which the atlas gives little room, is painted as finely as a face.
//
// Each of the atlas' two squares (head, hair) is cut into 16 x 16 blocks; a block of level l has 2^l x 2^l tiles of
// 64 x 64 texels: level 0 is as fine as a map of 1024 a side.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/avatar/part.h"

namespace likeness {

inline constexpr int paint_tile_side = 64, paint_blocks_side = 16, most_paint_level = 5;
inline constexpr int paint_tile_texels = paint_tile_side * paint_tile_side;
inline constexpr int paint_block_count = 2 * paint_blocks_side * paint_blocks_side;

// sRGB-encoded, straight alpha.
using PaintTexel = std::array<std::uint8_t, 4>;
struct PaintTile {
    std::array<PaintTexel, paint_tile_texels> texels{};  // rows, v down
};

// Which tile: a block (square * 256 + row * 16 + column), its level, and the tile's column and row in the block.
struct PaintTileKey {
    int block = 0, level = 0, x = 0, y = 0;
    auto operator<=>(const PaintTileKey&) const = default;
};
// The tile that an atlas position (u in [0, 2), v in [0, 1)) is in.
PaintTileKey paint_tile_at(const Eigen::Vector2f& atlas, int level);
int paint_block_at(const Eigen::Vector2f& atlas);
// The atlas position of a texel's middle.
Eigen::Vector2f paint_texel_position(const PaintTileKey& tile, int texel);
// Of one texel of a level, in atlas units.
constexpr float paint_texel_size(int level) { return 1.0f / float((paint_blocks_side * paint_tile_side) << level); }

// A value: copies share their tiles.
class PaintTexels {
  public:
    bool empty() const;
    std::size_t tile_count() const;
    // Of the tiles that lie in this block; -1 where nothing is painted.
    int level(int block) const { return blocks_[std::size_t(block)] ? blocks_[std::size_t(block)]->level : -1; }
    // Null where nothing is painted, and for tiles of another level than the block's.
    std::shared_ptr<const PaintTile> tile(const PaintTileKey& key) const;
    // A null tile removes. Precondition: the block is empty or of the key's level.
    void set_tile(const PaintTileKey& key, std::shared_ptr<const PaintTile> tile);
    // Calls visit(key, tile) for each tile, by rising keys.
    template <class Visit>
    void each_tile(const Visit& visit) const {
        for (int b = 0; b < paint_block_count; ++b) {
            const auto& block = blocks_[std::size_t(b)];
            if (!block) continue;
            const int side = 1 << block->level;
            for (int x = 0; x < side; ++x)
                for (int y = 0; y < side; ++y)
                    if (const auto& tile = block->tiles[std::size_t(y * side + x)])
                        visit(PaintTileKey{b, block->level, x, y}, tile);
        }
    }

    // Premultiplied RGBA at an atlas position: of the texel it is in, or of the four around it. Zero where nothing is
    // painted.
    Eigen::Vector4f nearest(const Eigen::Vector2f& atlas) const;
    Eigen::Vector4f bilinear(const Eigen::Vector2f& atlas) const;

  private:
    struct Block {
        int level = 0;
        std::vector<std::shared_ptr<const PaintTile>> tiles;  // [4^level]
    };
    const PaintTexel* find(const Eigen::Vector2f& atlas) const;
    std::array<std::shared_ptr<const Block>, paint_block_count> blocks_;
};

// The tiles that differ in two, by rising keys.
std::vector<PaintTileKey> changed_tiles(const PaintTexels& a, const PaintTexels& b);

std::size_t content_bytes(const PaintTexels& texels, const BlockVisitor& shared);

}  // namespace likeness

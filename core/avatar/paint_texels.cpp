#include "core/avatar/paint_texels.h"

#include <algorithm>
#include <cmath>

namespace likeness {
namespace {

// In one square of the atlas, at a level: the texel's column or row.
int texel_index(float x, int level) {
    const int side = (paint_blocks_side * paint_tile_side) << level;
    return std::clamp(int(x * float(side)), 0, side - 1);
}

Eigen::Vector4f premultiplied(const PaintTexel* texel) {
    if (!texel || (*texel)[3] == 0) return Eigen::Vector4f::Zero();
    const float alpha = float((*texel)[3]) / 255.0f, unit = alpha / 255.0f;
    return {float((*texel)[0]) * unit, float((*texel)[1]) * unit, float((*texel)[2]) * unit, alpha};
}

}  // namespace

int paint_block_at(const Eigen::Vector2f& atlas) {
    const int square = atlas.x() >= 1.0f ? 1 : 0;
    const int x = std::clamp(int((atlas.x() - float(square)) * paint_blocks_side), 0, paint_blocks_side - 1);
    const int y = std::clamp(int(atlas.y() * paint_blocks_side), 0, paint_blocks_side - 1);
    return (square * paint_blocks_side + y) * paint_blocks_side + x;
}

PaintTileKey paint_tile_at(const Eigen::Vector2f& atlas, int level) {
    const int square = atlas.x() >= 1.0f ? 1 : 0;
    const int x = texel_index(atlas.x() - float(square), level) / paint_tile_side;
    const int y = texel_index(atlas.y(), level) / paint_tile_side;
    const int block = (square * paint_blocks_side + (y >> level)) * paint_blocks_side + (x >> level);
    const int in_block = (1 << level) - 1;
    return {block, level, x & in_block, y & in_block};
}

Eigen::Vector2f paint_texel_position(const PaintTileKey& tile, int texel) {
    const int square = tile.block / (paint_blocks_side * paint_blocks_side);
    const int column = tile.block % paint_blocks_side, row = tile.block / paint_blocks_side % paint_blocks_side;
    const int x = ((column << tile.level) + tile.x) * paint_tile_side + texel % paint_tile_side;
    const int y = ((row << tile.level) + tile.y) * paint_tile_side + texel / paint_tile_side;
    const float size = paint_texel_size(tile.level);
    return {float(square) + (float(x) + 0.5f) * size, (float(y) + 0.5f) * size};
}

bool PaintTexels::empty() const {
    return std::all_of(blocks_.begin(), blocks_.end(), [](const auto& block) { return !block; });
}

std::size_t PaintTexels::tile_count() const {
    std::size_t count = 0;
    for (const auto& block : blocks_)
        if (block)
            count += std::size_t(std::count_if(block->tiles.begin(), block->tiles.end(), [](auto& t) { return !!t; }));
    return count;
}

std::shared_ptr<const PaintTile> PaintTexels::tile(const PaintTileKey& key) const {
    const auto& block = blocks_[std::size_t(key.block)];
    if (!block || block->level != key.level) return nullptr;
    return block->tiles[std::size_t((key.y << key.level) + key.x)];
}

void PaintTexels::set_tile(const PaintTileKey& key, std::shared_ptr<const PaintTile> tile) {
    auto& block = blocks_[std::size_t(key.block)];
    if (!block && !tile) return;
    auto changed = block ? std::make_shared<Block>(*block) : std::make_shared<Block>();
    if (!block) {
        changed->level = key.level;
        changed->tiles.resize(std::size_t(1) << (2 * key.level));
    }
    changed->tiles[std::size_t((key.y << key.level) + key.x)] = std::move(tile);
    const bool any = std::any_of(changed->tiles.begin(), changed->tiles.end(), [](const auto& t) { return !!t; });
    block = any ? std::shared_ptr<const Block>(std::move(changed)) : nullptr;
}

const PaintTexel* PaintTexels::find(const Eigen::Vector2f& atlas) const {
    const Block* block = blocks_[std::size_t(paint_block_at(atlas))].get();
    if (!block) return nullptr;
    const float square = atlas.x() >= 1.0f ? 1.0f : 0.0f;
    const int x = texel_index(atlas.x() - square, block->level), y = texel_index(atlas.y(), block->level);
    const int in_block = (1 << block->level) - 1;
    const int tile_x = (x / paint_tile_side) & in_block, tile_y = (y / paint_tile_side) & in_block;
    const PaintTile* tile = block->tiles[std::size_t((tile_y << block->level) + tile_x)].get();
    if (!tile) return nullptr;
    return &tile->texels[std::size_t((y % paint_tile_side) * paint_tile_side + x % paint_tile_side)];
}

Eigen::Vector4f PaintTexels::nearest(const Eigen::Vector2f& atlas) const { return premultiplied(find(atlas)); }

Eigen::Vector4f PaintTexels::bilinear(const Eigen::Vector2f& atlas) const {
    const int level = this->level(paint_block_at(atlas));
    // Beside a block in which something is painted there may be paint within half of a coarse texel.
    const float size = paint_texel_size(std::max(level, 0)), square = atlas.x() >= 1.0f ? 1.0f : 0.0f;
    const float x = (atlas.x() - square) / size - 0.5f, y = atlas.y() / size - 0.5f;
    const float left = std::floor(x), top = std::floor(y), fx = x - left, fy = y - top;
    const float most = 1.0f / size - 1.0f;
    const auto at = [&](float column, float row) {
        return premultiplied(find(
            {square + (std::clamp(column, 0.0f, most) + 0.5f) * size, (std::clamp(row, 0.0f, most) + 0.5f) * size}));
    };
    return (1 - fy) * ((1 - fx) * at(left, top) + fx * at(left + 1, top)) +
           fy * ((1 - fx) * at(left, top + 1) + fx * at(left + 1, top + 1));
}

std::vector<PaintTileKey> changed_tiles(const PaintTexels& a, const PaintTexels& b) {
    std::vector<PaintTileKey> changed;
    a.each_tile([&](const PaintTileKey& key, const auto& tile) {
        if (b.tile(key) != tile) changed.push_back(key);
    });
    b.each_tile([&](const PaintTileKey& key, const auto&) {
        if (!a.tile(key)) changed.push_back(key);
    });
    std::sort(changed.begin(), changed.end());
    return changed;
}

std::size_t content_bytes(const PaintTexels& texels, const BlockVisitor& shared) {
    std::size_t bytes = sizeof(PaintTexels);
    texels.each_tile([&](const PaintTileKey&, const auto& tile) {
        shared(tile.get(), sizeof(PaintTile));
        bytes += sizeof(tile);
    });
    return bytes;
}

}  // namespace likeness

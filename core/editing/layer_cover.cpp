#include "core/editing/layer_cover.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/editing/face_regions.h"

namespace likeness {
namespace {

// Of the coarser texels about a tile, bilinearly at its own.
std::vector<Eigen::Vector4f> finer(const PaintTexels& texels, int level, const PaintTileKey& key) {
    constexpr std::size_t side = paint_tile_side;
    const float size = paint_texel_size(level), most = 1.0f / size - 1.0f;
    const float square = paint_texel_position(key, 0).x() >= 1.0f ? 1.0f : 0.0f;
    // Where the tile's columns and rows lie among the coarser ones.
    std::array<float, side> column, row;
    for (std::size_t k = 0; k < side; ++k) {
        column[k] = (paint_texel_position(key, int(k)).x() - square) / size - 0.5f;
        row[k] = paint_texel_position(key, int(k * side)).y() / size - 0.5f;
    }
    const float left = std::floor(column[0]), top = std::floor(row[0]);
    const std::size_t across = std::size_t(std::floor(column[side - 1]) - left) + 2;
    const std::size_t down = std::size_t(std::floor(row[side - 1]) - top) + 2;
    std::vector<Eigen::Vector4f> coarse(across * down);
    for (std::size_t y = 0; y < down; ++y)
        for (std::size_t x = 0; x < across; ++x)
            coarse[y * across + x] = texels.nearest({square + (std::clamp(left + float(x), 0.0f, most) + 0.5f) * size,
                                                     (std::clamp(top + float(y), 0.0f, most) + 0.5f) * size});
    std::vector<Eigen::Vector4f> values(paint_tile_texels);
    for (std::size_t y = 0; y < side; ++y) {
        const float above = std::floor(row[y]), fy = row[y] - above;
        const Eigen::Vector4f* const line = &coarse[std::size_t(above - top) * across];
        for (std::size_t x = 0; x < side; ++x) {
            const float before = std::floor(column[x]), fx = column[x] - before;
            const Eigen::Vector4f* const at = line + std::size_t(before - left);
            values[y * side + x] =
                (1 - fy) * ((1 - fx) * at[0] + fx * at[1]) + fy * ((1 - fx) * at[across] + fx * at[across + 1]);
        }
    }
    return values;
}

// Of finer texels, averaged over a coarser one.
Eigen::Vector4f averaged(const PaintTexels& texels, int level, const PaintTileKey& key, int texel) {
    const Eigen::Vector2f atlas = paint_texel_position(key, texel);
    const int side = 1 << std::min(level - key.level, 2);
    const float size = paint_texel_size(key.level);
    Eigen::Vector4f sum = Eigen::Vector4f::Zero();
    for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x)
            sum += texels.nearest(atlas + size * Eigen::Vector2f((float(x) + 0.5f) / float(side) - 0.5f,
                                                                 (float(y) + 0.5f) / float(side) - 0.5f));
    return sum / float(side * side);
}

// At the texels of a tile.
std::vector<Eigen::Vector4f> values_of(const PaintTexels& texels, const PaintTileKey& key) {
    const int level = texels.level(key.block);
    if (level < key.level) return finer(texels, std::max(level, 0), key);  // where nothing is, beside what may be
    std::vector<Eigen::Vector4f> values(paint_tile_texels);
    for (int t = 0; t < paint_tile_texels; ++t)
        values[std::size_t(t)] =
            level == key.level ? texels.nearest(paint_texel_position(key, t)) : averaged(texels, level, key, t);
    return values;
}

}  // namespace

std::shared_ptr<const PaintTexels> region_mask(const PaintSurface& surface, const std::string& name) {
    if (name.empty()) return nullptr;
    const FaceRegion* const region = face_region_named(name);
    return std::make_shared<const PaintTexels>(region ? FaceRegions(surface).mask(*region) : PaintTexels());
}

std::vector<Eigen::Vector4f> layer_texels(const PaintLayer& layer, const PaintTexels* region, const PaintTileKey& key,
                                          const TileSurface& lies) {
    const int level = layer.texels->level(key.block);
    if (level < 0 || (level == key.level && !layer.texels->tile(key))) return {};
    std::vector<Eigen::Vector4f> texels = values_of(*layer.texels, key);
    bool any = false;
    for (std::size_t t = 0; t < texels.size(); ++t) {
        if (!lies.inside[t]) texels[t].setZero();
        any |= texels[t][3] > 0;
    }
    if (!any) return {};
    for (const PaintTexels* const mask : {layer.mask.get(), region}) {
        if (!mask) continue;
        any = false;
        const std::vector<Eigen::Vector4f> shares = values_of(*mask, key);
        for (std::size_t t = 0; t < texels.size(); ++t) {
            texels[t] *= shares[t][3];
            any |= texels[t][3] > 0;
        }
        if (!any) return {};
    }
    return texels;
}

Eigen::Vector4f cover_of(const PaintLayer& layer, const PaintTexels* region, const Footprint& footprint) {
    Eigen::Vector4f sum = Eigen::Vector4f::Zero();
    float weights = 0, least = 1;
    for (int k = 0; k < Footprint::points; ++k) {
        const Eigen::Vector2f& atlas = footprint.atlas[std::size_t(k)];
        Eigen::Vector4f texel = layer.texels->nearest(atlas);
        if (layer.mask && texel[3] > 0) texel *= layer.mask->nearest(atlas)[3];
        if (region && texel[3] > 0) texel *= region->nearest(atlas)[3];
        least = std::min(least, texel[3]);
        if (least <= 0) return Eigen::Vector4f::Zero();
        const float weight = k == 0 ? 1.0f : k <= Footprint::inner ? 0.236f : 0.0043f;
        sum += weight * texel;
        weights += weight;
    }
    sum /= weights;
    return sum * std::min(1.0f, 4 * least / sum[3]);
}

}  // namespace likeness

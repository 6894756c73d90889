#include "core/editing/canvas_tiles.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

namespace likeness {
namespace {

constexpr std::size_t most_own_tiles = 2048;  // of 16 KB
constexpr int check_side = 8;                 // pixels
constexpr std::array<float, 2> checks = {0.42f, 0.56f};

PaintTileKey tile_texels(const CanvasTileKey& key) {
    const int in_block = (1 << key.level) - 1;
    const int block =
        (key.square * paint_blocks_side + (key.y >> key.level)) * paint_blocks_side + (key.x >> key.level);
    return {block, key.level, key.x & in_block, key.y & in_block};
}

PaintTexel pixel_of(const Eigen::Vector3f& color, float alpha) {
    const auto byte = [](float x) { return std::uint8_t(std::clamp(x, 0.0f, 1.0f) * 255.0f + 0.5f); };
    return {byte(color[0]), byte(color[1]), byte(color[2]), byte(alpha)};
}

Eigen::Vector3f pixel_color(const PaintTexel& texel) {
    return Eigen::Vector3f(float(texel[0]), float(texel[1]), float(texel[2])) / 255.0f;
}

const std::shared_ptr<const CanvasTile>& empty_tile() {
    static const auto tile = std::make_shared<const CanvasTile>();
    return tile;
}

// Four tiles become one of half their size.
std::shared_ptr<const CanvasTile> halved(const std::array<std::shared_ptr<const CanvasTile>, 4>& quarters) {
    if (std::none_of(quarters.begin(), quarters.end(), [](const auto& of) { return of->any; })) return empty_tile();
    auto made = std::make_shared<CanvasTile>();
    made->any = true;
    constexpr int half = paint_tile_side / 2;
    for (int y = 0; y < paint_tile_side; ++y)
        for (int x = 0; x < paint_tile_side; ++x) {
            const auto& from = quarters[std::size_t(y / half * 2 + x / half)]->pixels.texels;
            Eigen::Vector4f sum = Eigen::Vector4f::Zero();
            for (int k = 0; k < 4; ++k) {
                const int column = x % half * 2 + k % 2, row = y % half * 2 + k / 2;
                const PaintTexel& texel = from[std::size_t(row * paint_tile_side + column)];
                const float alpha = float(texel[3]) / 255.0f;
                sum.head<3>() += alpha * pixel_color(texel);
                sum[3] += alpha;
            }
            if (sum[3] > 0)
                made->pixels.texels[std::size_t(y * paint_tile_side + x)] =
                    pixel_of(sum.head<3>() / sum[3], sum[3] / 4);
        }
    return made;
}

}  // namespace

bool touches(const CanvasTileKey& key, const PaintTileKey& texels) {
    if (texels.block / (paint_blocks_side * paint_blocks_side) != key.square) return false;
    // Both as a range of the finer one's tiles.
    const int column = texels.block % paint_blocks_side, row = texels.block / paint_blocks_side % paint_blocks_side;
    const int x = (column << texels.level) + texels.x, y = (row << texels.level) + texels.y;
    if (texels.level >= key.level) {
        const int down = texels.level - key.level;
        return x >> down == key.x && y >> down == key.y;
    }
    const int down = key.level - texels.level;
    return key.x >> down == x && key.y >> down == y;
}

CanvasPainter::CanvasPainter(std::shared_ptr<const PaintSurface> surface, std::shared_ptr<const RegionMasks> regions,
                             const Avatar& avatar)
    : surface_(std::move(surface)), regions_(std::move(regions)), own_(surface_, avatar) {}

std::shared_ptr<const CanvasTile> CanvasPainter::tile(const CanvasTileKey& key, CanvasContent content,
                                                      const Part<PaintStack>& stack, int layer) {
    if (key.level >= 0)
        return content == CanvasContent::color ? composed(key, stack)
                                               : alone(key, paint_layer(*stack, layer), content == CanvasContent::mask);
    std::array<std::shared_ptr<const CanvasTile>, 4> quarters;
    for (int k = 0; k < 4; ++k)
        quarters[std::size_t(k)] =
            tile({key.square, key.level + 1, 2 * key.x + k % 2, 2 * key.y + k / 2}, content, stack, layer);
    return halved(quarters);
}

// The Gaussians are coarser than fine texels: some are looked at, those between lie between.
std::shared_ptr<const CanvasTile> CanvasPainter::own_colors(const CanvasTileKey& key) {
    if (const auto found = own_tiles_.find(key); found != own_tiles_.end()) return found->second;
    const PaintTileKey texels = tile_texels(key);
    const std::shared_ptr<const TileSurface> on = surface_->tile(texels);
    std::shared_ptr<const CanvasTile> kept = empty_tile();
    if (on->any) {
        auto made = std::make_shared<CanvasTile>();
        made->any = true;
        const int step = std::clamp(1 << std::max(0, key.level - surface_->level(texels.block) + 1), 1, 16);
        constexpr int last = paint_tile_side - 1;
        const int side = paint_tile_side / step + 1;
        struct Node {
            int texel = -1;  // -1: of no chart, or nothing of the avatar is there
            Eigen::Vector3f color;
        };
        std::vector<Node> nodes(std::size_t(side * side));
        for (int y = 0; y < side; ++y)
            for (int x = 0; x < side; ++x) {
                const int texel = std::min(y * step, last) * paint_tile_side + std::min(x * step, last);
                if (on->triangle[std::size_t(texel)] < 0) continue;
                if (const auto color = own_.known(on->point(texel))) nodes[std::size_t(y * side + x)] = {texel, *color};
            }
        for (int i = 0; i < paint_tile_texels; ++i) {
            const auto t = std::size_t(i);
            if (on->triangle[t] < 0) continue;
            const int x = i % paint_tile_side, y = i / paint_tile_side;
            const float fx = float(x % step) / float(step), fy = float(y % step) / float(step);
            const float reach = 8 * PaintSurface::brush_texel * float(step);  // further off it is another chart's
            Eigen::Vector3f sum = Eigen::Vector3f::Zero();
            float weights = 0;
            for (int k = 0; k < 4; ++k) {
                const float weight = (k % 2 ? fx : 1 - fx) * (k / 2 ? fy : 1 - fy);
                if (weight <= 0) continue;
                const Node& node = nodes[std::size_t((y / step + k / 2) * side + x / step + k % 2)];
                if (node.texel < 0 || (on->position[std::size_t(node.texel)] - on->position[t]).norm() > reach)
                    continue;
                sum += weight * node.color;
                weights += weight;
            }
            const auto color = weights > 0 ? std::optional<Eigen::Vector3f>(sum / weights) : own_.known(on->point(i));
            if (color) made->pixels.texels[t] = pixel_of(*color, on->inside[t] ? 1 : 0);
        }
        kept = std::move(made);
    }
    if (own_tiles_.size() >= most_own_tiles) own_tiles_.clear();
    return own_tiles_[key] = kept;
}

std::shared_ptr<const CanvasTile> CanvasPainter::composed(const CanvasTileKey& key, const Part<PaintStack>& stack) {
    const std::shared_ptr<const CanvasTile> own = own_colors(key);
    if (!colors_ || !colors_->is_of(stack)) colors_ = std::make_unique<ComposedColors>(stack, *regions_);
    if (!own->any) return own;
    const PaintTileKey texels = tile_texels(key);
    const std::shared_ptr<const TileSurface> on = surface_->tile(texels);
    std::vector<LayeredColor> over;
    for (const ComposedColors::Shown& of : colors_->shown()) {
        const std::vector<Eigen::Vector4f> painted = layer_texels(*of.layer.layer, of.region.get(), texels, *on);
        if (painted.empty()) continue;
        if (over.empty())
            for (const PaintTexel& texel : own->pixels.texels) over.push_back({pixel_color(texel)});
        for (std::size_t i = 0; i < painted.size(); ++i) over[i].add(of.layer, painted[i]);
    }
    if (over.empty()) return own;
    auto made = std::make_shared<CanvasTile>(*own);
    for (std::size_t i = 0; i < over.size(); ++i)
        if (PaintTexel& texel = made->pixels.texels[i]; texel[3] > 0) texel = pixel_of(over[i].shown(), over[i].erased);
    return made;
}

std::shared_ptr<const CanvasTile> CanvasPainter::alone(const CanvasTileKey& key, const PaintLayer* layer, bool mask) {
    const PaintTileKey texels = tile_texels(key);
    const std::shared_ptr<const TileSurface> on = surface_->tile(texels);
    if (!on->any) return empty_tile();
    const std::shared_ptr<const PaintTexels> region = layer ? regions_->of(layer->region) : nullptr;
    PaintLayer white;  // of which the mask alone is left
    if (mask) {
        auto full = std::make_shared<PaintTexels>();
        auto tile = std::make_shared<PaintTile>();
        tile->texels.fill({255, 255, 255, 255});
        full->set_tile(texels, std::move(tile));
        white.texels = std::move(full);
        if (layer) white.mask = layer->mask;
        layer = &white;
    }
    std::vector<Eigen::Vector4f> painted;
    if (layer && layer->texels) painted = layer_texels(*layer, region.get(), texels, *on);
    painted.resize(paint_tile_texels, Eigen::Vector4f::Zero());
    auto made = std::make_shared<CanvasTile>();
    made->any = true;
    for (int i = 0; i < paint_tile_texels; ++i) {
        if (!on->inside[std::size_t(i)]) continue;
        const Eigen::Vector4f& texel = painted[std::size_t(i)];
        const bool odd = (i % paint_tile_side / check_side + i / paint_tile_side / check_side) % 2 != 0;
        const float ground = mask ? 0.0f : checks[odd ? 1 : 0];
        made->pixels.texels[std::size_t(i)] =
            pixel_of(texel.head<3>() + Eigen::Vector3f::Constant((1 - texel[3]) * ground), 1);
    }
    return made;
}

}  // namespace likeness

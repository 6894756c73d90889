// Pictures of the atlas' squares in tiles: the avatar's colors with all layers, one layer alone, or its mask.
#pragma once

#include <array>
#include <compare>
#include <map>
#include <memory>
#include <string>

#include "core/avatar/avatar.h"
#include "core/editing/composed_colors.h"
#include "core/editing/surface_colors.h"

namespace likeness {

enum class CanvasContent { color, layer, mask };
inline constexpr std::array<const char*, 3> canvas_content_names = {"color", "layer", "mask"};
inline constexpr std::array<const char*, 2> canvas_square_names = {"head", "hair"};  // of the atlas

// A square of the atlas at a level is a picture of 1024 * 2^level pixels a side, cut into tiles of 64.
inline constexpr int least_canvas_level = -3, most_canvas_level = most_paint_level;
struct CanvasTileKey {
    int square = 0, level = 0, x = 0, y = 0;  // square: 0 head, 1 hair
    auto operator<=>(const CanvasTileKey&) const = default;
};
constexpr int canvas_tiles_side(int level) {
    return level >= 0 ? paint_blocks_side << level : paint_blocks_side >> -level;
}
// What a change of those texels is seen in.
bool touches(const CanvasTileKey& key, const PaintTileKey& texels);

// sRGB-encoded, straight alpha: transparent beside the charts and where nothing of the avatar is.
struct CanvasTile {
    PaintTile pixels;
    bool any = false;  // something of a chart
};

// For one thread.
class CanvasPainter {
  public:
    // Gaussians of `avatar` give the colors; they lie on that surface.
    CanvasPainter(std::shared_ptr<const PaintSurface> surface, std::shared_ptr<const RegionMasks> regions,
                  const Avatar& avatar);
    bool is_of(const PaintSurface* surface, const Avatar& avatar) const {
        return surface_.get() == surface && own_.is_of(surface, avatar);
    }

    // `layer`: its number, for `layer` (over a chequerboard, with mask and region, also where it is hidden) and `mask`
    // (white where it shows).
    std::shared_ptr<const CanvasTile> tile(const CanvasTileKey& key, CanvasContent content,
                                           const Part<PaintStack>& stack, int layer);

  private:
    std::shared_ptr<const CanvasTile> own_colors(const CanvasTileKey& key);
    std::shared_ptr<const CanvasTile> composed(const CanvasTileKey& key, const Part<PaintStack>& stack);
    std::shared_ptr<const CanvasTile> alone(const CanvasTileKey& key, const PaintLayer* layer, bool mask);

    std::shared_ptr<const PaintSurface> surface_;
    std::shared_ptr<const RegionMasks> regions_;
    SurfaceColors own_;
    std::unique_ptr<ComposedColors> colors_;
    std::map<CanvasTileKey, std::shared_ptr<const CanvasTile>> own_tiles_;
};

}  // namespace likeness

// The fine Gaussians over one tile of the surface's own level: where the layers' texels change more finely than the
// avatar's own Gaussians show.
#pragma once

#include <array>
#include <map>
#include <vector>

#include "core/editing/layer_cover.h"

namespace likeness {

struct FineSplat {
    SurfacePoint place;
    Eigen::Vector2f atlas;
    float deviation;  // metres, along the surface
    Eigen::Vector3f color;
    float opacity, height;  // metres above the surface
    SplatPart part;
};

class FineTile {
  public:
    // What the avatar's Gaussians show at its cells; first of all, and once.
    void look(const SplatCover& cover, const TileSurface& lies);
    // Those that are seen at its cells; a few more than once.
    const std::vector<int>& seen_splats() const { return seen_splat_; }

    // Places nodes where paint differs by more than `contrast` from what the avatar's Gaussians show of it. False where
    // nothing is painted.
    bool place(const PaintSurface& surface, const PaintTileKey& key, const TileSurface& lies,
               const std::vector<DrawnLayer>& layers, const AnchoredSplats& splats, float contrast);
    void forget(int layer) { texels_.erase(layer); }
    // The Gaussians of its nodes. `shown`: the avatar's own as they are drawn; `covered` [count]: how much paint each
    // shows.
    void compose(const std::vector<DrawnLayer>& drawn, const AnchoredSplats& splats, const AnchoredSplats& shown,
                 const std::vector<float>& covered, float contrast);
    const std::vector<FineSplat>& fine() const { return fine_; }

  private:
    static constexpr int cell_side = 4, cells_across = paint_tile_side / cell_side;  // texels; cells of a tile's side
    static constexpr int cells = cells_across * cells_across;
    struct Node {
        SurfacePoint place;
        Eigen::Vector2f atlas;
        float side;  // metres between neighbours
        int cell;
        float x, y;  // texels of the tile
        int texels;  // between neighbours
    };
    struct LayerTexels {
        const DrawnLayer* of;
        std::vector<Eigen::Vector4f> texels;
    };
    struct Unshown;
    Unshown find_unshown(const TileSurface& lies, const std::vector<LayerTexels>& layers, const AnchoredSplats& splats,
                         float contrast) const;
    void add_node(const PaintSurface& surface, const PaintTileKey& key, const TileSurface& lies,
                  const std::vector<LayerTexels>& layers, int x, int y, int side, int cell);
    float height_at(const Node& node) const;

    std::array<std::uint32_t, cells + 1> first_{};  // of each cell in seen_splat_
    std::vector<int> seen_splat_;                   // the heaviest of a cell first
    std::vector<float> seen_weight_;                // of a cell they sum to 1
    std::array<float, cells> height_{};             // metres, smoothed: ragged heights make ragged edges
    std::vector<Node> nodes_;
    std::map<int, std::vector<Eigen::Vector4f>> texels_;  // by the layers' numbers, one a node, premultiplied
    std::vector<FineSplat> fine_;
};

}  // namespace likeness

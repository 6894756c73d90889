// What hangs together in color around a place of the surface, as a soft share: the area that a fill takes.
//
// Colors are looked at in nodes about 0.6 to 1 mm apart that are linked over the seams of the atlas, and are freed of
// noise by diffusion that stops at edges (Perona and Malik 1990). The share is 1 inside; at its border it follows the
// color through the local linear model of He, Sun and Tang 2013 ("Guided image filtering", equations 5 to 8): as sharp
// as the edge of the colors there, half way through it, and a soft seam of a few millimetres where there is none.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <vector>

#include "core/editing/paint_surface.h"

namespace likeness {

// What is to be seen at a place, sRGB-encoded. Called from several threads.
using ColorAt = std::function<Eigen::Vector3f(const SurfacePoint&)>;

class SurfaceFlood {
  public:
    // From `seed` over links to where the color differs by less than `tolerance` (OKLab, 1 is from black to white).
    // `surface` outlives this.
    SurfaceFlood(const PaintSurface& surface, const ColorAt& color, const SurfacePoint& seed, float tolerance);

    // Tiles of the surface's own level on which the share may be above 0, by rising keys.
    std::vector<PaintTileKey> tiles() const;
    // In [0, 1], at each texel of a tile of that level or a finer one.
    void shares(const PaintTileKey& key, const TileSurface& on, std::array<float, paint_tile_texels>& shares) const;

  private:
    static constexpr int cell = 4, side = paint_tile_side / cell, cells = side * side;  // texels; nodes
    struct Place {  // of a node that need not have been looked at
        PaintTileKey tile;
        int node = -1;
    };
    struct Tile {
        std::array<bool, cells> there{};
        std::array<Eigen::Vector3f, cells> position, color;  // OKLab, as seen
        std::array<std::array<Place, 4>, cells> beside;      // until they are linked
        std::array<std::array<int, 4>, cells> link;          // numbers of nodes; -1: none
        std::array<float, cells> reach{};                    // metres that two nodes may be apart
        std::array<Eigen::Vector3f, cells> smooth;           // the color without noise, once `smoothed`
        std::array<float, cells> share{};
        bool linked = false, smoothed = false;
    };
    Place place_at(const Eigen::Vector2f& atlas) const;
    Tile look(const PaintTileKey& key, const ColorAt& color) const;
    void load(std::vector<PaintTileKey> keys, const ColorAt& color);
    std::vector<PaintTileKey> around(const std::vector<PaintTileKey>& keys) const;
    void link();
    void smooth(int tile);
    void flood(const SurfacePoint& seed, const ColorAt& color, float tolerance);
    void fill_holes();
    void refine();
    // Nodes within so many links of one, itself first.
    void near(int node, int links, std::vector<int>& found) const;

    Tile& tile_of(int node) { return tiles_[std::size_t(node / cells)]; }
    const Tile& tile_of(int node) const { return tiles_[std::size_t(node / cells)]; }

    const PaintSurface& surface_;
    int kind_;  // of what the seed lies on: nothing else is looked at
    std::map<PaintTileKey, int> number_;
    std::vector<PaintTileKey> keys_;
    std::vector<Tile> tiles_;  // node n is node n % cells of tile n / cells
    std::vector<int> inside_;  // nodes
};

// Ottosson 2020, "A perceptual color space for image processing".
Eigen::Vector3f oklab(const Eigen::Vector3f& encoded);

}  // namespace likeness

// The surface that is painted on, an avatar's at rest: which texels lie where on it, and what lies near on it. A way
// over the surface crosses the seams of the atlas and never leaps to what is only near in space (an ear behind a
// cheek, the other lip). Lengths are metres in the neutral pose.
#pragma once

#include <Eigen/Core>
#include <array>
#include <bitset>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/avatar/avatar.h"
#include "core/avatar/paint_texels.h"
#include "core/geometry/uv_grid.h"

namespace likeness {

// Where the texels of a tile lie. Texels up to two outside of their chart belong to its border, so that what lies there
// may be read between texels; where several triangles claim one, the one it is in.
struct TileSurface {
    std::array<int, paint_tile_texels> triangle;                 // -1: of no chart
    std::array<Eigen::Vector2f, paint_tile_texels> barycentric;  // weights of vertices 1 and 2 (0 has the rest)
    std::array<Eigen::Vector3f, paint_tile_texels> position;     // on the surface at rest; undefined off the charts
    std::bitset<paint_tile_texels> inside;                       // of its chart, not only beside it
    bool any = false;

    SurfacePoint point(int texel) const {
        const Eigen::Vector2f& b = barycentric[std::size_t(texel)];
        return {triangle[std::size_t(texel)], {1 - b.x() - b.y(), b.x(), b.y()}};
    }
};

class PaintSurface {
  public:
    // Precondition: avatar.prepared().
    explicit PaintSurface(const Avatar& avatar);

    const Avatar& avatar() const { return avatar_; }
    const RestSurface& rest() const { return *avatar_.rest; }
    const Vertices& normals() const { return normals_; }  // of the vertices at rest
    Eigen::Vector3f position(const SurfacePoint& p) const {
        return surface_position(avatar_.neutral(), avatar_.triangles(), p);
    }
    Eigen::Vector3f normal(const SurfacePoint& p) const;  // smooth, unit length
    // The head's triangles come first, then the hair's.
    bool is_hair(int triangle) const { return triangle >= head_triangles_; }
    HeadRegion region(int triangle) const;  // `other` for hair

    // The coarsest level of a block at which the median of its texels is no longer than `finest` on the surface; 0 for
    // blocks without a chart.
    int level(int block, float finest = brush_texel) const;
    // What brushes paint in (metres): 0.15 mm on the face, 0.25 mm on the neck.
    static constexpr float brush_texel = 0.25e-3f;

    // From any thread; kept.
    std::shared_ptr<const TileSurface> tile(const PaintTileKey& key) const;
    // Tiles of level(block, finest) in which some of these triangles lie, borders included; by rising keys.
    std::vector<PaintTileKey> tiles_of(const std::vector<int>& triangles, float finest = brush_texel) const;

    // The triangle over the edge from vertex `edge` of a triangle to the next; -1 for none.
    int beside(int triangle, int edge) const { return beside_[std::size_t(triangle)][std::size_t(edge)]; }
    // Triangles that one reaches from a point over shared edges without leaving a ball of that radius around it.
    std::vector<int> near(const SurfacePoint& from, float radius) const;
    // The point that lies in this direction (metres, world axes at rest; only what is along the surface counts), gone
    // straight over each triangle and over edges into the next. Ends where the surface does.
    SurfacePoint walk(const SurfacePoint& from, const Eigen::Vector3f& way) const;
    SurfacePoint at(const Eigen::Vector2f& atlas) const { return grid_.locate(atlas); }
    // The same; nothing beside the charts.
    std::optional<SurfacePoint> inside(const Eigen::Vector2f& atlas) const;
    // Metres of the surface for a unit of the atlas, in a triangle.
    float metres_per_unit(int triangle) const;

  private:
    Avatar avatar_;
    Vertices normals_;
    int head_triangles_ = 0;
    UvGrid grid_;
    std::vector<std::array<int, 3>> beside_;        // the triangle over the edge from vertex k to k + 1; -1 for none
    std::array<float, paint_block_count> texel_{};  // metres of a texel of level 0; 0 where there is no chart
    std::array<std::vector<int>, paint_block_count> triangles_of_;  // whose charts reach into a block
    mutable std::mutex mutex_;
    mutable std::map<PaintTileKey, std::shared_ptr<const TileSurface>> tiles_;
};

}  // namespace likeness

// Brush strokes on a layer's texels: dabs at even distances, each on what one reaches over the skin from its middle.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "core/avatar/paint_texels.h"
#include "core/editing/paint_surface.h"
#include "core/editing/surface_mirror.h"

namespace likeness {

struct BrushOptions {
    float size = 0.010f;                                // metres across, on the skin at rest
    float hardness = 0.5f;                              // share of the radius that is covered in full
    float flow = 0.5f;                                  // what each dab adds of what is missing
    float opacity = 1;                                  // the most that a stroke covers
    float spacing = 0.15f;                              // from dab to dab, share of the size
    float stabiliser = 0;                               // pixels by which the brush is drawn behind the pointer
    bool pressure_size = false, pressure_flow = false;  // a pen's pressure takes its share of them
    float pressure_curve = 1;                           // power of a pen's pressure, see pen_curve()
    bool tilt = false;                                  // a pen that leans draws longer dabs
    bool symmetric = false;                             // also on the other side of the face
    std::array<float, 3> color = {0.7f, 0.1f, 0.15f};   // sRGB-encoded
};

inline constexpr float least_brush = 0.3e-3f, most_brush = 0.15f;  // metres

// One stroke over texels as they were. What it covers is gathered as a share in float, so that no dab is rounded; the
// texels are made of that and of what was there before.
class BrushStroke {
  public:
    // Smudge drags what the layer has there along the stroke; flow is how much of it goes on with the brush.
    enum class Effect { paint, erase, smudge };
    // What is painted at a texel, sRGB-encoded; the options' color where it is empty.
    using TexelColor = std::function<Eigen::Vector3f(const TileSurface& tile, int texel)>;

    // `before` may be null. No more than `most_new_tiles` are added; further dabs are left out.
    BrushStroke(std::shared_ptr<const PaintSurface> surface, std::shared_ptr<const PaintTexels> before,
                const BrushOptions& options, Effect effect, TexelColor color = {},
                std::size_t most_new_tiles = ~std::size_t(0));

    // A dab. `pressure` in [0, 1].
    void dab(const SurfacePoint& at, float pressure = 1);
    // Where a pen leans, in the axes of the surface at rest; its length is the sine of the angle. Further dabs are as
    // much narrower across as that makes them longer.
    void set_lean(const Eigen::Vector3f& lean) { lean_ = lean; }
    // Dabs at even distances straight over the surface from the last one to this point.
    void walk_to(const SurfacePoint& at, float pressure = 1);
    // How far the next dab is from a point; none is due while that is above 0. Metres.
    float due_in(const SurfacePoint& at) const;
    void dab_if_due(const SurfacePoint& at, float pressure = 1);

    // With all dabs so far; shares tiles that they do not touch with what was before.
    std::shared_ptr<const PaintTexels> texels();
    const std::shared_ptr<const PaintTexels>& before() const { return before_; }
    int dabs() const { return dabs_; }
    bool full() const { return full_; }  // a dab was left out for want of tiles
    const PaintSurface& surface() const { return *surface_; }
    float spacing() const;  // metres

  private:
    // What a dab reaches: one on each side of the face at most.
    struct Footprint {
        Eigen::Vector3f middle, normal;
        Eigen::Vector3f step = Eigen::Vector3f::Zero();  // from the dab before
        std::vector<std::uint32_t> reached;  // by triangle: the number of the dab that reached it last
    };
    using Share = std::array<float, paint_tile_texels>;
    struct Tile {
        Share share{};
        std::vector<Eigen::Vector3f> colors;   // [paint_tile_texels] once there is a TexelColor
        std::vector<Eigen::Vector4f> smudged;  // [paint_tile_texels] of a smudge: premultiplied
        bool changed = false;
    };
    std::vector<int> reach(Footprint& footprint, const SurfacePoint& at, float radius);
    // How much of the dab there is at a texel of it.
    float share_at(const TileSurface& on, std::size_t texel, int footprints, float radius) const;
    void cover(const PaintTileKey& key, int footprints, float radius, float flow);
    Tile* open(const PaintTileKey& key);  // null where there is no room for it
    void smudge(const std::vector<PaintTileKey>& keys, int footprints, float radius, float flow);
    Eigen::Vector4f smudged_at(const Eigen::Vector2f& atlas) const;
    std::vector<PaintTileKey> tiles_of(const std::vector<int>& triangles);
    std::shared_ptr<const PaintTile> made(const PaintTileKey& key, const Tile& tile) const;

    std::shared_ptr<const PaintSurface> surface_;
    SurfaceMirror mirror_;
    std::shared_ptr<const PaintTexels> before_;  // never null
    PaintTexels base_;                           // as before, no block coarser than a brush
    BrushOptions options_;
    Effect effect_;
    TexelColor color_;
    std::array<Footprint, 2> footprints_;
    std::map<PaintTileKey, Tile> tiles_;
    std::shared_ptr<const PaintTexels> now_;
    std::optional<SurfacePoint> last_;
    Eigen::Vector3f lean_ = Eigen::Vector3f::Zero();
    std::size_t new_tiles_ = 0, most_new_tiles_;
    int dabs_ = 0;
    bool full_ = false, stale_ = false;
};

// From the pointer's way to dabs: smooth between its positions, drawn behind it by the stabiliser.
class StrokePath {
  public:
    // What lies at a pixel, and how many pixels a metre has there.
    struct Place {
        SurfacePoint point;
        float pixels_per_metre = 1;
    };
    using Pick = std::function<std::optional<Place>(const Eigen::Vector2f& pixel)>;

    explicit StrokePath(float stabiliser) : stabiliser_(stabiliser) {}
    // The pointer is at a pixel. Called again at the same one where the surface moves beneath it.
    void to(const Eigen::Vector2f& pixel, float pressure, const Pick& pick, BrushStroke& stroke);
    // The pointer is lifted.
    void end(const Pick& pick, BrushStroke& stroke);

  private:
    struct Position {
        Eigen::Vector2f pixel;
        float pressure = 1;
    };
    void curve(const Position& from, const Position& middle, const Position& to, const Pick& pick, BrushStroke& stroke);
    float stabiliser_;
    std::optional<Position> last_, reached_;
};

// A color with a share of it over a texel.
PaintTexel painted_over(const PaintTexel& texel, const std::array<float, 3>& color, float share);
// A block of texels made finer, each repeated; nothing where the block is empty or as fine already.
void refine_block(PaintTexels& texels, int block, int level);

}  // namespace likeness

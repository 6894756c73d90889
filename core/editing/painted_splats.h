// What shows an avatar's paint: its own Gaussians, recolored where a layer covers all that they cover, and finer ones
// above them where it does not (edges, lines, letters). So a layer's edge is sharp to 0.2 mm, in every picture and
// export; what lies outside of it does not change; and the avatar's Gaussians themselves stay as they are.
//
// At a place the fine Gaussians turn the color that the avatar's own show there, U, into the one that the layers make
// of the avatar's color, T: with the opacity a that paint has beyond what the avatar's Gaussians show, their color is
// U + (T - U) / a.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "core/avatar/avatar.h"
#include "core/editing/paint_surface.h"
#include "core/editing/splat_cover.h"

namespace likeness {

class PaintedSplats {
  public:
    static constexpr std::size_t most_fine = 50'000;

    PaintedSplats();
    ~PaintedSplats();
    PaintedSplats(PaintedSplats&&) noexcept;
    PaintedSplats& operator=(PaintedSplats&&) noexcept;

    // The Gaussians to draw in the avatar's own ones' place: those themselves where nothing is painted. Does again only
    // what changed since the last call. Precondition: avatar.prepared().
    Part<AnchoredSplats> update(const Avatar& avatar);

    // The surface of the last update; null before one that had paint.
    std::shared_ptr<const PaintSurface> surface() const { return surface_; }
    std::size_t fine_count() const { return fine_; }
    // Paint has finer edges than the fine Gaussians that there may be can show.
    bool coarser_than_wanted() const { return coarser_; }

  private:
    struct LayerCover;
    struct Detail;
    void follow_layers(const PaintStack& stack, const AnchoredSplats& splats);
    void make_details(const PaintStack& stack, const AnchoredSplats& splats);
    Part<AnchoredSplats> compose(const PaintStack& stack, const AnchoredSplats& splats);

    std::shared_ptr<const RestSurface> rest_;
    std::shared_ptr<const PaintSurface> surface_;
    Part<AnchoredSplats> base_, shown_;
    Part<PaintStack> paint_;
    std::unique_ptr<SplatCover> cover_;
    std::map<int, std::unique_ptr<LayerCover>> layers_;  // by the layers' numbers
    std::map<PaintTileKey, std::unique_ptr<Detail>> details_;
    std::vector<PaintTileKey> stale_details_;
    std::size_t fine_ = 0;
    float contrast_ = 0;  // below which nothing fine is made
    bool coarser_ = false;
};

// The same once, for pictures and exports.
Avatar painted(Avatar avatar);

}  // namespace likeness

// What shows an avatar's paint: its own Gaussians, recolored where a layer covers all that they cover, and finer ones
// above them where it does not (edges, lines, letters). So a layer's edge is sharp to 0.2 mm, in every picture and
// export; what lies outside of it does not change; and the avatar's Gaussians themselves stay as they are.
//
// At a place the fine Gaussians turn the color that the avatar's own show there, U, into the one that the layers make
// of the avatar's color, T: with the opacity a that paint has beyond what the avatar's Gaussians show, their color is
// U + (T - U) / a. They lie on the surface and are drawn before the avatar's own near it, as a large one of those may
// have its middle nearer to the camera.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "core/avatar/avatar.h"
#include "core/editing/paint_surface.h"
#include "core/editing/splat_cover.h"

namespace likeness {

struct DrawnLayer;
struct LayerCover;
class FineTile;

class PaintedSplats {
  public:
    static constexpr std::size_t most_fine = 50'000;

    enum class Order {
        leads,    // for this program's rasterizers: paint lies on the surface (SplatSet::leading_from)
        by_depth  // for others: a little above it
    };
    explicit PaintedSplats(Order order = Order::leads);
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
    // How a layer was drawn.
    struct DrawnAs {
        int layer;
        float opacity;
        PaintBlend blend;
        float relief, erase;
        bool operator==(const DrawnAs&) const = default;
    };
    void follow_layers(const PaintStack& stack, const AnchoredSplats& splats);
    // Hidden ones too, or those alone that are drawn.
    std::vector<DrawnLayer> followed(const PaintStack& stack, bool hidden) const;
    void place_tiles(const PaintStack& stack, const AnchoredSplats& splats);
    void place_all(const PaintStack& stack, const AnchoredSplats& splats);
    void compose(const PaintStack& stack, const AnchoredSplats& splats);
    void gather();

    Order order_;
    std::shared_ptr<const RestSurface> rest_;
    std::shared_ptr<const PaintSurface> surface_;
    Part<AnchoredSplats> base_, shown_;
    Part<PaintStack> paint_;
    std::unique_ptr<SplatCover> cover_;
    std::map<int, std::unique_ptr<LayerCover>> layers_;  // by the layers' numbers
    std::map<PaintTileKey, std::unique_ptr<FineTile>> tiles_;
    std::vector<std::vector<PaintTileKey>> tiles_seeing_;  // of each of the avatar's Gaussians
    std::set<PaintTileKey> looked_;                        // those that tiles_seeing_ knows
    // What is to be done again: where nodes are placed, what the avatar's Gaussians show, what nodes show.
    std::set<PaintTileKey> stale_tiles_;
    std::vector<int> stale_splats_;
    std::vector<FineTile*> placed_;
    std::vector<DrawnAs> drawn_;
    AnchoredSplats own_;          // the avatar's own as they are drawn
    std::vector<float> covered_;  // how much paint each of them shows
    std::size_t fine_ = 0;
    float contrast_ = 0;  // below which nothing fine is made
    bool coarser_ = false;
    double growth_ = 1;  // how many times more fine ones a step less of contrast made
};

// The same once, for pictures and exports.
Avatar painted(Avatar avatar);

}  // namespace likeness

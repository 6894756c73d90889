// Clone and heal: colors that a stroke takes from another place of the surface. Fill and gradient: texels made at once.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <vector>

#include "core/editing/brush.h"
#include "core/editing/face_regions.h"
#include "core/editing/surface_flood.h"

namespace likeness {

// What lies around `from` is painted around `to`: a texel's way from `to` is gone from `from`, turned as the skin is.
BrushStroke::TexelColor clone_colors(std::shared_ptr<const PaintSurface> surface, ColorAt color, SurfacePoint from,
                                     SurfacePoint to);
// The same in the tone that is there already: the difference of the colors `around` a place (metres) and its source's
// is added.
BrushStroke::TexelColor heal_colors(std::shared_ptr<const PaintSurface> surface, ColorAt color, SurfacePoint from,
                                    SurfacePoint to, float around);
// Near a place one that looks most alike around it, to heal it with.
SurfacePoint heal_source(const PaintSurface& surface, const ColorAt& color, const SurfacePoint& at, float around);

struct FillOptions {
    std::array<float, 3> color{};
    float opacity = 1;
    std::size_t most_new_tiles = ~std::size_t(0);
};
// Fills and gradient give null when it would take more tiles.

// What hangs together with `seed` in color, see SurfaceFlood.
std::shared_ptr<const PaintTexels> fill_alike(const PaintSurface& surface, const ColorAt& color,
                                              const SurfacePoint& seed, float tolerance, const PaintTexels& before,
                                              const FillOptions& options);
// A region with its soft border; what of it is missing is nothing. `regions` are of this surface.
std::shared_ptr<const PaintTexels> fill_region(const FaceRegions& regions, FaceRegion region, const PaintTexels& before,
                                               const FillOptions& options);
// From full at `from` to nothing at `to`: across planes over all that hangs together, or round about `from`.
std::shared_ptr<const PaintTexels> gradient(const PaintSurface& surface, const SurfacePoint& from,
                                            const SurfacePoint& to, bool radial, const PaintTexels& before,
                                            const FillOptions& options);

}  // namespace likeness

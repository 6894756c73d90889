// Clone and heal: colors that a stroke takes from another place of the surface. Fill and gradient: texels made at once.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <vector>

#include "core/editing/brush.h"
#include "core/editing/paint_surface.h"

namespace likeness {

// What is to be seen at a place, sRGB-encoded.
using ColorAt = std::function<Eigen::Vector3f(const SurfacePoint&)>;

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
// Fill and gradient give null when it would take more tiles.

// Where the color differs from that at `seed` by less than `tolerance` (OKLab, 1 is from black to white), over edges
// from there; a soft border of a third of it.
std::shared_ptr<const PaintTexels> fill_alike(const PaintSurface& surface, const ColorAt& color,
                                              const SurfacePoint& seed, float tolerance, const PaintTexels& before,
                                              const FillOptions& options);
// From full at `from` to nothing at `to`: across planes over all that hangs together, or round about `from`.
std::shared_ptr<const PaintTexels> gradient(const PaintSurface& surface, const SurfacePoint& from,
                                            const SurfacePoint& to, bool radial, const PaintTexels& before,
                                            const FillOptions& options);

}  // namespace likeness

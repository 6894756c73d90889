// A sticker as texels over the atlas: laid along the skin like one of paper, or projected through the skin's plane.
#pragma once

#include <memory>

#include "core/avatar/paint.h"
#include "core/editing/paint_surface.h"

namespace likeness {

// What stickers are painted in, metres: finer than brushes paint, for letters.
inline constexpr float sticker_texel = 0.125e-3f;
inline constexpr float least_sticker = 1e-3f, largest_sticker = 0.4f;  // metres of width and height

// Where a sticker lies: its middle, and what is right and up for one who looks at it. Upright means against the way
// down; on a crown or under a chin, where there is none, towards the back of the head.
struct StickerPlace {
    SurfacePoint middle;
    Eigen::Vector3f right, up, normal;  // at rest, orthonormal
};
StickerPlace sticker_place(const PaintSurface& surface, const Sticker& sticker);

// Straight-alpha texels of the sticker and, if it is a pair, of its mirror image. Throws std::invalid_argument without
// a picture or with sizes out of the range above.
std::shared_ptr<const PaintTexels> sticker_texels(const std::shared_ptr<const PaintSurface>& surface,
                                                  const Sticker& sticker);

}  // namespace likeness

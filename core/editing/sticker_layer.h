// A sticker as texels over the atlas: laid along the skin like one of paper, or projected through the skin's plane.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string_view>

#include "core/avatar/paint.h"
#include "core/editing/paint_surface.h"

namespace likeness {

// What stickers are painted in, metres: finer than brushes paint, for letters.
inline constexpr float sticker_texel = 0.125e-3f;
inline constexpr float least_sticker = 1e-3f, largest_sticker = 0.4f;  // metres of width and height

// Places by name, for scripts and as first places.
inline constexpr std::array<const char*, 6> sticker_spots = {"forehead", "left_cheek", "right_cheek",
                                                             "nose",     "chin",       "neck"};
// Nothing for another name, and where the head does not have such a place.
std::optional<SurfacePoint> sticker_spot(const PaintSurface& surface, std::string_view name);

// Where a sticker lies: its middle, and what is right and up for one who looks at it. Upright means against the way
// down; the more a place faces up or down, where there is no such way, the more towards back or front.
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

// A sticker as texels over the atlas: laid along the skin like one of paper, or projected through the skin's plane.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/avatar/paint.h"
#include "core/editing/paint_surface.h"

namespace likeness {

// What stickers are painted in, metres: finer than brushes paint, for letters.
inline constexpr float sticker_texel = 0.125e-3f;
inline constexpr float least_sticker = 1e-3f, largest_sticker = 0.4f;  // metres of width and height

// Places by name, for scripts and as first places.
inline constexpr std::array<const char*, 7> sticker_spots = {"forehead",  "left_cheek", "right_cheek", "nose",
                                                             "upper_lip", "chin",       "neck"};
// Nothing for another name, and where the head does not have such a place.
std::optional<SurfacePoint> sticker_spot(const PaintSurface& surface, std::string_view name);

// Where a sticker lies: its middle, and what is right and up for one who looks at it. Upright means against the way
// down; the more a place faces up or down, where there is no such way, the more towards back or front.
struct StickerPlace {
    SurfacePoint middle;
    Eigen::Vector3f right, up, normal;  // at rest, orthonormal
};
StickerPlace sticker_place(const PaintSurface& surface, const Sticker& sticker);

float sticker_height(const Sticker& sticker);  // metres, before it is warped

// From a sticker's picture to the skin and back. Points of the picture are shares of its sides from the upper left.
class StickerFrame {
  public:
    // `mirrored`: of the mirror image, about whose middle the sticker is. Precondition: as sticker_texels.
    StickerFrame(const PaintSurface& surface, const Sticker& sticker, bool mirrored = false);

    const StickerPlace& place() const { return place_; }
    // The triangles around, by rising numbers.
    const std::vector<int>& triangles() const { return triangles_; }
    // Where a place on one of these triangles lies in the picture as if that were not warped; shares below 0 and above
    // 1 are beside it.
    Eigen::Vector2f share(const SurfacePoint& point) const;
    // What a point of the picture lies on once it is warped; nothing where the surface ends, or beyond what is near.
    std::optional<SurfacePoint> point(const Eigen::Vector2f& share) const;

  private:
    const PaintSurface& surface_;
    Sticker sticker_;
    StickerPlace place_;
    bool mirrored_;
    float width_, height_, cosine_, sine_;
    std::vector<int> triangles_;
    // Of each triangle's vertices, metres to the right and up of the middle.
    std::vector<std::array<Eigen::Vector2f, 3>> chart_;
};

// How far a point of the picture is moved by the warp, shares of the sides: linear between the grid's points.
Eigen::Vector2f sticker_warp(const Sticker& sticker, const Eigen::Vector2f& share);
bool is_warped(const Sticker& sticker);
// Moves a point of the warp's grid (0 to 15, rows from the upper left) by shares of the sides: a corner takes the
// others along by their distance from it, others go alone. Kept within most_warp.
void move_warp_point(Sticker& sticker, int point, const Eigen::Vector2f& way);
inline constexpr float most_warp = 2;

// Straight-alpha texels of the sticker and, if it is a pair, of its mirror image. Throws std::invalid_argument without
// a picture or with sizes out of the range above.
std::shared_ptr<const PaintTexels> sticker_texels(const std::shared_ptr<const PaintSurface>& surface,
                                                  const Sticker& sticker);

}  // namespace likeness

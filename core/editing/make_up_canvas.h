// What the kinds of make-up are painted with (make_up.h): every texel by a function of its place, or strokes.
#pragma once

#include <functional>
#include <vector>

#include "core/avatar/paint.h"
#include "core/editing/face_regions.h"
#include "core/editing/own_colors.h"

namespace likeness {

// Straight alpha, sRGB-encoded.
struct MakeUpTexel {
    Eigen::Vector3f color = Eigen::Vector3f::Zero();
    float alpha = 0;
};

// A line on the skin that grows thinner or thicker; a dot where both ends are one.
struct SkinStroke {
    Eigen::Vector2f from, to;      // atlas
    float from_radius, to_radius;  // metres
    Eigen::Vector3f color;
    float alpha = 1;
    float softness = 0.1e-3f;  // metres from full to nothing
};

// What a kind is made of. Lives as long as its regions.
struct MakeUpCanvas {
    const FaceRegions& regions;
    const MakeUp& make_up;
    OwnColors own;
    OwnTones tones;

    MakeUpCanvas(const FaceRegions& of, const MakeUp& from)
        : regions(of), make_up(from), own(of.surface().avatar()), tones(own_tones(of)) {}

    const FaceCurves& curves() const { return regions.curves(); }
    float amount(std::string_view name) const;
    float millimetres(std::string_view name) const { return 1e-3f * amount(name) * curves().scale(); }
    Eigen::Vector3f color() const { return {make_up.color[0], make_up.color[1], make_up.color[2]}; }
    // The color under the light of the photograph.
    Eigen::Vector3f lit_color() const;

    // `shade` is called from several threads, for each texel of those triangles' tiles that lies on them or beside.
    using Shade = std::function<MakeUpTexel(const FacePlace&)>;
    PaintTexels shaded(const std::vector<int>& triangles, float finest, const Shade& shade) const;
    // Strokes over `under`; where it has tiles they keep their level. A stroke stays on the piece of the atlas that it
    // begins on.
    PaintTexels stroked(const std::vector<SkinStroke>& strokes, float finest, PaintTexels under = {}) const;
};

// Repeatable noise. In [0, 1).
float hashed(std::uint32_t seed, std::uint32_t a, std::uint32_t b = 0);
// Smooth in space, features one unit large; in [0, 1].
float smooth_noise(std::uint32_t seed, const Eigen::Vector3f& at);

// The kinds, in make_up_lips.cpp, make_up_eyes.cpp, make_up_skin.cpp and make_up_hair.cpp.
PaintTexels paint_lipstick(const MakeUpCanvas& canvas);
PaintTexels paint_gloss(const MakeUpCanvas& canvas);
PaintTexels paint_teeth_whitening(const MakeUpCanvas& canvas);
PaintTexels paint_eye_shadow(const MakeUpCanvas& canvas);
PaintTexels paint_eyeliner(const MakeUpCanvas& canvas);
PaintTexels paint_iris(const MakeUpCanvas& canvas);
PaintTexels paint_under_eye(const MakeUpCanvas& canvas);
PaintTexels paint_blush(const MakeUpCanvas& canvas);
PaintTexels paint_contour(const MakeUpCanvas& canvas);
PaintTexels paint_freckles(const MakeUpCanvas& canvas);
PaintTexels paint_tan(const MakeUpCanvas& canvas);
PaintTexels paint_mascara(const MakeUpCanvas& canvas);
PaintTexels paint_brows(const MakeUpCanvas& canvas);
PaintTexels paint_stubble(const MakeUpCanvas& canvas);

}  // namespace likeness

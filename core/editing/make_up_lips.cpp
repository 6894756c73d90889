// Lipstick, gloss and teeth.
#include <algorithm>
#include <cmath>

#include "core/editing/make_up_canvas.h"

namespace likeness {
namespace {

// Where on the red of the lips.
struct LipPlace {
    float inside;  // metres within the border of the red
    float depth;   // 0 at the border, 1 where the lips meet
    float along;   // from the right corner to the left
    bool upper;
};

// `inside` as in LipPlace.
LipPlace lip_place(const FaceCurves& curves, const FacePlace& place, float inside) {
    LipPlace lip{inside, 0, 0.5f, false};
    const CurveDistance upper = distance_to(curves.upper_lip, place), lower = distance_to(curves.lower_lip, place);
    lip.upper = upper.metres < lower.metres;
    if (lip.inside <= 0) {
        lip.along = lip.upper ? upper.along : lower.along;
        return lip;
    }
    const CurveDistance meeting = distance_to(lip.upper ? curves.upper_lip_inner : curves.lower_lip_inner, place);
    // Between the two lies what no closed mouth shows.
    const float before = is_inside(curves.mouth, place.atlas) ? 0.0f : meeting.metres;
    lip.along = meeting.along;
    lip.depth = lip.inside / std::max(lip.inside + before, 1e-6f);
    return lip;
}

// Of the lips' own light and shade, that a cosmetic takes over: 1 where they are as light as usual.
float own_shade(const MakeUpCanvas& canvas, const FacePlace& place, float share) {
    const float usual = std::max(luma(canvas.tones.lips), 0.08f);
    return std::pow(std::clamp(luma(canvas.own.at(place.atlas)) / usual, 0.35f, 1.5f), share);
}

// How far the cosmetic reaches inwards where the lips meet: beyond is what is wet.
float dry(const FaceCurves& curves, const FacePlace& place) {
    if (!is_inside(curves.mouth, place.atlas)) return 1;
    return smooth_step(5e-3f, 3e-3f, distance_to(curves.mouth, place).metres);
}

float bump(float x, float middle, float width) {
    const float t = (x - middle) / width;
    return std::exp(-t * t);
}

}  // namespace

PaintTexels paint_lipstick(const MakeUpCanvas& canvas) {
    const FaceCurves& curves = canvas.curves();
    const float amount = canvas.amount("amount"), edge = std::max(canvas.millimetres("softness"), 0.15e-3f),
                over = canvas.millimetres("overline"), liner = canvas.amount("liner"), fade = canvas.amount("fade");
    const Eigen::Vector3f color = canvas.lit_color();
    return canvas.shaded(curves.near({&curves.lips}, edge + over + 1e-3f), 0.2e-3f, [&](const FacePlace& place) {
        if (is_far_from(curves.lips, place, edge + over)) return MakeUpTexel{};
        const float inside = -signed_distance(curves.lips, place);
        if (inside + std::max(over, 0.0f) <= -0.5f * edge) return MakeUpTexel{};
        const LipPlace lip = lip_place(curves, place, inside);
        // Fuller lips are drawn in the middle, not at the corners.
        const float border = lip.inside + over * smooth_step(0.0f, 0.25f, 0.5f - std::abs(lip.along - 0.5f));
        float alpha = smooth_step(-0.5f * edge, 0.5f * edge, border);
        if (alpha <= 0) return MakeUpTexel{};
        alpha *= dry(curves, place);
        const float rim = smooth_step(2.2e-3f, 0.6e-3f, lip.inside);
        alpha *= 1 - 0.85f * fade * smooth_step(0.9f, 0.15f, lip.depth) * (1 - liner * rim);
        const float shade = own_shade(canvas, place, 0.75f) * (1 - 0.35f * liner * rim);
        return MakeUpTexel{(shade * color).cwiseMin(1.0f), 0.92f * amount * alpha};
    });
}

PaintTexels paint_gloss(const MakeUpCanvas& canvas) {
    const FaceCurves& curves = canvas.curves();
    const float amount = canvas.amount("amount"), width = canvas.amount("width"), streaks = canvas.amount("streaks");
    const Eigen::Vector3f color = canvas.lit_color();
    // Light from above and the front: a band on the roll of the lower lip, two lights beside the bow of the upper.
    return canvas.shaded(curves.near({&curves.lips}, 1e-3f), 0.2e-3f, [&](const FacePlace& place) {
        if (!is_inside(curves.lips, place.atlas)) return MakeUpTexel{};
        const LipPlace lip = lip_place(curves, place, distance_to(curves.lips, place).metres);
        if (lip.inside <= 0) return MakeUpTexel{};
        const float wide = 0.4f + 0.7f * width;
        float light;
        if (lip.upper)
            light = 0.55f * bump(lip.depth, 0.45f, 0.16f * wide) *
                        (bump(lip.along, 0.37f, 0.07f * wide) + bump(lip.along, 0.63f, 0.07f * wide)) +
                    0.35f * bump(lip.inside, 0.5e-3f, 0.5e-3f) * bump(lip.along, 0.5f, 0.2f);
        else
            light = bump(lip.depth, 0.52f, 0.17f * wide) *
                    (0.75f * bump(lip.along, 0.5f, 0.17f * wide) + 0.25f * bump(lip.along, 0.5f, 0.3f * wide));
        // Broken by the lines that run across the lips.
        const float line = smooth_noise(11, Eigen::Vector3f(lip.along * 46, lip.depth * 2.2f, lip.upper ? 7.0f : 0.0f));
        light *= 1 - streaks * smooth_step(0.35f, 0.75f, line);
        // What the photograph has of lights grows too.
        const float above = luma(canvas.own.at(place.atlas)) / std::max(luma(canvas.own.at(place.atlas, 3)), 0.05f) - 1;
        light += 1.2f * std::clamp(above - 0.04f, 0.0f, 0.5f) + 0.05f;
        const float edge = smooth_step(0.0f, 1e-3f, lip.inside) * dry(curves, place);
        return MakeUpTexel{color, amount * 0.8f * std::min(light, 1.0f) * edge};
    });
}

PaintTexels paint_teeth_whitening(const MakeUpCanvas& canvas) {
    const float amount = canvas.amount("amount"), brighten = canvas.amount("brighten");
    return canvas.shaded(canvas.regions.triangles(FaceRegion::teeth), 0.4e-3f, [&](const FacePlace& place) {
        // What soft light makes of the tooth: less yellow, and somewhat lighter, but never as light as paper, nor blue.
        const Eigen::Vector3f own = canvas.own.at(place.atlas, 2).cwiseMax(0.05f).cwiseMin(0.95f);
        const float grey = luma(own), lighter = grey + 0.45f * brighten * std::max(0.0f, 0.86f - grey);
        Eigen::Vector3f wanted = lighter * (Eigen::Vector3f::Constant(0.8f) + 0.2f * own / grey);
        wanted = wanted.cwiseMin(0.93f);
        wanted.z() = std::min(wanted.z(), wanted.x());
        Eigen::Vector3f source;
        for (int c = 0; c < 3; ++c) {
            const float b = own[c], soft = b <= 0.25f ? ((16 * b - 12) * b + 4) * b : std::sqrt(b);
            const float step =
                wanted[c] > b ? (wanted[c] - b) / std::max(soft - b, 1e-3f) : (wanted[c] - b) / (b * (1 - b));
            source[c] = std::clamp(0.5f + 0.5f * step, 0.0f, 1.0f);
        }
        return MakeUpTexel{source, amount};
    });
}

}  // namespace likeness

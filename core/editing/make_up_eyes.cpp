// Eye shadow, eyeliner, irises and what lies under the eyes.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "core/editing/make_up_canvas.h"

namespace likeness {
namespace {

// Where a place lies by an eye: metres on the closed lids from where each is seen to begin (negative on its edge).
struct LidPlace {
    float upper, lower, upper_along, lower_along;
    float upper_share;  // 1 above the eye, 0 below it, between beside the corners
    float beyond;       // metres farther out than the outer corner; negative before it
};

// None for places that are farther than that from either lid: most are, and the rest takes longer.
std::optional<LidPlace> lid_place(const FaceCurves& curves, const EyeCurves& eye, const FacePlace& place,
                                  float from_upper, float from_lower) {
    const Eigen::Vector3f at = curves.closed_position({place.triangle, place.barycentric});
    const CurveDistance upper = distance_to(eye.upper_closed, at), lower = distance_to(eye.lower_closed, at);
    const bool on_rim = is_inside(eye.rim, place.atlas);
    if (!on_rim && upper.metres > from_upper && lower.metres > from_lower) return {};
    // Closed lids meet: whose a place is, the skin tells.
    const float nearer = distance_to(eye.lower, place).metres - distance_to(eye.upper, place).metres;
    const Eigen::Vector3f &corner = eye.upper_closed.back(), across = corner - eye.upper_closed.front();
    const float sign = on_rim ? -1.0f : 1.0f;
    return LidPlace{sign * upper.metres,
                    sign * lower.metres,
                    upper.along,
                    lower.along,
                    smooth_step(-1.5e-3f, 1.5e-3f, nearer),
                    across.dot(at - corner) / std::max(across.norm(), 1e-6f)};
}

// As light or dark as the skin is there, beside skin as it usually is.
float skin_shade(const MakeUpCanvas& canvas, const FacePlace& place, float share) {
    const float usual = std::max(luma(canvas.tones.skin), 0.1f);
    return std::pow(std::clamp(luma(canvas.own.at(place.atlas, 2)) / usual, 0.4f, 1.4f), share);
}

}  // namespace

PaintTexels paint_eye_shadow(const MakeUpCanvas& canvas) {
    const FaceCurves& curves = canvas.curves();
    const float amount = canvas.amount("amount"), height = 24e-3f * curves.scale() * canvas.amount("height"),
                corner = canvas.amount("corner"), below = canvas.amount("below"), shimmer = canvas.amount("shimmer");
    const Eigen::Vector3f color = canvas.lit_color();
    const std::vector<const AtlasCurve*> near = {&curves.eyes[0].upper, &curves.eyes[0].lower, &curves.eyes[1].upper,
                                                 &curves.eyes[1].lower};
    return canvas.shaded(curves.near(near, height + 6e-3f), 0.35e-3f, [&](const FacePlace& place) {
        const EyeCurves& eye = curves.eyes[curves.nearer_eye(place.atlas)];
        if (is_inside(eye.opening, place.atlas)) return MakeUpTexel{};
        const std::optional<LidPlace> found = lid_place(curves, eye, place, height, 6e-3f);
        if (!found) return MakeUpTexel{};
        const LidPlace& lid = *found;
        // Highest over the outer two thirds; ends before the nose and fades beyond the outer corner.
        const float reach = height * (0.55f + 0.45f * smooth_step(0.05f, 0.6f, lid.upper_along));
        float upper = smooth_step(reach, 0.35f * reach, std::max(lid.upper, 0.0f));
        upper *= (0.35f + 0.65f * smooth_step(0.0f, 0.3f, lid.upper_along)) * lid.upper_share;
        upper *= smooth_step(9e-3f, 0.0f, lid.beyond);
        // Not on the brow.
        upper *= smooth_step(-1e-3f, 3e-3f, signed_distance(eye.brow, place));
        const float lower = below * (1 - lid.upper_share) * smooth_step(5e-3f, 0.3e-3f, lid.lower) *
                            smooth_step(0.05f, 0.5f, lid.lower_along) * smooth_step(5e-3f, 0.0f, lid.beyond);
        const float outer = corner * smooth_step(0.55f, 1.0f, lid.upper_along);
        // What a portrait hides of the lid has no shade that is known: little of it is kept.
        float shade = skin_shade(canvas, place, 0.4f) * (1 - 0.5f * outer);
        // Metal glints, most on the roll of the lid.
        const float glint = smooth_noise(5, place.position / 0.5e-3f), roll = smooth_step(9e-3f, 4e-3f, lid.upper);
        shade *= 1 + shimmer * (0.25f * roll + 0.5f * smooth_step(0.62f, 0.9f, glint));
        return MakeUpTexel{(shade * color).cwiseMin(1.0f), 0.85f * amount * std::max(upper, 0.8f * lower)};
    });
}

namespace {

// The stroke that goes on from a lined lid towards the temple, at rest: two lines that meet at its end, from the outer
// corner and from the lid before it.
class LinerWing {
  public:
    LinerWing(const MakeUpCanvas& canvas, const EyeCurves& eye, float length) {
        const PaintSurface& surface = canvas.regions.surface();
        const auto position = [&](const Eigen::Vector2f& atlas) { return surface.position(surface.at(atlas)); };
        corner_ = position(eye.upper.points.back());
        lid_ = position(point_at(eye.upper_lashes, 0.84f));
        // Onwards between the way of the lower lid and the end of the brow.
        const Eigen::Vector3f onwards = (corner_ - position(point_at(eye.lower, 0.75f))).normalized(),
                              brow = (position(eye.brow_top.points.back()) - corner_).normalized();
        normal_ = onwards.cross(brow).normalized();
        end_ = corner_ + length * (onwards + 0.9f * brow).normalized();
    }

    // How much of a place it covers; `full`: the line's thickness where it begins.
    float at(const Eigen::Vector3f& position, float full, float edge) const {
        if (std::abs(normal_.dot(position - corner_)) > 6e-3f) return 0;
        const auto line = [&](const Eigen::Vector3f& from, float radius) {
            const auto flat = [&](const Eigen::Vector3f& v) { return Eigen::Vector3f(v - normal_.dot(v) * normal_); };
            const Eigen::Vector3f way = flat(end_ - from), off = flat(position - from);
            const float t = std::clamp(off.dot(way) / std::max(way.squaredNorm(), 1e-12f), 0.0f, 1.0f);
            const float here = radius * (1 - t) + 0.1e-3f;
            return smooth_step(here + 0.5f * edge, here - 0.5f * edge, (off - t * way).norm());
        };
        return std::max(line(corner_, 0.6f * full), line(lid_, full));
    }

  private:
    Eigen::Vector3f corner_, lid_, end_, normal_;
};

}  // namespace

PaintTexels paint_eyeliner(const MakeUpCanvas& canvas) {
    const FaceCurves& curves = canvas.curves();
    const float amount = canvas.amount("amount"), thickness = canvas.millimetres("thickness"),
                wing = canvas.millimetres("wing"), below = canvas.amount("below"),
                smudge = canvas.millimetres("smudge");
    const Eigen::Vector3f color = canvas.lit_color();
    const float edge = 0.25e-3f + smudge;
    const std::array<LinerWing, 2> wings = {LinerWing(canvas, curves.eyes[0], wing),
                                            LinerWing(canvas, curves.eyes[1], wing)};
    const std::vector<const AtlasCurve*> near = {&curves.eyes[0].upper, &curves.eyes[0].lower, &curves.eyes[1].upper,
                                                 &curves.eyes[1].lower};
    // The skin beside the corner is folded: a way over it is longer than one sees.
    const float reach = wing + thickness + edge + 1e-3f, on_skin = reach + 6e-3f * curves.scale();
    return canvas.shaded(curves.near(near, on_skin), 0.15e-3f, [&](const FacePlace& place) {
        const std::size_t side = curves.nearer_eye(place.atlas);
        const EyeCurves& eye = curves.eyes[side];
        if (is_far_from(eye.opening, place, on_skin)) return MakeUpTexel{};
        const std::optional<LidPlace> found = lid_place(curves, eye, place, reach, reach);
        if (!found) return MakeUpTexel{};
        const LidPlace& lid = *found;
        const bool opening = is_inside(eye.opening, place.atlas);
        // Thin at the nose, full over the outer third.
        const float full = thickness * (0.2f + 0.8f * smooth_step(0.0f, 0.7f, lid.upper_along));
        float upper = smooth_step(full + 0.5f * edge, full - 0.5f * edge, opening ? 0.0f : lid.upper);
        upper *= lid.upper_share;
        upper *= smooth_step(0.0f, 0.12f, lid.upper_along);
        const float thin = 0.45f * thickness;
        float lower = opening ? 0.0f : smooth_step(thin + 0.5f * edge, thin - 0.5f * edge, lid.lower);
        // Not on the lid's edge, which is wet.
        lower *= smooth_step(-0.9e-3f, -0.4e-3f, lid.lower) * below * (1 - lid.upper_share) *
                 smooth_step(0.25f, 0.6f, lid.lower_along);
        const float winged = wing > 0.1e-3f && !opening ? wings[side].at(place.position, full, edge) : 0.0f;
        const float alpha = std::max({upper, lower, winged});
        return MakeUpTexel{color, 0.97f * amount * alpha};
    });
}

PaintTexels paint_iris(const MakeUpCanvas& canvas) {
    const float amount = canvas.amount("amount"), fibers = canvas.amount("fibers"), ring = canvas.amount("ring"),
                centre = canvas.amount("centre");
    const std::uint32_t seed = std::uint32_t(std::lround(canvas.amount("seed")));
    const Eigen::Vector3f color = canvas.lit_color();
    const Eigen::Vector3f amber(0.62f, 0.42f, 0.16f);
    constexpr float pupil = FaceRegions::pupil_radius;
    return canvas.shaded(canvas.regions.triangles(FaceRegion::iris), 0.1e-3f, [&](const FacePlace& place) {
        const FaceRegions::IrisPlace iris = canvas.regions.iris(place);
        if (iris.radius > 1.1f || iris.radius < pupil - 0.1f) return MakeUpTexel{};
        // The two eyes are much alike, not the same.
        const std::uint32_t of = seed * 2 + std::uint32_t(iris.side);
        const float x = std::cos(iris.angle), y = std::sin(iris.angle), r = (iris.radius - pupil) / (1 - pupil);
        // Noise that is fine about the middle and long along the radius is fibers.
        const float coarse = smooth_noise(of, {9 * x, 9 * y, 1.2f * r}),
                    fine = smooth_noise(of + 77, {26 * x, 26 * y, 1.6f * r}),
                    crypts = smooth_noise(of + 191, {4 * x, 4 * y, 3.5f * r});
        float light = 0.85f + fibers * (0.6f * (fine - 0.5f) + 0.55f * (coarse - 0.5f));
        light *= 1 - fibers * 0.5f * smooth_step(0.62f, 0.85f, crypts) * smooth_step(0.1f, 0.4f, r);
        // The collarette: a paler wreath at a third of the way.
        const float wreath = 0.34f + 0.07f * (coarse - 0.5f);
        light *= 1 + 0.3f * fibers * std::exp(-std::pow((r - wreath) / 0.1f, 2.0f));
        light *= 1 - 0.75f * ring * smooth_step(0.68f, 1.02f, r);
        light *= 0.55f + 0.45f * smooth_step(0.0f, 0.16f, r);  // the pupil's border is dark
        Eigen::Vector3f mixed = color + centre * smooth_step(0.55f, 0.05f, r + 0.25f * (coarse - 0.5f)) *
                                            (amber.cwiseProduct(canvas.tones.light) - color);
        // Shaded by the upper lid.
        mixed *= light * (1 - 0.35f * smooth_step(0.1f, 1.0f, iris.radius * y));
        // Where the photograph has a light in the eye, it stays.
        const float own = luma(canvas.own.at(place.atlas)), around = luma(canvas.own.at(place.atlas, 4));
        const float catchlight = smooth_step(0.18f, 0.38f, own - around);
        const float alpha =
            smooth_step(1.03f, 0.87f, iris.radius) * smooth_step(pupil - 0.05f, pupil + 0.05f, iris.radius);
        return MakeUpTexel{mixed.cwiseMax(0.0f).cwiseMin(1.0f), 0.95f * amount * alpha * (1 - catchlight)};
    });
}

PaintTexels paint_under_eye(const MakeUpCanvas& canvas) {
    const FaceCurves& curves = canvas.curves();
    const float amount = canvas.amount("amount"), lift = canvas.amount("lift");
    return canvas.shaded(canvas.regions.triangles(FaceRegion::under_eye), 0.4e-3f, [&](const FacePlace& place) {
        const float mask = canvas.regions.at(FaceRegion::under_eye, place);
        if (mask <= 0) return MakeUpTexel{};
        const EyeCurves& eye = curves.eyes[curves.nearer_eye(place.atlas)];
        // The skin of the cheek below: what the eye's surroundings would be without shadows.
        const CurveDistance from = distance_to(eye.lower, place);
        Eigen::Vector2f down = place.atlas - point_at(eye.lower, from.along);
        down *= 28e-3f * curves.scale() / std::max(from.metres, 2e-3f);
        const Eigen::Vector3f cheek = canvas.own.at(point_at(eye.lower, from.along) + down, 4.5f);
        const Eigen::Vector3f own = canvas.own.at(place.atlas), around = canvas.own.at(place.atlas, 3);
        Eigen::Vector3f wanted;
        if (lift >= 0)
            wanted = around + lift * ((1.03f * cheek).cwiseMin(1.0f) - around).cwiseMax(-0.03f);
        else
            wanted = around.cwiseProduct(Eigen::Vector3f::Ones() + lift * Eigen::Vector3f(0.18f, 0.215f, 0.165f));
        // Pores and lines stay, half of the deeper ones.
        const Eigen::Vector3f fine = own - around;
        const Eigen::Vector3f color = (wanted + (lift >= 0 ? 0.7f : 1.0f) * fine).cwiseMax(0.0f).cwiseMin(1.0f);
        return MakeUpTexel{color, amount * mask};
    });
}

}  // namespace likeness

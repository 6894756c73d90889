// Mascara, brows and stubble: what is made of hairs.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/editing/make_up_canvas.h"

namespace likeness {
namespace {

// Where on the strips of the lashes each vertex lies.
struct LashPlaces {
    std::vector<float> along, out;  // of the head's vertices: from the inner corner, 0 at the lid to 1 at the tips
    std::vector<bool> upper;        // of the head's triangles
    std::vector<int> triangles;
};

LashPlaces lash_places(const MakeUpCanvas& canvas) {
    const PaintSurface& surface = canvas.regions.surface();
    const Avatar& avatar = surface.avatar();
    const HeadModel& model = *avatar.model;
    LashPlaces lashes;
    lashes.along.assign(std::size_t(model.vertex_count()), 0.0f);
    lashes.out.assign(std::size_t(model.vertex_count()), 0.0f);
    lashes.upper.assign(model.triangles.size(), false);
    // The lids' lines at rest.
    struct Line {
        std::vector<Eigen::Vector3f> points;
        float nearest = std::numeric_limits<float>::max(), farthest = 0;
    };
    std::array<Line, 4> lines;
    for (std::size_t i = 0; i < 4; ++i) {
        const EyeCurves& eye = canvas.curves().eyes[i / 2];
        for (const Eigen::Vector2f& p : (i % 2 == 0 ? eye.upper : eye.lower).points)
            lines[i].points.push_back(surface.position(surface.at(p)));
    }
    const auto nearest = [](const Line& line, const Eigen::Vector3f& to) {
        std::pair<float, float> best{std::numeric_limits<float>::max(), 0.0f};
        for (std::size_t k = 0; k < line.points.size(); ++k)
            best = std::min(best, {(line.points[k] - to).norm(), float(k) / float(line.points.size() - 1)});
        return best;
    };
    // Strips as wholes are upper or lower: the pieces of the atlas that they are.
    std::map<int, std::array<double, 4>> far_from;
    for (std::size_t t = 0; t < model.triangles.size(); ++t) {
        if (model.triangle_region[t] != HeadRegion::lashes) continue;
        lashes.triangles.push_back(int(t));
        const Eigen::Vector3f middle = surface.position({int(t), Eigen::Vector3f::Constant(1.0f / 3)});
        for (std::size_t i = 0; i < 4; ++i)
            far_from[canvas.curves().chart(int(t))][i] += nearest(lines[i], middle).first;
    }
    std::map<int, std::size_t> line_of;
    for (const auto& [chart, far] : far_from)
        line_of[chart] = std::size_t(std::min_element(far.begin(), far.end()) - far.begin());
    for (const int t : lashes.triangles) {
        const std::size_t i = line_of[canvas.curves().chart(t)];
        lashes.upper[std::size_t(t)] = i % 2 == 0;
        for (int k = 0; k < 3; ++k) {
            const std::size_t v = std::size_t(model.triangles[std::size_t(t)][k]);
            const auto [distance, along] = nearest(lines[i], avatar.neutral().col(Eigen::Index(v)));
            lashes.along[v] = along;
            lashes.out[v] = distance;
            lines[i].nearest = std::min(lines[i].nearest, distance);
            lines[i].farthest = std::max(lines[i].farthest, distance);
        }
    }
    std::vector<bool> done(lashes.out.size(), false);
    for (const int t : lashes.triangles) {
        const Line& line = lines[line_of[canvas.curves().chart(t)]];
        for (int k = 0; k < 3; ++k) {
            const std::size_t v = std::size_t(model.triangles[std::size_t(t)][k]);
            if (done[v]) continue;
            done[v] = true;
            lashes.out[v] = (lashes.out[v] - line.nearest) / std::max(line.farthest - line.nearest, 1e-6f);
        }
    }
    return lashes;
}

}  // namespace

PaintTexels paint_mascara(const MakeUpCanvas& canvas) {
    const FaceCurves& curves = canvas.curves();
    const Triangles& triangles = canvas.regions.surface().avatar().triangles();
    const float amount = canvas.amount("amount"), length = canvas.amount("length"), density = canvas.amount("density"),
                below = canvas.amount("below");
    const Eigen::Vector3f color = canvas.lit_color();
    const LashPlaces lashes = lash_places(canvas);
    PaintTexels texels = canvas.shaded(lashes.triangles, 0.1e-3f, [&](const FacePlace& place) {
        const bool upper = lashes.upper[std::size_t(place.triangle)];
        const SurfacePoint point{place.triangle, place.barycentric};
        const float along = surface_value(lashes.along, triangles, point),
                    out = surface_value(lashes.out, triangles, point);
        const float hairs = (upper ? 54.0f : 36.0f) * (0.6f + 0.8f * density);
        // Hairs lean a little each way and are of several lengths; longest over the outer half.
        const float at =
            along * hairs + 0.35f * (smooth_noise(3, {along * hairs * 0.5f, 2 * out, upper ? 0.0f : 5.0f}) - 0.5f);
        const float number = std::floor(at), own = hashed(17, std::uint32_t(int(number) + 4096), upper ? 1 : 2);
        const float ends = smooth_step(0.0f, 0.3f, along) * smooth_step(1.04f, 0.9f, along);
        const float tip = (upper ? 0.95f : 0.75f) * length * (0.65f + 0.35f * own) * (0.45f + 0.55f * ends);
        if (out > tip) return MakeUpTexel{};
        const float width = (0.19f + 0.1f * density) * (1 - 0.85f * out / tip);
        const float hair = smooth_step(width + 0.12f, width - 0.04f, std::abs(at - number - 0.5f));
        return MakeUpTexel{color, amount * hair * (1 - 0.5f * out / tip) * (upper ? 1.0f : below)};
    });
    // Their roots are dark, too.
    std::vector<SkinStroke> roots;
    for (const EyeCurves& eye : curves.eyes)
        for (const bool upper : {true, false}) {
            const AtlasCurve& line = upper ? eye.upper_lashes : eye.lower_lashes;
            const int steps = 60;
            Eigen::Vector2f before;
            for (int i = 0; i <= steps; ++i) {
                const Eigen::Vector2f root = point_at(line, 0.1f + 0.86f * float(i) / steps);
                if (i > 0)
                    roots.push_back({before, root, 0.2e-3f, 0.2e-3f, color,
                                     amount * (upper ? 0.5f : 0.3f * below) * (0.4f + 0.6f * density), 0.6e-3f});
                before = root;
            }
        }
    return canvas.stroked(roots, 0.15e-3f, std::move(texels));
}

PaintTexels paint_brows(const MakeUpCanvas& canvas) {
    const FaceCurves& curves = canvas.curves();
    const float amount = canvas.amount("amount"), powder = canvas.amount("powder"), hairs = canvas.amount("hairs"),
                thickness = canvas.amount("thickness");
    const Eigen::Vector3f color = canvas.lit_color();
    // 0 at the underside, 1 at the top; along from the nose. Thickness moves both from the middle.
    const auto grown = [&](float across) { return 0.5f + (across - 0.5f) / thickness; };
    PaintTexels texels = canvas.shaded(
        curves.near({&curves.eyes[0].brow, &curves.eyes[1].brow}, 5e-3f), 0.3e-3f, [&](const FacePlace& place) {
            const EyeCurves& eye = curves.eyes[curves.nearer_eye(place.atlas)];
            const CurveDistance top = distance_to(eye.brow_top, place), low = distance_to(eye.brow_underside, place);
            const float width = top.metres + low.metres;
            if (width > 22e-3f * curves.scale()) return MakeUpTexel{};
            // Outside of both lines one distance counts backwards.
            const bool inside = is_inside(eye.brow, place.atlas);
            float across = low.metres / std::max(width, 1e-5f);
            if (!inside)
                across = low.metres < top.metres ? -low.metres / std::max(top.metres - low.metres, 1e-4f)
                                                 : 1 + top.metres / std::max(low.metres - top.metres, 1e-4f);
            const float along = 0.5f * (top.along + low.along);
            const float g = 0.5f + (grown(across) - 0.5f) / (1 - 0.75f * smooth_step(0.65f, 1.0f, along));
            const float body = smooth_step(-0.12f, 0.2f, g) * smooth_step(1.15f, 0.75f, g);
            // Soft at the nose, and full before the tail ends.
            const float ends = smooth_step(0.0f, 0.3f, along) * smooth_step(1.02f, 0.9f, along);
            return MakeUpTexel{color, 0.7f * amount * powder * body * ends};
        });
    std::vector<SkinStroke> strokes;
    for (std::size_t side = 0; side < 2; ++side) {
        const EyeCurves& eye = curves.eyes[side];
        const int count = int(170 * hairs);
        for (int i = 0; i < count; ++i) {
            // The same hairs on both sides.
            const auto draw = [&](std::uint32_t what) { return hashed(41, std::uint32_t(i), what); };
            const float along = (float(i) + draw(1)) / float(std::max(count, 1)), rise = 1 - along;
            // Their rows come together at the tail.
            const float tail = 1 - 0.75f * smooth_step(0.65f, 1.0f, along);
            const float across = std::clamp(0.5f + tail * thickness * (draw(2) - 0.5f), -0.2f, 1.2f);
            const auto at = [&](float s, float t) {
                return Eigen::Vector2f((1 - t) * point_at(eye.brow_underside, s) + t * point_at(eye.brow_top, s));
            };
            // Up at the nose, along the brow further out, down to it from the top of the tail.
            const float step = 0.10f + 0.05f * draw(3), climb = 0.35f * rise * rise + 0.15f * (0.5f - across);
            const Eigen::Vector2f root = at(along, across),
                                  tip = at(std::min(along + step * (0.35f + 0.65f * along), 1.0f),
                                           std::min(across + climb, 1.1f));
            const float ends = smooth_step(-0.02f, 0.12f, along);
            strokes.push_back(
                {root, tip, 0.12e-3f, 0.05e-3f, color, amount * (0.5f + 0.5f * draw(4)) * ends, 0.15e-3f});
        }
    }
    return canvas.stroked(strokes, 0.15e-3f, std::move(texels));
}

PaintTexels paint_stubble(const MakeUpCanvas& canvas) {
    const FaceCurves& curves = canvas.curves();
    const PaintSurface& surface = canvas.regions.surface();
    const Avatar& avatar = surface.avatar();
    const float amount = canvas.amount("amount"), shade = canvas.amount("shade"), density = canvas.amount("density"),
                length = canvas.millimetres("length");
    const std::uint32_t seed = std::uint32_t(std::lround(canvas.amount("seed")));
    const std::vector<int> triangles = canvas.regions.triangles(FaceRegion::beard);
    const Eigen::Vector3f color = canvas.color();
    // The roots show through the skin: dark, somewhat blue.
    const Eigen::Vector3f through = 0.35f * color + 0.65f * Eigen::Vector3f(0.56f, 0.58f, 0.62f);
    PaintTexels texels = canvas.shaded(triangles, 0.6e-3f, [&](const FacePlace& place) {
        const float mask = canvas.regions.at(FaceRegion::beard, place);
        const float patch = 0.7f + 0.6f * (smooth_noise(23, place.position / 8e-3f) - 0.5f);
        return MakeUpTexel{through, 0.6f * amount * shade * mask * patch};
    });
    std::vector<SkinStroke> hairs;
    constexpr float most_per_square_metre = 9e5f;  // 90 a square centimetre
    for (const int t : triangles) {
        const float expected = 0.5f * avatar.neutral_double_area()[std::size_t(t)] * most_per_square_metre * density;
        const SurfacePoint middle{t, Eigen::Vector3f::Constant(1.0f / 3)};
        const float rough = std::sqrt(avatar.neutral_double_area()[std::size_t(t)]);
        if (canvas.regions.at(FaceRegion::beard, middle) <= 0 && rough < 5e-3f) continue;
        const std::uint32_t id = std::uint32_t(t) * 512u;
        const int count = std::min(500, int(expected + hashed(seed, id, 1)));
        for (int k = 0; k < count; ++k) {
            const auto draw = [&](std::uint32_t what) { return hashed(seed, id + std::uint32_t(k), what); };
            const float r = std::sqrt(draw(2)), s = draw(3);
            const FacePlace place = curves.place(SurfacePoint{t, {1 - r, r * (1 - s), r * s}});
            const float mask = canvas.regions.at(FaceRegion::beard, place);
            if (draw(4) > mask) continue;
            // Downwards and away from the middle.
            const Eigen::Vector2f down(0.35f * (place.position.x() > 0 ? 1.0f : -1.0f) + 0.5f * (draw(5) - 0.5f), 1.0f);
            const float by = length * (0.5f + draw(6)) / std::sqrt(std::max(metric_square(place.metric, down), 1e-12f));
            // Some are paler than others.
            hairs.push_back({place.atlas, place.atlas + by * down, 0.09e-3f, 0.05e-3f,
                             ((0.8f + 0.7f * draw(8)) * color).cwiseMin(1.0f),
                             amount * mask * (0.35f + 0.45f * draw(7)), 0.18e-3f});
        }
    }
    return canvas.stroked(hairs, 0.3e-3f, std::move(texels));
}

}  // namespace likeness

// Blush, contour, freckles and tan.
#include <algorithm>
#include <cmath>
#include <optional>

#include "core/editing/make_up_canvas.h"

namespace likeness {
namespace {

// A soft mark along landmarks: full on the line, nothing `reach` metres away.
struct SoftLine {
    AtlasCurve curve;
    float reach, weight;
    float fading = 0;  // how much less it is at the line's end
};

float covered(const std::vector<SoftLine>& lines, const FacePlace& place) {
    float most = 0;
    for (const SoftLine& line : lines) {
        if (is_far_from(line.curve, place, line.reach)) continue;
        const CurveDistance from = distance_to(line.curve, place);
        const float t = from.metres / line.reach;
        if (t < 1) most = std::max(most, line.weight * (1 - line.fading * from.along) * (1 - t * t) * (1 - t * t));
    }
    return most;
}

std::vector<int> near_lines(const FaceCurves& curves, const std::vector<SoftLine>& lines) {
    std::vector<int> all;
    for (const SoftLine& line : lines) {
        const std::vector<int> triangles = curves.near({&line.curve}, line.reach);
        all.insert(all.end(), triangles.begin(), triangles.end());
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

using Indices = std::vector<int>;

}  // namespace

PaintTexels paint_blush(const MakeUpCanvas& canvas) {
    const FaceCurves& curves = canvas.curves();
    const float amount = canvas.amount("amount"), size = 25e-3f * curves.scale() * canvas.amount("size"),
                lift = canvas.amount("lift"), nose = canvas.amount("nose");
    // From the apple of the cheek along its bone, higher or lower.
    std::vector<SoftLine> lines;
    const auto cheek = [&](const Indices& low, const Indices& high) {
        std::vector<Eigen::Vector2f> points;
        for (std::size_t i = 0; i < low.size(); ++i)
            points.push_back((1 - lift) * curves.landmark(low[i]) + lift * curves.landmark(high[i]));
        lines.push_back({smooth_curve(points, false, 3), size, 1, 0.5f});
    };
    cheek({205, 187, 147}, {101, 117, 116});
    cheek({425, 411, 376}, {330, 346, 345});
    if (nose > 0)
        lines.push_back({curves.through(Indices{50, 36, 198, 5, 420, 266, 280}, false, 3), 0.6f * size, nose});
    // As blood under the skin: it takes away what is not of its hue, so that dark skin deepens and never turns chalky.
    const Eigen::Vector3f chosen = canvas.color(), hue = chosen / std::max(chosen.maxCoeff(), 0.05f);
    const Eigen::Vector3f color = Eigen::Vector3f::Constant(0.94f) - 0.55f * (Eigen::Vector3f::Ones() - hue);
    // The darker the skin, the more it takes to be seen.
    const float strength = 0.5f + 0.18f * smooth_step(0.55f, 0.2f, luma(canvas.tones.skin));
    const std::vector<int> triangles = near_lines(curves, lines);
    return canvas.shaded(triangles, 0.6e-3f, [&](const FacePlace& place) {
        const float eye =
            is_inside(curves.eyes[0].opening, place.atlas) || is_inside(curves.eyes[1].opening, place.atlas);
        return MakeUpTexel{color, strength * amount * covered(lines, place) * (1 - eye)};
    });
}

PaintTexels paint_contour(const MakeUpCanvas& canvas) {
    const FaceCurves& curves = canvas.curves();
    const float amount = canvas.amount("amount"), light = canvas.amount("highlight"), mm = 1e-3f * curves.scale();
    const float cheeks = canvas.amount("cheeks"), jaw = canvas.amount("jaw"), nose = canvas.amount("nose"),
                forehead = canvas.amount("forehead");
    std::vector<SoftLine> dark = {{curves.through(Indices{93, 137, 147, 187}, false, 3), 15 * mm, cheeks, 0.65f},
                                  {curves.through(Indices{323, 366, 376, 411}, false, 3), 15 * mm, cheeks, 0.65f},
                                  {curves.through(Indices{58, 172, 136, 150, 149}, false, 3), 11 * mm, 0.9f * jaw},
                                  {curves.through(Indices{288, 397, 365, 379, 378}, false, 3), 11 * mm, 0.9f * jaw},
                                  {curves.through(Indices{193, 188, 174, 198}, false, 3), 4.5f * mm, 0.75f * nose},
                                  {curves.through(Indices{417, 412, 399, 420}, false, 3), 4.5f * mm, 0.75f * nose},
                                  {curves.through(Indices{21, 54, 103, 67}, false, 3), 16 * mm, 0.8f * forehead},
                                  {curves.through(Indices{251, 284, 332, 297}, false, 3), 16 * mm, 0.8f * forehead}};
    std::vector<SoftLine> bright = {{curves.through(Indices{101, 117, 116, 227}, false, 3), 11 * mm, 0.8f, 0.3f},
                                    {curves.through(Indices{330, 346, 345, 447}, false, 3), 11 * mm, 0.8f, 0.3f},
                                    {curves.through(Indices{168, 197, 195, 5}, false, 3), 5 * mm, 0.8f},
                                    {curves.through(Indices{151, 9}, false, 3), 12 * mm, 0.5f},
                                    {curves.through(Indices{39, 0, 269}, false, 3), 3.5f * mm, 0.5f},
                                    {curves.through(Indices{200, 199}, false, 3), 9 * mm, 0.4f}};
    std::erase_if(dark, [](const SoftLine& line) { return line.weight <= 0; });
    for (SoftLine& line : bright) line.weight *= light;
    std::vector<SoftLine> all = dark;
    if (light > 0) all.insert(all.end(), bright.begin(), bright.end());
    const Eigen::Vector3f color = canvas.color();
    // Soft light: what is darker than half grey shades, what is lighter lights. Dark skin has less room downwards.
    const Eigen::Vector3f glow(1.0f, 0.96f, 0.88f);
    return canvas.shaded(near_lines(curves, all), 0.6e-3f, [&](const FacePlace& place) {
        const float down = covered(dark, place), up = light > 0 ? covered(bright, place) : 0.0f;
        const float lips = canvas.regions.beside_lips(place, 0, 1e-3f);
        const bool darker = down >= up;
        return MakeUpTexel{darker ? color : glow, amount * lips * (darker ? 0.65f * (down - up) : 0.6f * (up - down))};
    });
}

PaintTexels paint_freckles(const MakeUpCanvas& canvas) {
    const FaceCurves& curves = canvas.curves();
    const PaintSurface& surface = canvas.regions.surface();
    const Avatar& avatar = surface.avatar();
    const float amount = canvas.amount("amount"), density = canvas.amount("density"), size = canvas.millimetres("size"),
                spread = canvas.amount("spread");
    const std::uint32_t seed = std::uint32_t(std::lround(canvas.amount("seed")));
    // Where the sun falls: over nose and cheeks, more or less beyond.
    const float reach = (24e-3f + 60e-3f * spread) * curves.scale();
    const AtlasCurve sunny = curves.through(Indices{123, 50, 142, 195, 371, 280, 352}, false, 3);
    const std::vector<SoftLine> sun = {{sunny, reach, 1, 0}};
    constexpr float most_per_square_metre = 9e4f;  // 9 a square centimetre
    std::vector<SkinStroke> strokes;
    for (const int t : curves.near({&sunny}, reach)) {
        const float area = 0.5f * avatar.neutral_double_area()[std::size_t(t)];
        const float expected = area * most_per_square_metre;
        const std::uint32_t id = std::uint32_t(t) * 64u;
        const int count = std::min(60, int(expected + hashed(seed, id, 1)));
        for (int k = 0; k < count; ++k) {
            const auto draw = [&](std::uint32_t what) { return hashed(seed, id + std::uint32_t(k), what); };
            const float r = std::sqrt(draw(2)), s = draw(3);
            const SurfacePoint point{t, {1 - r, r * (1 - s), r * s}};
            const FacePlace place = curves.place(point);
            // They come in clusters.
            const float cluster = smooth_noise(seed + 9, place.position / 9e-3f);
            const float chance = density * covered(sun, place) * (0.35f + 1.3f * smooth_step(0.3f, 0.75f, cluster));
            if (draw(4) > chance) continue;
            if (is_inside(curves.eyes[0].opening, place.atlas) || is_inside(curves.eyes[1].opening, place.atlas) ||
                signed_distance(curves.lips, place) < 1e-3f)
                continue;
            // Many small and pale, few large and dark.
            const float big = std::pow(draw(5), 3.0f), radius = 0.5f * size * (0.4f + 0.9f * big);
            const float angle = 6.2831853f * draw(6), stretch = 0.35f * radius * draw(7);
            const float u = std::cos(angle) * stretch / std::sqrt(std::max(place.metric[0], 1e-6f)),
                        v = std::sin(angle) * stretch / std::sqrt(std::max(place.metric[2], 1e-6f));
            const float strength = (0.25f + 0.55f * draw(8)) * (0.75f + 0.25f * big);
            strokes.push_back({place.atlas - Eigen::Vector2f(u, v), place.atlas + Eigen::Vector2f(u, v), radius,
                               radius * (0.6f + 0.4f * draw(9)), canvas.color(), amount * strength,
                               1.2f * radius + 0.2e-3f});
        }
    }
    return canvas.stroked(strokes, 0.3e-3f);
}

PaintTexels paint_tan(const MakeUpCanvas& canvas) {
    const FaceCurves& curves = canvas.curves();
    const float amount = canvas.amount("amount"), kissed = canvas.amount("sun_kissed"), body = canvas.amount("body");
    // Where the sun falls first.
    std::vector<SoftLine> sun;
    if (kissed > 0) {
        const float mm = 1e-3f * curves.scale();
        sun = {{curves.through(Indices{116, 50, 142, 195, 371, 280, 345}, false, 3), 30 * mm, 1},
               {curves.through(Indices{103, 109, 10, 338, 332}, false, 3), 40 * mm, 0.8f},
               {curves.through(Indices{200, 199}, false, 3), 18 * mm, 0.5f}};
    }
    // A bald head is seen on the hair's shell: bare where it looks like this person's skin all around.
    const Avatar& avatar = canvas.regions.surface().avatar();
    std::vector<int> triangles = canvas.regions.triangles(FaceRegion::skin);
    const std::size_t on_head = triangles.size();
    for (int t = 0; t < int(avatar.triangles().size()); ++t)
        if (canvas.regions.surface().is_hair(t)) triangles.push_back(t);
    std::optional<OwnColors> shell;
    if (triangles.size() > on_head) shell.emplace(avatar, 1);
    const Eigen::Vector3f skin = canvas.tones.skin;
    const auto bare = [&](const FacePlace& place) {
        const Eigen::Vector3f around = shell->at(place.atlas, 4);
        return smooth_step(0.16f, 0.08f, chroma_distance(around, skin)) *
               smooth_step(0.55f, 0.75f, luma(around) / std::max(luma(skin), 0.05f));
    };
    return canvas.shaded(triangles, 2e-3f, [&](const FacePlace& place) {
        const HeadRegion region = canvas.regions.surface().region(place.triangle);
        const bool on_face = curves.chart(place.triangle) == curves.face_chart(),
                   on_shell = canvas.regions.surface().is_hair(place.triangle);
        float mask = on_shell ? bare(place) : canvas.regions.at(FaceRegion::skin, place);
        // Lips take on half of it.
        if (on_face) mask = std::max(mask, 0.5f * canvas.regions.at(FaceRegion::lips, place));
        if (mask <= 0) return MakeUpTexel{};
        mask *= 1 - (1 - body) * canvas.regions.at(FaceRegion::neck, place);
        if (region == HeadRegion::torso) mask *= body;
        // Collars reach up a neck.
        if (region == HeadRegion::torso || region == HeadRegion::neck)
            mask *= skin_likeness(canvas.own.at(place.atlas, 1), skin);
        const float there = on_face ? covered(sun, place) : 0.0f;
        return MakeUpTexel{canvas.color(), 0.85f * amount * mask * (1 - kissed + kissed * (0.15f + 0.85f * there))};
    });
}

}  // namespace likeness

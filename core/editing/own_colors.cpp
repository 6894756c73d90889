#include "core/editing/own_colors.h"

#include <algorithm>
#include <cmath>

namespace likeness {
namespace {

// What is taken where a person shows none of it.
const Eigen::Vector3f usual_skin(0.72f, 0.54f, 0.45f), usual_lips(0.62f, 0.36f, 0.33f),
    usual_teeth(0.72f, 0.68f, 0.60f), usual_hair(0.18f, 0.13f, 0.10f);
// The white of an eye in plain daylight, as photographs have it: never paper's.
const Eigen::Vector3f usual_white(0.68f, 0.64f, 0.62f);

Eigen::Vector3f albedo_of(const AnchoredSplats& splats, std::size_t i) {
    return {splats.albedo[3 * i], splats.albedo[3 * i + 1], splats.albedo[3 * i + 2]};
}

}  // namespace

Eigen::Vector3f middle_color(std::vector<Eigen::Vector3f> colors, float share, const Eigen::Vector3f& none) {
    if (colors.size() < 8) return none;
    const auto at = colors.begin() + std::ptrdiff_t(share * float(colors.size() - 1));
    Eigen::Vector3f middle;
    for (int c = 0; c < 3; ++c) {
        std::nth_element(colors.begin(), at, colors.end(),
                         [c](const Eigen::Vector3f& a, const Eigen::Vector3f& b) { return a[c] < b[c]; });
        middle[c] = (*at)[c];
    }
    return middle;
}

OwnColors::OwnColors(const Avatar& avatar, int square) : square_(square) {
    const AnchoredSplats& splats = *avatar.splats;
    std::array<std::vector<float>, most_spread + 1> weights;
    for (int l = 0; l <= most_spread; ++l) {
        const std::size_t texels = std::size_t(side >> l) * std::size_t(side >> l);
        levels_[std::size_t(l)].assign(texels, Eigen::Vector3f::Zero());
        weights[std::size_t(l)].assign(texels, 0.0f);
    }
    const std::size_t count = std::min(splats.count, splats.painted_from);
    for (std::size_t i = 0; i < count; ++i) {
        const Eigen::Vector2f at = splats.atlas[i] - Eigen::Vector2f(float(square), 0);
        if (at.x() < 0 || at.x() >= 1 || splats.part[i] == SplatPart::accessory) continue;
        if (square == 0 && splats.part[i] == SplatPart::hair) continue;
        const float opacity = 1.0f / (1.0f + std::exp(-splats.opacity_logit[i]));
        const float x = at.x() * side - 0.5f, y = at.y() * side - 0.5f;
        const int left = int(std::floor(x)), top = int(std::floor(y));
        for (int dy = 0; dy < 2; ++dy)
            for (int dx = 0; dx < 2; ++dx) {
                const int column = left + dx, row = top + dy;
                if (column < 0 || row < 0 || column >= side || row >= side) continue;
                const float weight = opacity * (1 - std::abs(x - float(column))) * (1 - std::abs(y - float(row)));
                const std::size_t texel = std::size_t(row) * side + std::size_t(column);
                levels_[0][texel] += weight * albedo_of(splats, i);
                weights[0][texel] += weight;
            }
    }
    // Up: each four into one. Down: what has too little is filled from above (pull-push, Gortler et al. 1996).
    for (int l = 1; l <= most_spread; ++l) {
        const int width = side >> l;
        for (int y = 0; y < width; ++y)
            for (int x = 0; x < width; ++x) {
                const std::size_t to = std::size_t(y) * std::size_t(width) + std::size_t(x);
                for (int k = 0; k < 4; ++k) {
                    const std::size_t from =
                        std::size_t(2 * y + k / 2) * std::size_t(2 * width) + std::size_t(2 * x + k % 2);
                    levels_[std::size_t(l)][to] += levels_[std::size_t(l - 1)][from];
                    weights[std::size_t(l)][to] += weights[std::size_t(l - 1)][from];
                }
            }
    }
    for (int l = most_spread; l >= 0; --l) {
        const int width = side >> l;
        // In this level's texels, of how much of a Gaussian is enough to know a color by.
        constexpr float enough = 0.5f;
        for (int y = 0; y < width; ++y)
            for (int x = 0; x < width; ++x) {
                const std::size_t i = std::size_t(y) * std::size_t(width) + std::size_t(x);
                if (weights[std::size_t(l)][i] >= enough) {
                    levels_[std::size_t(l)][i] /= weights[std::size_t(l)][i];
                    continue;
                }
                Eigen::Vector3f above = usual_skin;
                if (l < most_spread)
                    above = at({float(square) + (float(x) + 0.5f) / float(width), (float(y) + 0.5f) / float(width)},
                               float(l + 1));
                const float weight = weights[std::size_t(l)][i], missing = std::max(0.0f, enough - weight);
                levels_[std::size_t(l)][i] =
                    (levels_[std::size_t(l)][i] + missing * above) / std::max(weight + missing, 1e-6f);
            }
    }
}

Eigen::Vector3f OwnColors::at(const Eigen::Vector2f& atlas, float spread) const {
    const auto in_level = [&](int l) -> Eigen::Vector3f {
        const int width = side >> l;
        const float x = std::clamp((atlas.x() - float(square_)) * float(width) - 0.5f, 0.0f, float(width - 1)),
                    y = std::clamp(atlas.y() * float(width) - 0.5f, 0.0f, float(width - 1));
        const int left = int(x), top = int(y), right = std::min(left + 1, width - 1),
                  bottom = std::min(top + 1, width - 1);
        const float u = x - float(left), v = y - float(top);
        const auto texel = [&](int column, int row) -> const Eigen::Vector3f& {
            return levels_[std::size_t(l)][std::size_t(row) * std::size_t(width) + std::size_t(column)];
        };
        return (texel(left, top) * (1 - u) + texel(right, top) * u) * (1 - v) +
               (texel(left, bottom) * (1 - u) + texel(right, bottom) * u) * v;
    };
    const float l = std::clamp(spread, 0.0f, float(most_spread));
    const int below = int(l);
    const float share = l - float(below);
    if (share == 0) return in_level(below);
    return (1 - share) * in_level(below) + share * in_level(below + 1);
}

float chroma_distance(const Eigen::Vector3f& a, const Eigen::Vector3f& b) {
    const auto chroma = [](const Eigen::Vector3f& color) {
        const float light = std::max(luma(color), 0.02f);
        return Eigen::Vector2f(color.x() / light, color.z() / light);
    };
    return (chroma(a) - chroma(b)).norm();
}

float skin_likeness(const Eigen::Vector3f& color, const Eigen::Vector3f& skin) {
    return smooth_step(0.3f, 0.2f, chroma_distance(color, skin));
}

OwnTones own_tones(const FaceRegions& regions) {
    const Avatar& avatar = regions.surface().avatar();
    const AnchoredSplats& splats = *avatar.splats;
    const FaceCurves& curves = regions.curves();
    std::vector<Eigen::Vector3f> skin, lips, brows, teeth, white, hair;
    const std::size_t count = std::min(splats.count, splats.painted_from);
    for (std::size_t i = 0; i < count; ++i) {
        const SurfacePoint& anchor = splats.anchor[i];
        if (anchor.triangle < 0) continue;
        if (splats.part[i] == SplatPart::hair) {
            if (i % 8 == 0) hair.push_back(albedo_of(splats, i));
            continue;
        }
        const HeadRegion region = regions.surface().region(anchor.triangle);
        if (region == HeadRegion::teeth_upper) {
            teeth.push_back(albedo_of(splats, i));
        } else if (region == HeadRegion::lips) {
            lips.push_back(albedo_of(splats, i));
        } else if (is_eye(region)) {
            const float radius = regions.iris(curves.place(anchor)).radius;
            if (radius > 1.1f && radius < 1.9f) white.push_back(albedo_of(splats, i));
        } else if (region == HeadRegion::face) {
            const bool brow = curves.found() && (is_inside(curves.eyes[0].brow, splats.atlas[i]) ||
                                                 is_inside(curves.eyes[1].brow, splats.atlas[i]));
            (brow ? brows : skin).push_back(albedo_of(splats, i));
        }
    }
    OwnTones tones;
    tones.skin = middle_color(std::move(skin), 0.5f, usual_skin);
    // More than half: much of the lips is hidden where they meet, and dark.
    tones.lips = middle_color(std::move(lips), 0.7f, usual_lips);
    tones.teeth = middle_color(std::move(teeth), 0.6f, usual_teeth);
    tones.hair = middle_color(std::move(hair), 0.4f, usual_hair);
    tones.brows = middle_color(std::move(brows), 0.25f, tones.hair);
    const Eigen::Vector3f seen = middle_color(std::move(white), 0.8f, usual_white);
    tones.light = seen.cwiseQuotient(usual_white).cwiseMax(0.5f).cwiseMin(1.25f);
    return tones;
}

}  // namespace likeness

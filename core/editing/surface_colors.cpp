#include "core/editing/surface_colors.h"

#include <algorithm>
#include <cmath>

namespace likeness {
namespace {

constexpr float least_sigma = 0.5e-3f, most_sigma = 3e-3f;  // metres
constexpr std::size_t enough_gaussians = 20;                // for a color of a palette

// Numbers of things by where they belong, in compressed rows.
void group_by(std::size_t places, const std::vector<int>& place_of, std::vector<int>& first,
              std::vector<int>& members) {
    first.assign(places + 1, 0);
    for (const int p : place_of) ++first[std::size_t(p) + 1];
    for (std::size_t p = 0; p < places; ++p) first[p + 1] += first[p];
    members.resize(place_of.size());
    std::vector<int> next(first.begin(), first.end() - 1);
    for (std::size_t i = 0; i < place_of.size(); ++i) members[std::size_t(next[std::size_t(place_of[i])]++)] = int(i);
}

}  // namespace

SurfaceColors::SurfaceColors(std::shared_ptr<const PaintSurface> surface, const Avatar& avatar)
    : surface_(std::move(surface)), splats_(avatar.splats) {
    const AnchoredSplats& s = *splats_;
    const Triangles& triangles = surface_->avatar().triangles();
    std::vector<int> place(s.count);
    position_.resize(s.count);
    opacity_.resize(s.count);
    precision_.resize(s.count);
    for (std::size_t i = 0; i < s.count; ++i) {
        place[i] = s.anchor[i].triangle;
        position_[i] = surface_->position(s.anchor[i]);
        opacity_[i] = 1 / (1 + std::exp(-s.opacity_logit[i]));
        const float* const l = &s.log_scale[i * 3];
        // As broad as it is along the surface: the second of its axes.
        const float middle = l[0] + l[1] + l[2] - std::max({l[0], l[1], l[2]}) - std::min({l[0], l[1], l[2]});
        const float sigma = std::clamp(std::exp(middle), least_sigma, most_sigma);
        precision_[i] = 1 / (2 * sigma * sigma);
    }
    group_by(triangles.size(), place, first_, by_triangle_);
    std::vector<int> corners;
    corners.reserve(triangles.size() * 3);
    for (const Eigen::Vector3i& t : triangles) corners.insert(corners.end(), {t[0], t[1], t[2]});
    group_by(std::size_t(surface_->avatar().neutral().cols()), corners, vertex_first_, of_vertex_);
    for (int& corner : of_vertex_) corner /= 3;
}

std::optional<Eigen::Vector3f> SurfaceColors::known(const SurfacePoint& point) const {
    const AnchoredSplats& s = *splats_;
    const Eigen::Vector3f p = surface_->position(point);
    Eigen::Vector3f sum = Eigen::Vector3f::Zero();
    float weights = 0;
    const auto add = [&](int triangle) {
        for (int k = first_[std::size_t(triangle)]; k < first_[std::size_t(triangle) + 1]; ++k) {
            const auto i = std::size_t(by_triangle_[std::size_t(k)]);
            const float squared = (position_[i] - p).squaredNorm();
            // The second term decides where all are far away.
            const float weight = opacity_[i] * (std::exp(-squared * precision_[i]) + 1e-12f / (squared + 1e-8f));
            sum += weight * Eigen::Map<const Eigen::Vector3f>(&s.albedo[i * 3]);
            weights += weight;
        }
    };
    const Triangles& triangles = surface_->avatar().triangles();
    for (const int v : triangles[std::size_t(point.triangle)])
        for (int k = vertex_first_[std::size_t(v)]; k < vertex_first_[std::size_t(v) + 1]; ++k)
            add(of_vertex_[std::size_t(k)]);
    constexpr float wide = 0.01f;  // metres, where there are no Gaussians around
    if (weights <= 0)
        for (const int t : surface_->near(point, wide)) add(t);
    if (weights <= 0) return {};
    return Eigen::Vector3f((sum / weights).cwiseMax(0.0f).cwiseMin(1.0f));
}

std::vector<NamedColor> person_colors(const Avatar& avatar) {
    const AnchoredSplats& s = *avatar.splats;
    const auto head = int(avatar.model->triangles.size());
    std::vector<std::vector<std::array<float, 4>>> found(5);  // luma and color of skin, lips, eyes, hair, cloth
    for (std::size_t i = 0; i < s.count; ++i) {
        if (s.opacity_logit[i] < 0) continue;
        const int t = s.anchor[i].triangle;
        const HeadRegion region = t < head ? avatar.model->triangle_region[std::size_t(t)] : HeadRegion::other;
        const int of = s.part[i] == SplatPart::hair                                 ? 3
                       : s.part[i] == SplatPart::cloth                              ? 4
                       : s.part[i] == SplatPart::eyes                               ? 2
                       : s.part[i] == SplatPart::skin && region == HeadRegion::lips ? 1
                       : s.part[i] == SplatPart::skin && region == HeadRegion::face ? 0
                                                                                    : -1;
        if (of < 0) continue;
        const float* const c = &s.albedo[i * 3];
        found[std::size_t(of)].push_back({0.2126f * c[0] + 0.7152f * c[1] + 0.0722f * c[2], c[0], c[1], c[2]});
    }
    struct Wanted {
        const char* name;
        int of;
        float share;  // of the Gaussians that are darker
    };
    constexpr std::array<Wanted, 10> wanted = {{{"Skin in shade", 0, 0.15f},
                                                {"Skin, darker", 0, 0.35f},
                                                {"Skin", 0, 0.55f},
                                                {"Skin in light", 0, 0.85f},
                                                {"Lips", 1, 0.5f},
                                                {"Lips in light", 1, 0.8f},
                                                {"Irises", 2, 0.3f},
                                                {"Hair", 3, 0.4f},
                                                {"Hair in light", 3, 0.85f},
                                                {"Clothes", 4, 0.5f}}};
    std::vector<NamedColor> colors;
    for (auto& of : found) std::sort(of.begin(), of.end());
    for (const Wanted& want : wanted) {
        const auto& of = found[std::size_t(want.of)];
        if (of.size() < enough_gaussians) continue;
        // The mean of a twentieth around: single Gaussians may have any color.
        const std::size_t middle = std::size_t(want.share * float(of.size() - 1)), reach = of.size() / 40;
        const std::size_t begin = middle > reach ? middle - reach : 0, end = std::min(of.size(), middle + reach + 1);
        NamedColor color{want.name, {}};
        for (std::size_t i = begin; i < end; ++i)
            for (std::size_t c = 0; c < 3; ++c)
                color.color[c] += std::clamp(of[i][c + 1], 0.0f, 1.0f) / float(end - begin);
        colors.push_back(std::move(color));
    }
    return colors;
}

}  // namespace likeness

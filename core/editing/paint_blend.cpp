#include "core/editing/paint_blend.h"

#include <algorithm>
#include <cmath>

namespace likeness {
namespace {

float lightness(const Eigen::Vector3f& c) { return 0.3f * c[0] + 0.59f * c[1] + 0.11f * c[2]; }

// ClipColor and SetLum of chapter 10.
Eigen::Vector3f with_lightness(Eigen::Vector3f c, float wanted) {
    c.array() += wanted - lightness(c);
    const float low = c.minCoeff(), high = c.maxCoeff();
    if (low < 0 && wanted > low) c = (c.array() - wanted) * (wanted / (wanted - low)) + wanted;
    if (high > 1 && high > wanted) c = (c.array() - wanted) * ((1 - wanted) / (high - wanted)) + wanted;
    return c;
}

float hard_light(float beneath, float layer) {
    return layer <= 0.5f ? 2 * layer * beneath : 1 - 2 * (1 - layer) * (1 - beneath);
}

float soft_light(float beneath, float layer) {
    if (layer <= 0.5f) return beneath - (1 - 2 * layer) * beneath * (1 - beneath);
    const float d = beneath <= 0.25f ? ((16 * beneath - 12) * beneath + 4) * beneath : std::sqrt(beneath);
    return beneath + (2 * layer - 1) * (d - beneath);
}

}  // namespace

Eigen::Vector3f blended(PaintBlend mode, const Eigen::Vector3f& beneath, const Eigen::Vector3f& layer) {
    const auto each = [&](auto&& of) {
        return Eigen::Vector3f(of(beneath[0], layer[0]), of(beneath[1], layer[1]), of(beneath[2], layer[2]));
    };
    switch (mode) {
        case PaintBlend::normal:
            return layer;
        case PaintBlend::multiply:
            return beneath.cwiseProduct(layer);
        case PaintBlend::screen:
            return beneath + layer - beneath.cwiseProduct(layer);
        case PaintBlend::overlay:
            return each([](float b, float s) { return hard_light(s, b); });
        case PaintBlend::soft_light:
            return each(soft_light);
        case PaintBlend::color:
            return with_lightness(layer, lightness(beneath));
        case PaintBlend::luminosity:
            return with_lightness(beneath, lightness(layer));
    }
    return layer;
}

Eigen::Vector3f laid_over(PaintBlend mode, const Eigen::Vector3f& beneath, const Eigen::Vector4f& layer,
                          float opacity) {
    if (layer[3] <= 0 || opacity <= 0) return beneath;
    const Eigen::Vector3f color = (layer.head<3>() / layer[3]).cwiseMin(1.0f);
    const float alpha = std::min(layer[3] * opacity, 1.0f);
    return beneath + alpha * (blended(mode, beneath, color) - beneath);
}

}  // namespace likeness

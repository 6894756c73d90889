#include "core/formats/splat_values.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace likeness {
namespace {

constexpr float least_scale = 1e-9f, greatest_scale = 1e4f, least_opacity = 1e-7f;
// Fewer Gaussians have no distribution to speak of.
constexpr std::size_t least_distribution = 100;

// The value below which `share` of the finite ones lie; 0 without any. Takes every stride-th.
float quantile(const std::vector<float>& values, std::size_t first, std::size_t stride, double share) {
    std::vector<float> finite;
    for (std::size_t i = first; i < values.size(); i += stride)
        if (std::isfinite(values[i])) finite.push_back(values[i]);
    if (finite.empty()) return 0;
    const auto nth = finite.begin() + std::ptrdiff_t(share * double(finite.size() - 1));
    std::nth_element(finite.begin(), nth, finite.end());
    return *nth;
}

struct Stored {
    bool linear_scales = false, linear_opacities = false;
};

// How far count * size^2 is from the area of something of that extent, as a factor's logarithm: Gaussians cover what
// they show about once.
float implausible(std::size_t count, float size, float extent) {
    return std::abs(std::log(float(count) * (size / extent) * (size / extent)));
}

// Trained logits are spread over some ten units: all of them between 0 and 1 (an alpha of 0.5 to 0.73), and not all
// alike, are alphas. Scales that are all positive are sizes above 1, or the sizes themselves, whichever covers better.
Stored distribution_of(const SplatSet& splats) {
    Stored stored;
    if (splats.count < least_distribution) return stored;
    const auto within = [](float x, float low, float high) { return !std::isfinite(x) || (x >= low && x <= high); };
    constexpr float most = std::numeric_limits<float>::max();
    const bool alphas =
        std::ranges::all_of(splats.opacities, [&](float x) { return !std::isinf(x) && within(x, 0, 1); });
    const float spread = quantile(splats.opacities, 0, 1, 0.99) - quantile(splats.opacities, 0, 1, 0.01);
    stored.linear_opacities = alphas && spread > 0.01f;
    const auto positive = [&](float x) { return within(x, 0, most) && x != std::numeric_limits<float>::infinity(); };
    if (!std::ranges::all_of(splats.scales, positive)) return stored;
    float extent = 0;
    for (std::size_t c = 0; c < 3; ++c)
        extent = std::max(extent, quantile(splats.means, c, 3, 0.95) - quantile(splats.means, c, 3, 0.05));
    const float middle = quantile(splats.scales, 0, 1, 0.5);
    stored.linear_scales =
        implausible(splats.count, middle, extent) < implausible(splats.count, std::exp(middle), extent);
    stored.linear_opacities = stored.linear_opacities || (stored.linear_scales && alphas);
    return stored;
}

bool usable(const SplatSet& s, std::size_t i) {
    const auto finite = [i](const std::vector<float>& values, std::size_t width) {
        return std::all_of(&values[i * width], &values[i * width] + width, [](float x) { return std::isfinite(x); });
    };
    const auto size = [](float x) { return !std::isnan(x) && x < std::numeric_limits<float>::infinity(); };
    if (!finite(s.means, 3) || !finite(s.colors, 3) || !finite(s.rotations, 4) || std::isnan(s.opacities[i]) ||
        !std::all_of(&s.scales[3 * i], &s.scales[3 * i] + 3, size))
        return false;
    return !s.harmonics || finite(s.harmonics->values, s.harmonics->values.size() / s.count);
}

void normalize(float* q) {
    const double length =
        std::sqrt(double(q[0]) * q[0] + double(q[1]) * q[1] + double(q[2]) * q[2] + double(q[3]) * q[3]);
    if (length > 1e-30)
        for (int c = 0; c < 4; ++c) q[c] = float(q[c] / length);
    else
        std::copy_n(std::array<float, 4>{1, 0, 0, 0}.data(), 4, q);
}

}  // namespace

std::string left_out(std::size_t some, std::size_t all) {
    return std::to_string(some) + " of its " + std::to_string(all) +
           " Gaussians hold values that are no numbers and were left out.";
}

SplatSet splats_of_stored(SplatSet s, Notes& notes) {
    const Stored stored = distribution_of(s);
    const std::size_t all = s.count, width = s.harmonics ? s.harmonics->values.size() / all : 0;
    std::vector<float> values;
    if (s.harmonics) values = s.harmonics->values;
    std::size_t kept = 0;
    const auto move = [&kept](std::vector<float>& array, std::size_t from, std::size_t row) {
        if (from != kept) std::copy_n(&array[from * row], row, &array[kept * row]);
    };
    for (std::size_t i = 0; i < all; ++i) {
        if (!usable(s, i)) continue;
        move(s.means, i, 3);
        move(s.colors, i, 3);
        move(s.scales, i, 3);
        move(s.rotations, i, 4);
        move(s.opacities, i, 1);
        if (width > 0) move(values, i, width);
        for (std::size_t c = 3 * kept; c < 3 * kept + 3; ++c)
            s.scales[c] =
                std::clamp(stored.linear_scales ? s.scales[c] : std::exp(s.scales[c]), least_scale, greatest_scale);
        float& opacity = s.opacities[kept];
        if (!stored.linear_opacities) opacity = float(1.0 / (1.0 + std::exp(-double(opacity))));
        opacity = std::clamp(opacity, least_opacity, 1.0f - least_opacity);
        normalize(&s.rotations[4 * kept]);
        ++kept;
    }
    const int degree = s.harmonics ? s.harmonics->degree : 0;
    s.resize(kept);
    if (degree > 0 && std::ranges::any_of(values, [](float v) { return v != 0; })) {
        values.resize(kept * width);
        s.harmonics = std::make_shared<const Harmonics>(Harmonics{degree, std::move(values)});
    }
    if (kept < all) notes.push_back(left_out(all - kept, all));
    if (stored.linear_scales || stored.linear_opacities)
        notes.push_back(std::string("Its ") +
                        (!stored.linear_opacities ? "scales"
                         : stored.linear_scales   ? "scales and opacities"
                                                  : "opacities") +
                        " are stored as they are, not as logarithms, and were read so.");
    return s;
}

}  // namespace likeness

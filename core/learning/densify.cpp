#include "core/learning/densify.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>

#include "core/learning/densify_rule.h"

namespace likeness {
namespace {

// Who stays, in Morton order; those split stand there twice.
Ancestry choose(const AnchoredSplats& splats, const std::vector<float>& gradient, const SplatFrames& at_rest,
                const DensifyOptions& options) {
    struct Kept {
        std::uint64_t place;
        std::uint32_t splat;
    };
    std::vector<Kept> kept;
    float largest = 0;
    for (std::size_t i = 0; i < splats.count; ++i) {
        if (!(splats.opacity_logit[i] > densify_rule::lowest_logit)) continue;
        const float* const origin = &at_rest.values[i * frame_floats];
        kept.push_back({densify_rule::morton(origin[0], origin[1], origin[2]), std::uint32_t(i)});
        largest = std::max(largest, gradient[i]);
    }
    std::stable_sort(kept.begin(), kept.end(), [](const Kept& a, const Kept& b) { return a.place < b.place; });
    std::uint64_t total = 0;
    for (const Kept& k : kept) total += densify_rule::weight(gradient[k.splat], largest);
    const std::uint64_t wanted = densify_rule::splits_wanted(kept.size(), options.cap);
    const std::uint64_t start = total > 0 ? densify_rule::random_bits(options.seed, 0) % total : 0;
    Ancestry from;
    std::uint64_t sum = 0, marks = 0;
    for (const Kept& k : kept) {
        from.push_back(k.splat);
        if (total == 0) continue;
        sum += densify_rule::weight(gradient[k.splat], largest);
        const std::uint64_t below = densify_rule::marks_below(sum, total, wanted, start);
        if (below > marks) from.push_back(k.splat);
        marks = below;
    }
    return from;
}

}  // namespace

AnchoredSplats descendants(const AnchoredSplats& splats, const Ancestry& from) {
    AnchoredSplats next;
    next.resize(from.size());
    for (std::size_t to = 0; to < from.size(); ++to) {
        const std::size_t i = from[to];
        next.atlas[to] = splats.atlas[i];
        next.part[to] = splats.part[i];
        next.anchor[to] = splats.anchor[i];
        for (const GaussianAttribute& a : gaussian_attributes)
            std::copy_n(&(splats.*a.values)[a.width * i], a.width, &(next.*a.values)[a.width * to]);
    }
    return next;
}

Ancestry densify(AnchoredSplats& splats, const std::vector<float>& gradient, const SplatFrames& at_rest,
                 const DensifyOptions& options) {
    if (gradient.size() != splats.count || at_rest.values.size() != splats.count * frame_floats)
        throw std::invalid_argument("densify: arrays do not match");
    Ancestry from = choose(splats, gradient, at_rest, options);
    splats = descendants(splats, from);
    for (std::size_t i = 0; i + 1 < from.size(); ++i) {
        if (from[i] != from[i + 1]) continue;
        const float turn = densify_rule::uniform(densify_rule::random_bits(options.seed, from[i] + std::uint64_t(1)));
        const float angle = 2 * std::numbers::pi_v<float> * turn;
        const float* const scale = &splats.log_scale[3 * i];
        const float distance = densify_rule::half_distance * std::exp(0.5f * (scale[0] + scale[1]));
        for (const std::size_t half : {i, i + 1}) {
            const float side = half == i ? distance : -distance;
            splats.offset[3 * half] += side * std::cos(angle);
            splats.offset[3 * half + 1] += side * std::sin(angle);
            for (std::size_t k = 0; k < 2; ++k) splats.log_scale[3 * half + k] -= densify_rule::shrink;
        }
        ++i;
    }
    return from;
}

}  // namespace likeness

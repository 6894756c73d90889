// Posed Gaussians, ready to be rasterized: one contiguous float array an attribute.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace likeness {

// Coefficients of the spherical harmonics of degree 1 to `degree` (harmonics.h), which make a color depend on where it
// is seen from.
struct Harmonics {
    int degree = 1;             // 1 to 3
    std::vector<float> values;  // [count, (degree + 1)^2 - 1, 3]
};

struct SplatSet {
    std::size_t count = 0;
    std::vector<float> means;      // [count, 3] metres, world
    std::vector<float> scales;     // [count, 3] standard deviations in metres, > 0
    std::vector<float> rotations;  // [count, 4] quaternion w, x, y, z; any length > 0 (normalised when used)
    std::vector<float> colors;     // [count, 3] sRGB-encoded, blended in display space
    std::vector<float> opacities;  // [count] in (0, 1)
    int extra_channels = 0;        // further channels blended like color (atlas position, region, albedo, ...)
    std::vector<float> extra;      // [count, extra_channels]
    // Gaussians from this one on are filtered: their opacity is multiplied by the root of the determinants of the
    // projected covariance before and after its dilation (Yu et al. 2024, "Mip-Splatting", equation 10), so that one
    // finer than a pixel takes its share of it. Paint's are; learned ones were learned without. No gradients.
    std::size_t filtered_from = none_filtered;
    // Gaussians from this one on, all of them filtered, are drawn as if they were `lead` (blend_rule.h) nearer: paint
    // on a surface lies before that surface's own Gaussians, whichever have their middles nearer to the camera.
    std::size_t leading_from = none_filtered;
    static constexpr std::size_t none_filtered = ~std::size_t(0);
    // Only files bring them; copies share them. Null: the colors are the same from everywhere.
    std::shared_ptr<const Harmonics> harmonics;

    // Without harmonics, filter and lead from then on.
    void resize(std::size_t n, int extras = 0) {
        count = n;
        extra_channels = extras;
        means.resize(n * 3);
        scales.resize(n * 3);
        rotations.resize(n * 4);
        colors.resize(n * 3);
        opacities.resize(n);
        extra.resize(n * std::size_t(extras));
        harmonics.reset();
        filtered_from = leading_from = none_filtered;
    }
};

// Gradients of a scalar loss by each attribute of a SplatSet, same shapes.
struct SplatGradients {
    std::vector<float> means, scales, rotations, colors, opacities, extra;
};

}  // namespace likeness

// The learned attributes of a Gaussian on the surface, in one table: saving, loading, densifying, training and copying
// to a GPU go through it. A new attribute is a vector here, a row of the table, and the kernels that read it.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace likeness {

// One contiguous array an attribute, [count, width].
struct GaussianValues {
    std::vector<float> rotation;   // [count, 4] quaternion w, x, y, z in the local frame; any length > 0
    std::vector<float> offset;     // [count, 3] from the anchor, in the local frame
    std::vector<float> log_scale;  // [count, 3]
    std::vector<float> albedo;     // [count, 3] sRGB-encoded
    std::vector<float> opacity_logit;  // [count]
};

using GaussianArray = std::vector<float> GaussianValues::*;

// What the deformer makes of a value.
enum class Activation { none, exponential, quaternion, logistic };

struct GaussianAttribute {
    const char* name;   // in files, and of its parameter group; "opacity" is the logit
    std::size_t width;  // floats a Gaussian
    GaussianArray values;
    Activation activation;
    float rate;       // Adam's
    float prior;      // weight of the mean squared distance from the seed,
    float unit;       // in so many metres where it is a length
    float low, high;  // bounds that training keeps
    bool color;       // learns from views that teach colors only
};

// Rotations first: kernels read them as vectors of four, which a block of all attributes must align.
inline constexpr float unbounded = std::numeric_limits<float>::infinity();
inline constexpr std::array<GaussianAttribute, 5> gaussian_attributes = {{
    {"rotation", 4, &GaussianValues::rotation, Activation::quaternion, 2e-3f, 0, 1, -unbounded, unbounded, false},
    {"offset", 3, &GaussianValues::offset, Activation::none, 4e-5f, 2e-3f, 1e-3f, -unbounded, unbounded, false},
    // 0.1 mm to 9 mm
    {"log_scale", 3, &GaussianValues::log_scale, Activation::exponential, 6e-3f, 0.05f, 1, -9.2103404f, -4.7105307f,
     false},
    // What a picture hardly shows (edge-on, behind others) stays as it was filled, what it shows plainly outweighs
    // this.
    {"albedo", 3, &GaussianValues::albedo, Activation::none, 3e-3f, 1, 1, 0, 1, true},
    {"opacity", 1, &GaussianValues::opacity_logit, Activation::logistic, 2e-2f, 0, 1, -6, 5.5f, false},
}};

inline constexpr std::size_t gaussian_floats = [] {
    std::size_t floats = 0;
    for (const GaussianAttribute& a : gaussian_attributes) floats += a.width;
    return floats;
}();

// Calls visit(attribute, vector) for each row of the table; `values` may be const.
template <class Values, class Visit>
void each_attribute(Values& values, const Visit& visit) {
    for (const GaussianAttribute& a : gaussian_attributes) visit(a, values.*a.values);
}

inline void resize_attributes(GaussianValues& values, std::size_t count) {
    each_attribute(values, [&](const GaussianAttribute& a, std::vector<float>& v) { v.resize(count * a.width); });
}

// Whether each array is of `count` Gaussians.
inline bool attributes_match(const GaussianValues& values, std::size_t count) {
    bool match = true;
    each_attribute(values, [&](const GaussianAttribute& a, const auto& v) { match &= v.size() == count * a.width; });
    return match;
}

inline bool all_finite(const GaussianValues& values) {
    bool finite = true;
    each_attribute(values, [&](const GaussianAttribute&, const auto& v) {
        finite &= std::all_of(v.begin(), v.end(), [](float x) { return std::isfinite(x); });
    });
    return finite;
}

}  // namespace likeness

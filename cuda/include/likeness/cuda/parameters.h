// A block of Gaussians' attributes in one piece of memory, attribute behind attribute in the order of
// core/avatar/gaussian_attributes.h. Posed Gaussians and gradients lie likewise.
#pragma once

#include <cstddef>

#include "core/avatar/gaussian_attributes.h"

namespace likeness::cuda {

// Shapes as in AnchoredArrays.
struct ParameterArrays {
    float* quaternions = nullptr;  // aligned to 16 bytes when the block is
    float* offsets = nullptr;
    float* log_scales = nullptr;
    float* albedos = nullptr;
    float* opacity_logits = nullptr;
};

inline constexpr std::size_t parameters_per_splat = gaussian_floats;

// Floats before an attribute (a row of the table) in a block of `count` Gaussians.
constexpr std::size_t attribute_start(std::size_t row, std::size_t count) {
    std::size_t floats = 0;
    for (std::size_t a = 0; a < row; ++a) floats += gaussian_attributes[a].width;
    return floats * count;
}

inline ParameterArrays cut_parameters(float* memory, std::size_t count) {
    const auto of = [&](GaussianArray values) {
        std::size_t row = 0;
        while (gaussian_attributes[row].values != values) ++row;
        return memory + attribute_start(row, count);
    };
    return {of(&GaussianValues::rotation), of(&GaussianValues::offset), of(&GaussianValues::log_scale),
            of(&GaussianValues::albedo), of(&GaussianValues::opacity_logit)};
}

// All attributes of host arrays as such a block, and back. Precondition: attributes_match().
inline std::vector<float> attribute_block(const GaussianValues& values, std::size_t count) {
    std::vector<float> block;
    block.reserve(count * parameters_per_splat);
    each_attribute(values, [&](const GaussianAttribute&, const auto& v) { block.insert(block.end(), v.begin(), v.end()); });
    return block;
}
inline void read_attribute_block(const float* block, GaussianValues& values) {
    each_attribute(values, [&](const GaussianAttribute&, auto& v) {
        std::copy_n(block, v.size(), v.begin());
        block += v.size();
    });
}

}  // namespace likeness::cuda

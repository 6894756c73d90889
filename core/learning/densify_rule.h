// What densification goes by, in whole numbers and single operations: the processor (densify.cpp) and the GPU
// (cuda/densify.cu) use these very functions, so both choose the same Gaussians, in the same order.
#pragma once

#include <cstdint>

namespace likeness::densify_rule {

inline constexpr float lowest_logit = -3.8918203f;  // opacity 0.02: who shows less is taken away
inline constexpr float shrink = 0.35f;              // off a half's two log scales along the surface
inline constexpr float half_distance = 0.5f;        // of a half from where the whole was, in its size along the surface

// Of `kept` Gaussians a fifth is split, as far as the cap leaves room.
constexpr std::uint64_t splits_wanted(std::uint64_t kept, std::uint64_t cap) {
    const std::uint64_t room = cap > kept ? cap - kept : 0;
    return room < kept / 5 ? room : kept / 5;
}

// A gradient as a share of the largest one. Sums of such weights do not depend on their order.
inline constexpr std::uint32_t largest_weight = 1u << 20;
constexpr std::uint32_t weight(float gradient, float largest) {
    if (!(gradient > 0)) return 0;
    return gradient < largest ? static_cast<std::uint32_t>(gradient / largest * float(largest_weight)) : largest_weight;
}

// Systematic sampling: as many marks as are wanted, evenly spaced on the sum of all weights. How many lie below a part
// of that sum; `start` < total is where the first one lies, and total > 0. Fits 64 bits for eight million Gaussians.
constexpr std::uint64_t marks_below(std::uint64_t part, std::uint64_t total, std::uint64_t wanted,
                                    std::uint64_t start) {
    return (part * wanted + start) / total;
}

// Random bits by their number, which is 0 for the first mark and i + 1 for Gaussian i: SplitMix64 (Steele, Lea and
// Flood 2014, "Fast splittable pseudorandom number generators") with Stafford's mixing constants.
constexpr std::uint64_t random_bits(std::uint64_t seed, std::uint64_t number) {
    std::uint64_t z = seed + (number + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}
// In [0, 1).
constexpr float uniform(std::uint64_t bits) { return float(bits >> 40) * 0x1p-24f; }

// The place in a Morton curve through cells of 61 micrometres; all beyond two metres from the origin lie at the border.
inline constexpr int morton_bits = 48;
constexpr std::uint64_t spread(std::uint64_t x) {  // 16 bits, each to the third place of three
    x = (x | x << 16) & 0x0000ff0000ffu;
    x = (x | x << 8) & 0x00f00f00f00fu;
    x = (x | x << 4) & 0x0c30c30c30c3u;
    return (x | x << 2) & 0x249249249249u;
}
constexpr std::uint64_t cell(float metres) {
    const float at = (metres + 2.0f) * 16384.0f;
    return at > 0 ? (at < 65535.0f ? static_cast<std::uint64_t>(at) : 65535u) : 0u;
}
constexpr std::uint64_t morton(float x, float y, float z) {
    return spread(cell(x)) | spread(cell(y)) << 1 | spread(cell(z)) << 2;
}

}  // namespace likeness::densify_rule

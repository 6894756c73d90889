// The functions of harmonics.h, for the processor and for kernels.
#pragma once

#include <array>

namespace likeness {

inline constexpr int highest_degree = 3;
inline constexpr int most_harmonics = (highest_degree + 1) * (highest_degree + 1) - 1;
// Of degree 1 to `highest`.
constexpr int harmonic_count(int highest) { return (highest + 1) * (highest + 1) - 1; }

// The functions of degree 1 to 3 for a direction of length 1.
constexpr std::array<float, most_harmonics> harmonic_basis(float x, float y, float z) {
    const float xx = x * x, yy = y * y, zz = z * z;
    // sqrt(3 / 4 pi); sqrt of 15, 5/4 and 15/4 over 4 pi; sqrt of 35/8, 105, 21/8, 7/4 and 105/4 over 4 pi
    constexpr float a1 = 0.48860251f;
    constexpr float a2 = 1.09254843f, b2 = 0.31539157f, c2 = 0.54627422f;
    constexpr float a3 = 0.59004359f, b3 = 2.89061144f, c3 = 0.45704580f, d3 = 0.37317633f, e3 = 1.44530572f;
    return {-a1 * y,
            a1 * z,
            -a1 * x,
            a2 * x * y,
            -a2 * y * z,
            b2 * (2 * zz - xx - yy),
            -a2 * x * z,
            c2 * (xx - yy),
            -a3 * y * (3 * xx - yy),
            b3 * x * y * z,
            -c3 * y * (4 * zz - xx - yy),
            d3 * z * (2 * zz - 3 * xx - 3 * yy),
            -c3 * x * (4 * zz - xx - yy),
            e3 * z * (xx - yy),
            -a3 * x * (xx - 3 * yy)};
}

}  // namespace likeness

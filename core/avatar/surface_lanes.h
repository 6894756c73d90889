// Sixteen Gaussians side by side: their arrays of rows become an array for each column, and back.
#pragma once

#include <cstddef>
#include <cstring>

#include "core/avatar/surface_math.h"

namespace likeness::surface_math {

inline constexpr int lanes = 16;

struct Lane {
    alignas(64) float values[lanes];
    [[gnu::always_inline]] float& operator[](int k) { return values[k]; }
    [[gnu::always_inline]] float operator[](int k) const { return values[k]; }
};
struct Lanes3 {
    Lane x, y, z;
    [[gnu::always_inline]] Vec3 get(int k) const { return {x[k], y[k], z[k]}; }
    [[gnu::always_inline]] void set(int k, Vec3 v) {
        x[k] = v.x;
        y[k] = v.y;
        z[k] = v.z;
    }
};
struct Lanes4 {
    Lane w, x, y, z;
    [[gnu::always_inline]] Quaternion get(int k) const { return {w[k], x[k], y[k], z[k]}; }
    [[gnu::always_inline]] void set(int k, Quaternion q) {
        w[k] = q.w;
        x[k] = q.x;
        y[k] = q.y;
        z[k] = q.z;
    }
};

// Gaussians [first, first + valid); the lanes behind repeat the last.
struct Block {
    std::size_t first;
    int valid;
    Block(std::size_t number, std::size_t count)
        : first(number * lanes), valid(count - first < lanes ? int(count - first) : lanes) {}
};

// Four floats, which every processor has.
using F4 = float __attribute__((vector_size(16)));

[[gnu::always_inline]] inline F4 load4(const float* p) {
    F4 v;
    std::memcpy(&v, p, sizeof v);
    return v;
}
[[gnu::always_inline]] inline F4 load3(const float* p) { return F4{p[0], p[1], p[2], 0}; }
[[gnu::always_inline]] inline void store4(float* p, F4 v) { std::memcpy(p, &v, sizeof v); }
[[gnu::always_inline]] inline void store3(float* p, F4 v) {
    p[0] = v[0];
    p[1] = v[1];
    p[2] = v[2];
}
[[gnu::always_inline]] inline F4 cross(F4 a, F4 b) {
    const F4 a1 = __builtin_shufflevector(a, a, 1, 2, 0, 3), b1 = __builtin_shufflevector(b, b, 1, 2, 0, 3);
    const F4 c = a * b1 - a1 * b;
    return __builtin_shufflevector(c, c, 1, 2, 0, 3);
}
[[gnu::always_inline]] inline void transpose(F4& a, F4& b, F4& c, F4& d) {
    const F4 ab0 = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab1 = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const F4 cd0 = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd1 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    a = __builtin_shufflevector(ab0, cd0, 0, 1, 4, 5);
    b = __builtin_shufflevector(ab0, cd0, 2, 3, 6, 7);
    c = __builtin_shufflevector(ab1, cd1, 0, 1, 4, 5);
    d = __builtin_shufflevector(ab1, cd1, 2, 3, 6, 7);
}

// Rows `index` of [., 3].
[[gnu::always_inline]] inline void gather3(const float* rows, const int* index, Lanes3& to) {
    for (int k = 0; k < lanes; k += 4) {
        F4 a = load3(rows + 3 * std::size_t(index[k])), b = load3(rows + 3 * std::size_t(index[k + 1])),
           c = load3(rows + 3 * std::size_t(index[k + 2])), d = load3(rows + 3 * std::size_t(index[k + 3]));
        transpose(a, b, c, d);
        store4(to.x.values + k, a);
        store4(to.y.values + k, b);
        store4(to.z.values + k, c);
    }
}
// Rows `index` of [., 4].
[[gnu::always_inline]] inline void gather4(const float* rows, const int* index, Lanes4& to) {
    for (int k = 0; k < lanes; k += 4) {
        F4 a = load4(rows + 4 * std::size_t(index[k])), b = load4(rows + 4 * std::size_t(index[k + 1])),
           c = load4(rows + 4 * std::size_t(index[k + 2])), d = load4(rows + 4 * std::size_t(index[k + 3]));
        transpose(a, b, c, d);
        store4(to.w.values + k, a);
        store4(to.x.values + k, b);
        store4(to.y.values + k, c);
        store4(to.z.values + k, d);
    }
}

[[gnu::always_inline]] inline void row_numbers(const Block& block, int* index) {
    for (int k = 0; k < lanes; ++k) index[k] = k < block.valid ? k : block.valid - 1;
}
// A block's rows; `rows` begins at the array's.
[[gnu::always_inline]] inline void load_rows(const float* rows, const Block& block, const int* index, Lanes3& to) {
    gather3(rows + 3 * block.first, index, to);
}
[[gnu::always_inline]] inline void load_rows(const float* rows, const Block& block, const int* index, Lanes4& to) {
    gather4(rows + 4 * block.first, index, to);
}
[[gnu::always_inline]] inline void load_rows(const float* rows, const Block& block, const int* index, Lane& to) {
    if (block.valid == lanes) {
        std::memcpy(to.values, rows + block.first, sizeof to.values);
    } else {
        for (int k = 0; k < lanes; ++k) to[k] = rows[block.first + std::size_t(index[k])];
    }
}

[[gnu::always_inline]] inline void store_rows(const Lanes3& from, const Block& block, float* rows) {
    float* const to = rows + 3 * block.first;
    for (int k = 0; k < block.valid; k += 4) {
        F4 a = load4(from.x.values + k), b = load4(from.y.values + k), c = load4(from.z.values + k), d{};
        transpose(a, b, c, d);
        if (k + 4 < block.valid) {  // each spills a float into the next row, which comes after
            store4(to + 3 * k, a);
            store4(to + 3 * k + 3, b);
            store4(to + 3 * k + 6, c);
            store4(to + 3 * k + 9, d);
        } else {
            store3(to + 3 * k, a);
            if (k + 1 < block.valid) store3(to + 3 * k + 3, b);
            if (k + 2 < block.valid) store3(to + 3 * k + 6, c);
            if (k + 3 < block.valid) store3(to + 3 * k + 9, d);
        }
    }
}
[[gnu::always_inline]] inline void store_rows(const Lanes4& from, const Block& block, float* rows) {
    float* const to = rows + 4 * block.first;
    for (int k = 0; k < block.valid; k += 4) {
        F4 a = load4(from.w.values + k), b = load4(from.x.values + k), c = load4(from.y.values + k),
           d = load4(from.z.values + k);
        transpose(a, b, c, d);
        store4(to + 4 * k, a);
        if (k + 1 < block.valid) store4(to + 4 * k + 4, b);
        if (k + 2 < block.valid) store4(to + 4 * k + 8, c);
        if (k + 3 < block.valid) store4(to + 4 * k + 12, d);
    }
}
[[gnu::always_inline]] inline void store_rows(const Lane& from, const Block& block, float* rows) {
    std::memcpy(rows + block.first, from.values, sizeof(float) * std::size_t(block.valid));
}

}  // namespace likeness::surface_math

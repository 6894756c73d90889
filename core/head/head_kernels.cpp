#include "core/head/head_kernels.h"

#include <algorithm>

#include "core/base/vectorize.h"

namespace likeness {
namespace {

constexpr int lanes = 8;  // with twelve sums of this width side by side AVX2's registers are full
// As many at any address. Loops over arrays of sums must be spelled with it, or g++ 12 keeps the sums in memory.
using Lanes = float __attribute__((vector_size(lanes * sizeof(float)), aligned(alignof(float)), may_alias));
[[gnu::always_inline]] inline const Lanes& at(const float* p) { return *reinterpret_cast<const Lanes*>(p); }
[[gnu::always_inline]] inline Lanes& at(float* p) { return *reinterpret_cast<Lanes*>(p); }

// Calls body(i, map) for each `lanes` vertices from the i-th on, map [12][lanes] being their blended transforms.
template <class Body>
[[gnu::always_inline]] inline void each_blended(const BlockWeights& weights, const float* transforms, const Body& body) {
    for (int i = 0; i < head_block; i += lanes) {
        Lanes map[transform_floats] = {};
        for (const int j : weights.joints) {
            const Lanes& w = at(weights.weights + std::size_t(j) * weights.stride + i);
            const float* const m = transforms + j * transform_floats;
            for (int k = 0; k < transform_floats; ++k) map[k] += m[k] * w;
        }
        body(i, map);
    }
}

LIKENESS_VECTORIZE void pull_back(const BlockWeights& weights, const float* transforms, const HeadBlock& grad_y,
                                  HeadBlock& grad_x) {
    const auto& g = grad_y.coordinate;
    each_blended(weights, transforms, [&](int i, const Lanes(&m)[transform_floats]) {
        for (int c = 0; c < 3; ++c)
            at(grad_x.coordinate[c] + i) = m[c] * at(g[0] + i) + m[4 + c] * at(g[1] + i) + m[8 + c] * at(g[2] + i);
    });
}

LIKENESS_VECTORIZE void sum_products(const BlockWeights& weights, const HeadBlock& x, const HeadBlock& grad_y,
                                     float* grad_transforms) {
    alignas(64) float product[transform_floats][head_block];
    for (int r = 0; r < 3; ++r)
        for (int c = 0; c < 4; ++c)
            for (int i = 0; i < head_block; ++i)
                product[4 * r + c][i] = grad_y.coordinate[r][i] * (c < 3 ? x.coordinate[c][i] : 1.0f);
    for (const int j : weights.joints) {
        const float* const w = weights.weights + std::size_t(j) * weights.stride;
        Lanes sums[transform_floats] = {};
        for (int i = 0; i < head_block; i += lanes)
            for (int k = 0; k < transform_floats; ++k) sums[k] += at(w + i) * at(product[k] + i);
        for (int k = 0; k < transform_floats; ++k) {
            float sum = 0;
            for (int l = 0; l < lanes; ++l) sum += sums[k][l];
            grad_transforms[j * transform_floats + k] = sum;
        }
    }
}

// Four frames' products with two targets.
LIKENESS_VECTORIZE void multiply_tile(const float* const (&target)[2], const float* const (&by)[4], int count,
                                      float (&product)[2][4]) {
    Lanes sums[2][4] = {};
    int i = 0;
    for (; i + lanes <= count; i += lanes)
        for (int k = 0; k < 2; ++k)
            for (int f = 0; f < 4; ++f) sums[k][f] += at(target[k] + i) * at(by[f] + i);
    for (int k = 0; k < 2; ++k)
        for (int f = 0; f < 4; ++f) {
            float sum = 0;
            for (int l = 0; l < lanes; ++l) sum += sums[k][f][l];
            for (int t = i; t < count; ++t) sum += target[k][t] * by[f][t];
            product[k][f] = sum;
        }
}

}  // namespace

LIKENESS_VECTORIZE void to_block(const float* points, int count, HeadBlock& block) {
    for (int i = 0; i < count; ++i)
        for (int c = 0; c < 3; ++c) block.coordinate[c][i] = points[3 * i + c];
    for (auto& row : block.coordinate) std::fill(row + count, row + head_block, 0.0f);
}

LIKENESS_VECTORIZE void from_block(const HeadBlock& block, float* points, int count) {
    for (int i = 0; i < count; ++i)
        for (int c = 0; c < 3; ++c) points[3 * i + c] = block.coordinate[c][i];
}

LIKENESS_VECTORIZE void skin(const BlockWeights& weights, const float* transforms, const HeadBlock& x, HeadBlock& y) {
    const auto& p = x.coordinate;
    each_blended(weights, transforms, [&](int i, const Lanes(&m)[transform_floats]) {
        for (int r = 0; r < 3; ++r)
            at(y.coordinate[r] + i) = m[4 * r] * at(p[0] + i) + m[4 * r + 1] * at(p[1] + i) +
                                      m[4 * r + 2] * at(p[2] + i) + m[4 * r + 3];
    });
}

void skin_backward(const BlockWeights& weights, const float* transforms, const HeadBlock& x, const HeadBlock& grad_y,
                   HeadBlock& grad_x, float* grad_transforms) {
    pull_back(weights, transforms, grad_y, grad_x);
    sum_products(weights, x, grad_y, grad_transforms);
}

LIKENESS_VECTORIZE void add_targets(std::span<const float* const> targets, std::size_t from, int count,
                                    const float* coefficients, int frames, float* to, std::size_t to_stride) {
    const std::size_t all = targets.size();
    std::size_t k = 0;
    for (; k + 4 <= all; k += 4) {  // four at a time: the sums are read and written a quarter as often
        const float *a = targets[k] + from, *b = targets[k + 1] + from, *c = targets[k + 2] + from,
                    *d = targets[k + 3] + from;
        for (int f = 0; f < frames; ++f) {
            const float* const w = coefficients + std::size_t(f) * all + k;
            float* const out = to + std::size_t(f) * to_stride;
            const float wa = w[0], wb = w[1], wc = w[2], wd = w[3];
#pragma GCC ivdep
            for (int i = 0; i < count; ++i) out[i] += wa * a[i] + wb * b[i] + wc * c[i] + wd * d[i];
        }
    }
    for (; k < all; ++k)
        for (int f = 0; f < frames; ++f) {
            const float w = coefficients[std::size_t(f) * all + k];
            const float* const target = targets[k] + from;
            float* const out = to + std::size_t(f) * to_stride;
#pragma GCC ivdep
            for (int i = 0; i < count; ++i) out[i] += w * target[i];
        }
}

void multiply_targets(std::span<const float* const> targets, std::size_t from, int count, const float* by, int frames,
                      std::size_t by_stride, float* products) {
    const int all = int(targets.size());
    for (int k = 0; k < all; k += 2)
        for (int f = 0; f < frames; f += 4) {
            // At the end some are multiplied again instead of none.
            const float* const target[2] = {targets[std::size_t(k)] + from, targets[std::size_t(std::min(k + 1, all - 1))] + from};
            const float* frame[4];
            for (int i = 0; i < 4; ++i) frame[i] = by + std::size_t(std::min(f + i, frames - 1)) * by_stride;
            float product[2][4];
            multiply_tile(target, {frame[0], frame[1], frame[2], frame[3]}, count, product);
            for (int i = 0; i < 2 && k + i < all; ++i)
                for (int n = 0; n < 4 && f + n < frames; ++n) products[(f + n) * all + k + i] = product[i][n];
        }
}

LIKENESS_VECTORIZE void add_product(const float* rows, int count, int width, const float* vector, float* to) {
    constexpr int high = 4;
    for (int r = 0; r < count; r += high) {
        const float* row[high];
        for (int k = 0; k < high; ++k) row[k] = rows + std::ptrdiff_t(std::min(r + k, count - 1)) * width;
        Lanes sums[high] = {};
        int i = 0;
        for (; i + lanes <= width; i += lanes)
            for (int k = 0; k < high; ++k) sums[k] += at(row[k] + i) * at(vector + i);
        for (int k = 0; k < high && r + k < count; ++k) {
            float sum = 0;
            for (int l = 0; l < lanes; ++l) sum += sums[k][l];
            for (int t = i; t < width; ++t) sum += row[k][t] * vector[t];
            to[r + k] += sum;
        }
    }
}

LIKENESS_VECTORIZE void add_transposed_product(const float* rows, int count, int width, const float* vector, float* to) {
    int r = 0;
    for (; r + 4 <= count; r += 4) {
        const float *a = rows + std::ptrdiff_t(r) * width, *b = a + width, *c = b + width, *d = c + width;
        const float wa = vector[r], wb = vector[r + 1], wc = vector[r + 2], wd = vector[r + 3];
#pragma GCC ivdep
        for (int i = 0; i < width; ++i) to[i] += wa * a[i] + wb * b[i] + wc * c[i] + wd * d[i];
    }
    for (; r < count; ++r)
        for (int i = 0; i < width; ++i) to[i] += vector[r] * rows[std::ptrdiff_t(r) * width + i];
}

}  // namespace likeness

// Loops over a block of vertices, for HeadBatch. Inside, a block's vectors lie by coordinate: x, y, z.
#pragma once

#include <cstddef>
#include <span>

namespace likeness {

inline constexpr int head_block = 128;  // vertices, which with their products stay in a core's first cache
inline constexpr int transform_floats = 12;

struct HeadBlock {
    alignas(64) float coordinate[3][head_block];
};
// From and to [count, 3]; what is behind `count` becomes zero.
void to_block(const float* points, int count, HeadBlock& block);
void from_block(const HeadBlock& block, float* points, int count);

// A block's shares of the joints that move it: `weights` [joints, stride] from its first vertex on.
struct BlockWeights {
    std::span<const int> joints;
    const float* weights;
    std::size_t stride;
};
// y = sum_j w_j T_j(x); `transforms` [joints, 3, 4].
void skin(const BlockWeights& weights, const float* transforms, const HeadBlock& x, HeadBlock& y);
// grad_x = sum_j w_j T_j^T grad_y, and for the joints that move the block grad_transforms [joints, 3, 4] =
// sum over its vertices of w_j grad_y (x, 1)^T.
void skin_backward(const BlockWeights& weights, const float* transforms, const HeadBlock& x, const HeadBlock& grad_y,
                   HeadBlock& grad_x, float* grad_transforms);

// to[f] += sum_k coefficients[f, k] targets[k], each from `from` on and `count` long; frames of `to` are `to_stride` apart.
void add_targets(std::span<const float* const> targets, std::size_t from, int count, const float* coefficients, int frames,
                 float* to, std::size_t to_stride);
// products[f, k] = by[f] . targets[k]
void multiply_targets(std::span<const float* const> targets, std::size_t from, int count, const float* by, int frames,
                      std::size_t by_stride, float* products);

// to += rows * vector and to += rows^T * vector; `rows` [count, width].
void add_product(const float* rows, int count, int width, const float* vector, float* to);
void add_transposed_product(const float* rows, int count, int width, const float* vector, float* to);

}  // namespace likeness

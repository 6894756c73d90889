#include "core/tracking/gram.h"

#include <algorithm>
#include <vector>

#include "core/base/parallel.h"
#include "core/base/vectorize.h"

namespace likeness {
namespace {

constexpr int high = 6, wide = 32;  // a block's rows and columns: 6 x 32 sums fit in the registers of AVX-512 and AVX2

// One block of sums: block[i][j] = sum_k rows[k][first + i] rows[k][second + j].
LIKENESS_VECTORIZE void block_sums(const float* rows, int count, int stride, int first, int second, float* block) {
    float sums[high][wide] = {};
    for (int k = 0; k < count; ++k) {
        const float* a = rows + std::ptrdiff_t(k) * stride + first;
        const float* b = rows + std::ptrdiff_t(k) * stride + second;
        for (int i = 0; i < high; ++i)
            for (int j = 0; j < wide; ++j) sums[i][j] += a[i] * b[j];
    }
    for (int i = 0; i < high; ++i)
        for (int j = 0; j < wide; ++j) block[i * wide + j] = sums[i][j];
}

}  // namespace

void gram_lower(const float* rows, int count, int columns, float* out) {
    // Padded, so that blocks need no borders.
    const int whole = (columns + high - 1) / high * high, stride = (whole + wide - 1) / wide * wide;
    std::vector<float> padded(std::size_t(count) * std::size_t(stride), 0.0f);
    for (int k = 0; k < count; ++k)
        std::copy_n(rows + std::ptrdiff_t(k) * columns, columns, padded.data() + std::ptrdiff_t(k) * stride);
    const int down = (columns + high - 1) / high;
    parallel_for(std::size_t(down), 4, [&](std::size_t begin, std::size_t end) {
        float block[high * wide];
        for (std::size_t r = begin; r < end; ++r) {
            const int first = int(r) * high;
            for (int second = 0; second <= first + high - 1 && second < columns; second += wide) {
                block_sums(padded.data(), count, stride, first, second, block);
                for (int i = 0; i < high && first + i < columns; ++i)
                    for (int j = 0; j < wide && second + j <= first + i; ++j)
                        out[std::ptrdiff_t(second + j) * columns + first + i] = block[i * wide + j];
            }
        }
    });
}

}  // namespace likeness

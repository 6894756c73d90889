// Eight floats as one value, by the vector extension of GCC and Clang: the same source becomes AVX2 or plain SSE2
// depending on the flags of the file that includes it.
//
// Everything here and in the other kernel headers sits in an anonymous namespace: each including file needs its own
// copies, since a shared inline function compiled for AVX2 could be picked by the linker for a processor without it.
// For the same reason these headers include nothing of the standard library that has inline functions.
#pragma once

#include <cstdint>

#if defined(__AVX__)
#include <immintrin.h>
#endif

#define LIKENESS_INLINE inline __attribute__((always_inline))

namespace likeness::cpu_raster {
namespace {

using F8 = float __attribute__((vector_size(32)));
using I8 = std::int32_t __attribute__((vector_size(32)));
using U8 = std::uint32_t __attribute__((vector_size(32)));

LIKENESS_INLINE F8 all(float x) { return F8{x, x, x, x, x, x, x, x}; }

// p must be aligned to 32 bytes.
LIKENESS_INLINE F8 load(const float* p) { return *reinterpret_cast<const F8*>(p); }
LIKENESS_INLINE void store(float* p, F8 x) { *reinterpret_cast<F8*>(p) = x; }
LIKENESS_INLINE void store_unaligned(float* p, F8 x) { __builtin_memcpy(p, &x, sizeof x); }
LIKENESS_INLINE F8 load_unaligned(const float* p) {
    F8 x;
    __builtin_memcpy(&x, p, sizeof x);
    return x;
}

LIKENESS_INLINE F8 select(I8 mask, F8 yes, F8 no) {
#if defined(__AVX__)
    return reinterpret_cast<F8>(
        _mm256_blendv_ps(reinterpret_cast<__m256>(no), reinterpret_cast<__m256>(yes), reinterpret_cast<__m256>(mask)));
#else
    return reinterpret_cast<F8>((reinterpret_cast<I8>(yes) & mask) | (reinterpret_cast<I8>(no) & ~mask));
#endif
}

// x where the mask is set, else +0.
LIKENESS_INLINE F8 keep(I8 mask, F8 x) { return reinterpret_cast<F8>(reinterpret_cast<I8>(x) & mask); }

// The files are compiled without contraction, so a multiplication and addition are fused exactly where this says so.
LIKENESS_INLINE F8 madd(F8 a, F8 b, F8 c) {
#if defined(__FMA__)
    return _mm256_fmadd_ps(a, b, c);
#else
    return a * b + c;
#endif
}

// c - a b
LIKENESS_INLINE F8 nmadd(F8 a, F8 b, F8 c) {
#if defined(__FMA__)
    return _mm256_fnmadd_ps(a, b, c);
#else
    return c - a * b;
#endif
}

LIKENESS_INLINE F8 minimum(F8 a, F8 b) {
#if defined(__AVX__)
    return _mm256_min_ps(a, b);
#else
    return select(a < b, a, b);
#endif
}

LIKENESS_INLINE F8 maximum(F8 a, F8 b) {
#if defined(__AVX__)
    return _mm256_max_ps(a, b);
#else
    return select(a > b, a, b);
#endif
}

LIKENESS_INLINE F8 square_root(F8 x) {
#if defined(__AVX__)
    return _mm256_sqrt_ps(x);
#else
    for (int i = 0; i < 8; ++i) x[i] = __builtin_sqrtf(x[i]);
    return x;
#endif
}

// One bit a lane: its sign bit.
LIKENESS_INLINE unsigned sign_bits(F8 x) {
#if defined(__AVX__)
    return unsigned(_mm256_movemask_ps(reinterpret_cast<__m256>(x)));
#else
    const U8 bits = reinterpret_cast<U8>(x) >> 31;
    unsigned result = 0;
    for (int i = 0; i < 8; ++i) result |= bits[i] << i;
    return result;
#endif
}

LIKENESS_INLINE I8 at_least(F8 a, F8 b) { return a >= b; }
LIKENESS_INLINE I8 at_most(F8 a, F8 b) { return a <= b; }

// -|x|
LIKENESS_INLINE F8 negative(F8 x) { return reinterpret_cast<F8>(reinterpret_cast<I8>(x) | INT32_MIN); }

// The same value in all lanes of either width.
template <class V>
LIKENESS_INLINE V every(float x);
template <>
LIKENESS_INLINE F8 every<F8>(float x) {
    return all(x);
}

LIKENESS_INLINE float sum(F8 x) {
    // The order is that of sum8, so the two agree.
    const float a = (x[0] + x[2]) + (x[1] + x[3]), b = (x[4] + x[6]) + (x[5] + x[7]);
    return a + b;
}

// Lane i of the result is the sum over the lanes of the i-th argument: three levels of halving for all eight at once.
LIKENESS_INLINE F8 sum8(F8 a, F8 b, F8 c, F8 d, F8 e, F8 f, F8 g, F8 h) {
#define LIKENESS_LOW(p, q) __builtin_shufflevector(p, q, 0, 8, 1, 9, 4, 12, 5, 13)
#define LIKENESS_HIGH(p, q) __builtin_shufflevector(p, q, 2, 10, 3, 11, 6, 14, 7, 15)
    const F8 ab = LIKENESS_LOW(a, b) + LIKENESS_HIGH(a, b), cd = LIKENESS_LOW(c, d) + LIKENESS_HIGH(c, d);
    const F8 ef = LIKENESS_LOW(e, f) + LIKENESS_HIGH(e, f), gh = LIKENESS_LOW(g, h) + LIKENESS_HIGH(g, h);
#undef LIKENESS_LOW
#undef LIKENESS_HIGH
#define LIKENESS_LOW(p, q) __builtin_shufflevector(p, q, 0, 1, 8, 9, 4, 5, 12, 13)
#define LIKENESS_HIGH(p, q) __builtin_shufflevector(p, q, 2, 3, 10, 11, 6, 7, 14, 15)
    const F8 abcd = LIKENESS_LOW(ab, cd) + LIKENESS_HIGH(ab, cd), efgh = LIKENESS_LOW(ef, gh) + LIKENESS_HIGH(ef, gh);
#undef LIKENESS_LOW
#undef LIKENESS_HIGH
    return __builtin_shufflevector(abcd, efgh, 0, 1, 2, 3, 8, 9, 10, 11) +
           __builtin_shufflevector(abcd, efgh, 4, 5, 6, 7, 12, 13, 14, 15);
}

}  // namespace
}  // namespace likeness::cpu_raster

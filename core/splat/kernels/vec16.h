// The register that blending works on: two rows of a tile with AVX-512, one (F8) without.
//
// Blending is a long chain of dependent operations; a wider register keeps twice as many pixels in flight, even on
// processors that execute it in two halves.
#pragma once

#include "core/splat/kernels/vec8.h"

namespace likeness::cpu_raster {
namespace {

template <class V>
LIKENESS_INLINE V read(const float* p) {
    return *reinterpret_cast<const V*>(p);
}
template <class V>
LIKENESS_INLINE void write(float* p, V x) {
    *reinterpret_cast<V*>(p) = x;
}

// Column of each lane in the tile, and its row from the register's first.
template <class V>
LIKENESS_INLINE V columns_of();
template <class V>
LIKENESS_INLINE V rows_of();
template <>
LIKENESS_INLINE F8 columns_of<F8>() {
    return F8{0, 1, 2, 3, 4, 5, 6, 7};
}
template <>
LIKENESS_INLINE F8 rows_of<F8>() {
    return all(0.0f);
}

// The first row, and the sum of the rows.
LIKENESS_INLINE F8 first_row(F8 x) { return x; }
LIKENESS_INLINE F8 fold_rows(F8 x) { return x; }

#if defined(__AVX512F__)

using F16 = float __attribute__((vector_size(64)));
using Wide = F16;
using WideMask = __mmask16;

template <>
LIKENESS_INLINE F16 every<F16>(float x) {
    return _mm512_set1_ps(x);
}
template <>
LIKENESS_INLINE F16 columns_of<F16>() {
    return F16{0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7};
}
template <>
LIKENESS_INLINE F16 rows_of<F16>() {
    return F16{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1};
}
LIKENESS_INLINE F16 madd(F16 a, F16 b, F16 c) { return _mm512_fmadd_ps(a, b, c); }
LIKENESS_INLINE F16 nmadd(F16 a, F16 b, F16 c) { return _mm512_fnmadd_ps(a, b, c); }
LIKENESS_INLINE F16 minimum(F16 a, F16 b) { return _mm512_min_ps(a, b); }
LIKENESS_INLINE WideMask at_least(F16 a, F16 b) { return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ); }
LIKENESS_INLINE WideMask at_most(F16 a, F16 b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
LIKENESS_INLINE F16 keep(WideMask mask, F16 x) { return _mm512_maskz_mov_ps(mask, x); }
LIKENESS_INLINE F16 select(WideMask mask, F16 yes, F16 no) { return _mm512_mask_blend_ps(mask, no, yes); }
LIKENESS_INLINE F16 negative(F16 x) { return _mm512_or_ps(x, _mm512_set1_ps(-0.0f)); }
LIKENESS_INLINE F8 first_row(F16 x) { return _mm512_castps512_ps256(x); }
LIKENESS_INLINE F8 fold_rows(F16 x) { return first_row(x) + F8(_mm512_extractf32x8_ps(x, 1)); }

#else

using Wide = F8;
using WideMask = I8;

#endif

}  // namespace
}  // namespace likeness::cpu_raster

// The exponential of the blending, in base 2.
#pragma once

#include "core/splat/kernels/vec16.h"

namespace likeness::cpu_raster {
namespace {

// 2^f for |f| <= 1/2: the polynomial with the smallest largest relative error (7.5e-8, by Remez' algorithm), grouped
// in pairs because the length of the chain of operations is what blending waits for.
template <class V>
LIKENESS_INLINE V exp2_fraction(V f) {
    const V f2 = f * f;
    const V low = madd(every<V>(6.931469671e-1f), f, every<V>(1.0f));
    const V middle = madd(every<V>(5.550713273e-2f), f, every<V>(2.402211972e-1f));
    const V high = madd(every<V>(1.327647217e-3f), f, every<V>(9.675541331e-3f));
    return madd(madd(high, f2, middle), f2, low);
}

// 2^x for -126 < x < 127, relative error below 3e-7; other inputs give garbage, not traps.
LIKENESS_INLINE F8 exp2(F8 x) {
#if defined(__AVX2__)
    const F8 n = _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const I8 power = reinterpret_cast<I8>(_mm256_cvtps_epi32(x));
#else
    // Adding 1.5 * 2^23 leaves the nearest integer in the low mantissa bits.
    const F8 magic = all(12582912.0f);
    const F8 shifted = x + magic, n = shifted - magic;
    const I8 power = reinterpret_cast<I8>(shifted);
#endif
    return reinterpret_cast<F8>(reinterpret_cast<I8>(exp2_fraction(x - n)) + (power << 23));
}

#if defined(__AVX512F__)
LIKENESS_INLINE F16 exp2(F16 x) {
    const F16 n = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    return _mm512_scalef_ps(exp2_fraction<F16>(x - n), n);
}
#endif

}  // namespace
}  // namespace likeness::cpu_raster

#include "core/base/denormals.h"

#ifdef __SSE2__
#include <xmmintrin.h>
#endif

namespace likeness {

void flush_denormals() {
#ifdef __SSE2__
    _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_ON);
    // _MM_SET_DENORMALS_ZERO_MODE() wants SSE3 switched on; every x86-64 processor but the very first has the bit.
    constexpr unsigned denormals_are_zero = 0x0040;
    _mm_setcsr(_mm_getcsr() | denormals_are_zero);
#endif
}

}  // namespace likeness

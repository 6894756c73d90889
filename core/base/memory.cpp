#include "core/base/memory.h"

#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace likeness {

void return_unused_memory() {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

}  // namespace likeness

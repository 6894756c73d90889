#include "core/base/memory.h"

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace likeness {

void keep_large_blocks_apart() {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

bool memory_is_short() {
    constexpr std::size_t probe = std::size_t(512) << 20;
    void* const got = ::mmap(nullptr, probe, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (got == MAP_FAILED) return true;
    ::munmap(got, probe);
    return false;
}

void return_unused_memory() {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

}  // namespace likeness

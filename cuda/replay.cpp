#include "cuda/replay.h"

#include <algorithm>
#include <cstdint>

namespace likeness::cuda {

void keep_freed_memory() {
    constexpr std::uint64_t kept = 256u << 20;
    int device = 0;
    cudaMemPool_t pool = nullptr;
    std::uint64_t keep = 0;
    check(cudaGetDevice(&device), "memory pool");
    check(cudaDeviceGetDefaultMemPool(&pool, device), "memory pool");
    check(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &keep), "memory pool");
    keep = std::max(keep, kept);
    check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &keep), "memory pool");
}

}  // namespace likeness::cuda

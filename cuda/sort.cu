// Sorting and scanning with CUB, kept apart because CUB dominates compile time.
#include <thrust/iterator/transform_iterator.h>

#include <algorithm>
#include <bit>
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_scan.cuh>

#include "cuda/raster_stages.h"
#include "likeness/cuda/check.h"

namespace likeness::cuda {
namespace {

// Reads a Gaussian's tile count in depth order.
struct CountInOrder {
    const std::uint32_t* counts;
    __device__ std::uint32_t operator()(std::uint32_t splat) const { return counts[splat]; }
};

int tile_key_bits(const RasterShape& shape) { return std::bit_width(unsigned(tile_grid(shape).count())); }

cudaError_t sort_pairs(void* memory, std::size_t& bytes, std::uint32_t* const (&keys)[2],
                       std::uint32_t* const (&values)[2], std::size_t count, int bits, cudaStream_t stream) {
    return cub::DeviceRadixSort::SortPairs(memory, bytes, keys[0], keys[1], values[0], values[1], unsigned(count), 0,
                                           bits, stream);
}

cudaError_t scan_counts(void* memory, std::size_t& bytes, const RasterShape& shape, const RasterWorkspace& w,
                        cudaStream_t stream) {
    const auto counts = thrust::make_transform_iterator(w.depth_order[1], CountInOrder{w.tile_counts});
    return cub::DeviceScan::InclusiveSum(memory, bytes, counts, w.instance_ends, shape.splats, stream);
}

}  // namespace

std::size_t sort_bytes(const RasterShape& shape) {
    if (shape.splats == 0) return 0;
    const RasterWorkspace empty;
    std::size_t depth = 0, scan = 0, tile = 0;
    check(sort_pairs(nullptr, depth, empty.depth_keys, empty.depth_order, std::size_t(shape.splats), depth_key_bits,
                     nullptr),
          "size of depth sort");
    check(scan_counts(nullptr, scan, shape, empty, nullptr), "size of scan");
    check(sort_pairs(nullptr, tile, empty.tile_keys, empty.instances, shape.instance_capacity, tile_key_bits(shape),
                     nullptr),
          "size of tile sort");
    return std::max({depth, scan, tile});
}

void launch_depth_sort(const RasterShape& shape, const RasterWorkspace& w, cudaStream_t stream) {
    std::size_t bytes = w.sort_bytes;
    check(sort_pairs(w.sort_memory, bytes, w.depth_keys, w.depth_order, std::size_t(shape.splats), depth_key_bits,
                     stream),
          "depth sort");
}

void launch_count_scan(const RasterShape& shape, const RasterWorkspace& w, cudaStream_t stream) {
    std::size_t bytes = w.sort_bytes;
    check(scan_counts(w.sort_memory, bytes, shape, w, stream), "scan of tile counts");
}

void launch_tile_sort(const RasterShape& shape, const RasterWorkspace& w, cudaStream_t stream) {
    std::size_t bytes = w.sort_bytes;
    check(sort_pairs(w.sort_memory, bytes, w.tile_keys, w.instances, shape.instance_capacity, tile_key_bits(shape),
                     stream),
          "tile sort");
}

}  // namespace likeness::cuda

// From depth-ordered Gaussians to a list of Gaussians for each tile.
#include "cuda/launch.cuh"
#include "cuda/raster_stages.h"
#include "cuda/tiles.cuh"

namespace likeness::cuda {
namespace {

// One thread for each Gaussian in depth order. Writes its (tile, Gaussian) pairs to its place in the instance list;
// what lies beyond the capacity is not written. Slots that no Gaussian fills get a tile number behind all others.
__global__ void __launch_bounds__(linear_threads)
    emit_kernel(RasterWorkspace w, int splats, int columns, int tiles, unsigned capacity) {
    const int thread = int(blockIdx.x) * linear_threads + int(threadIdx.x);
    const bool busy = thread < splats;
    unsigned splat_index = 0, begin = 0, count = 0;
    ScreenSplat splat{};
    ushort4 box = no_tiles();
    if (busy) {
        splat_index = w.depth_order[1][thread];
        count = w.tile_counts[splat_index];
        begin = w.instance_ends[thread] - count;
        splat = static_cast<const ScreenSplat*>(w.geometry)[splat_index];
        box = static_cast<const ushort4*>(w.tile_boxes)[splat_index];
    }
    // The warp visits tiles of other lanes' Gaussians, so each lane must know where every owner writes.
    unsigned* const keys = w.tile_keys[0];
    unsigned* const instances = w.instances[0];
    const int lane = int(threadIdx.x) & (warp_threads - 1);
    __shared__ unsigned begins[linear_threads], counts[linear_threads], indices[linear_threads];
    begins[threadIdx.x] = begin;
    counts[threadIdx.x] = count;
    indices[threadIdx.x] = splat_index;
    __syncwarp();
    const int warp_base = int(threadIdx.x) - lane;
    const int found = visit_tiles(busy && count > 0, splat, box, [&](int column, int row, int rank, int owner) {
        const int slot = warp_base + owner;
        const unsigned place = begins[slot] + unsigned(rank);
        if (unsigned(rank) < counts[slot] && place < capacity) {
            keys[place] = unsigned(row * columns + column);
            instances[place] = indices[slot];
        }
    });
    // Both visits use the same arithmetic; should a compiler ever round them differently, no slot stays unwritten.
    for (unsigned place = begin + unsigned(found); place < begin + count && place < capacity; ++place) {
        keys[place] = unsigned(tiles);
        instances[place] = splat_index;
    }
    const unsigned total = w.instance_ends[splats - 1];
    if (busy && thread == 0) w.counters->instances = total;
    const unsigned visible = unsigned(__popc(__ballot_sync(all_lanes, count > 0)));
    if (lane == 0 && visible > 0) atomicAdd(&w.counters->visible, visible);
    const unsigned stride = gridDim.x * linear_threads;
    for (std::size_t place = std::size_t(total) + unsigned(thread); place < capacity; place += stride) {
        keys[place] = unsigned(tiles);
        instances[place] = 0;
    }
}

// One thread for each slot of the sorted list: where the tile number changes, one range ends and another begins.
__global__ void __launch_bounds__(linear_threads) range_kernel(RasterWorkspace w, int tiles, unsigned capacity) {
    const unsigned i = blockIdx.x * linear_threads + threadIdx.x;
    const unsigned filled = min(w.counters->instances, capacity);
    if (i >= filled) return;
    uint2* const ranges = static_cast<uint2*>(w.tile_ranges);
    const unsigned tile = w.tile_keys[1][i];
    const unsigned next = i + 1 < capacity ? w.tile_keys[1][i + 1] : unsigned(tiles);
    if (tile >= unsigned(tiles)) return;
    if (i == 0) ranges[tile].x = 0;
    if (next != tile || i + 1 == filled) {
        ranges[tile].y = i + 1;
        if (next < unsigned(tiles) && i + 1 < filled) ranges[next].x = i + 1;
    }
}

// One thread for each tile.
__global__ void __launch_bounds__(linear_threads) segment_kernel(RasterWorkspace w, int tiles) {
    const unsigned tile = blockIdx.x * linear_threads + threadIdx.x;
    if (tile >= unsigned(tiles)) return;
    const uint2 range = static_cast<const uint2*>(w.tile_ranges)[tile];
    const unsigned first = range.x / segment_length + tile;
    const unsigned count = (range.y - range.x + segment_length - 1) / segment_length;
    for (unsigned k = 0; k < count; ++k) w.segment_tiles[first + k] = tile;
}

}  // namespace

void launch_emit_instances(const RasterShape& shape, const RasterWorkspace& workspace, cudaStream_t stream) {
    const TileGrid grid = tile_grid(shape);
    emit_kernel<<<blocks_for(shape.splats), linear_threads, 0, stream>>>(workspace, shape.splats, grid.columns,
                                                                         grid.count(), shape.instance_capacity);
    check_launch("emit instances", stream);
}

void launch_tile_ranges(const RasterShape& shape, const RasterWorkspace& workspace, cudaStream_t stream) {
    range_kernel<<<blocks_for(shape.instance_capacity), linear_threads, 0, stream>>>(
        workspace, tile_grid(shape).count(), shape.instance_capacity);
    check_launch("tile ranges", stream);
}

void launch_segments(const RasterShape& shape, const RasterWorkspace& workspace, cudaStream_t stream) {
    const int tiles = tile_grid(shape).count();
    segment_kernel<<<blocks_for(std::size_t(tiles)), linear_threads, 0, stream>>>(workspace, tiles);
    check_launch("segments", stream);
}

}  // namespace likeness::cuda

// The list of Gaussians of each tile, nearest first. Lists are sorted by themselves, in pieces that a block keeps in
// registers; at avatar size that costs a fraction of sorting all Gaussians by depth and then all pairs by tile. The
// pieces of a long list are merged by ranks: a key's place is its place in its own piece and the number of smaller ones
// in each other piece.
//
// Pairs of a Gaussian and a tile lie in no fixed order until then (project.cu appends them as it finds them); keys are
// depth, whose bits order as integers since it is positive, then index, so the sorted lists are the same each time.
#include <cub/block/block_scan.cuh>

#include "cuda/blend.cuh"
#include "cuda/launch.cuh"

namespace likeness::cuda {
namespace {

using Key = unsigned long long;

constexpr int scan_threads = 1024;
constexpr int sort_threads = 128, sort_items = piece_keys / sort_threads;
static_assert(piece_keys % segment_length == 0);

// Where each tile's list begins, and the segments that blend it: a thread for each tile. A block adds up for itself what
// the tiles before its own have, which is less work than waiting for other blocks.
__global__ void __launch_bounds__(scan_threads) ranges_kernel(RasterWorkspace w, int tiles) {
    wait_for_previous();
    using Scan = cub::BlockScan<unsigned, scan_threads>;
    __shared__ typename Scan::TempStorage memory;
    const int first = int(blockIdx.x) * scan_threads, tile = first + int(threadIdx.x);
    unsigned before = 0;
    for (int t = int(threadIdx.x); t < first; t += scan_threads) before += w.tile_counts[t];
    const unsigned count = tile < tiles ? w.tile_counts[tile] : 0u;
    unsigned unused = 0, all_before = 0, begin = 0;
    Scan(memory).ExclusiveSum(before, unused, all_before);
    __syncthreads();
    Scan(memory).ExclusiveSum(count, begin);
    if (tile >= tiles) return;
    begin += all_before;
    static_cast<uint2*>(w.tile_ranges)[tile] = make_uint2(begin, begin + count);
    const unsigned slot = begin / segment_length + unsigned(tile);
    for (unsigned k = 0; k < (count + segment_length - 1) / segment_length; ++k)
        w.segment_tiles[slot + k] = unsigned(tile);
}

// One thread for each pair.
__global__ void __launch_bounds__(linear_threads) scatter_kernel(RasterWorkspace w, unsigned capacity) {
    wait_for_previous();
    const unsigned i = blockIdx.x * linear_threads + threadIdx.x;
    if (i >= min(w.counters->instances, capacity)) return;
    const unsigned item = w.pair_items[i];
    const unsigned depth = __float_as_uint(static_cast<const ScreenSplat*>(w.geometry)[item].depth);
    const uint2 range = static_cast<const uint2*>(w.tile_ranges)[w.pair_tiles[i]];
    w.keys[range.x + w.pair_ranks[i]] = Key(depth) << 32 | item;
}

// Keeps the smaller or the larger of two keys.
__device__ inline Key choose(Key a, Key b, bool smaller) { return (a < b) == smaller ? a : b; }

// Sorts Threads * Items keys, element Items * thread + i in `keys[i]`, by a bitonic network (Batcher 1968) of `size`
// elements, a power of two. Steps within a thread and a warp need no memory; wider ones go through `shared`.
template <int Threads, int Items>
__device__ void sort_network(Key (&keys)[Items], Key* shared, int size, int thread) {
    constexpr int warp_keys = warp_threads * Items;
    const int first = thread * Items;
    for (int run = 2; run <= size; run *= 2) {
        for (int stride = run / 2; stride >= Items; stride /= 2) {
            const bool rising = (first & run) == 0, lower = (first & stride) == 0;
            if (Threads > warp_threads && stride >= warp_keys) {
                __syncthreads();
#pragma unroll
                for (int i = 0; i < Items; ++i) shared[i * Threads + thread] = keys[i];
                __syncthreads();
                const int partner = thread ^ (stride / Items);
#pragma unroll
                for (int i = 0; i < Items; ++i)
                    keys[i] = choose(keys[i], shared[i * Threads + partner], rising == lower);
            } else {
#pragma unroll
                for (int i = 0; i < Items; ++i)
                    keys[i] = choose(keys[i], __shfl_xor_sync(all_lanes, keys[i], stride / Items), rising == lower);
            }
        }
#pragma unroll
        for (int stride = Items / 2; stride > 0; stride /= 2) {
            if (stride > run / 2) continue;
#pragma unroll
            for (int i = 0; i < Items; ++i) {
                if ((i & stride) != 0) continue;
                const bool rising = ((first + i) & run) == 0;
                const Key a = keys[i], b = keys[i + stride];
                keys[i] = choose(a, b, rising);
                keys[i + stride] = choose(a, b, !rising);
            }
        }
    }
}

// Sorts up to Threads * Items keys; `thread` of Threads, which is a warp or the block.
template <int Threads, int Items>
__device__ void sort_piece(Key* piece, int count, int thread, Key* shared) {
    int size = 2;
    while (size < count) size *= 2;
    Key keys[Items];
    const int first = thread * Items;
#pragma unroll
    for (int i = 0; i < Items; ++i) keys[i] = first + i < count ? piece[first + i] : ~Key(0);
    sort_network<Threads, Items>(keys, shared, size, thread);
#pragma unroll
    for (int i = 0; i < Items; ++i)
        if (first + i < count) piece[first + i] = keys[i];
}

// Slots that a block of sort_kernel() or merge_kernel() looks at: most are empty, or have nothing for it to do. They lie
// far apart, since neighbours may belong to one deep tile. With few slots, sorting is not to wait for a second long list,
// nor merging with few tiles, whose lists are long.
constexpr unsigned most_sort_slots = sort_threads / warp_threads, most_merge_slots = 8;
constexpr unsigned few_slots = 1u << 14, few_tiles = 1u << 12;
inline unsigned blocks_of(unsigned slots, unsigned per_block) { return (slots + per_block - 1) / per_block; }

// The segment that begins a piece of its list stands for the piece. A warp sorts a short one by itself, with no more keys
// a lane than it needs; then the block sorts the long ones.
__global__ void __launch_bounds__(sort_threads) sort_kernel(RasterWorkspace w, unsigned slots, unsigned of_block) {
    wait_for_previous();
    __shared__ Key shared[piece_keys];
    __shared__ unsigned begins[most_sort_slots], counts[most_sort_slots];
    const int warp = int(threadIdx.x) / warp_threads, lane = int(threadIdx.x) % warp_threads;
    const unsigned slot = blockIdx.x + unsigned(warp) * gridDim.x;
    unsigned begin = 0, count = 0;
    if (unsigned(warp) < of_block && slot < slots) {
        const Segment segment = find_segment(w, slot);
        if (segment.tile != no_tile && segment.index % (piece_keys / segment_length) == 0) {
            begin = segment.begin;
            count = min(segment.list_end - segment.begin, unsigned(piece_keys));
        }
    }
    const bool alone = count <= 8u * warp_threads;
    if (lane == 0) {
        begins[warp] = begin;
        counts[warp] = alone ? 0 : count;
    }
    Key* const piece = w.keys + begin;
    if (count <= 1 || !alone) {
        // sorted, or too long
    } else if (count > 4u * warp_threads) {
        sort_piece<warp_threads, 8>(piece, int(count), lane, nullptr);
    } else if (count > 2u * warp_threads) {
        sort_piece<warp_threads, 4>(piece, int(count), lane, nullptr);
    } else {
        sort_piece<warp_threads, 2>(piece, int(count), lane, nullptr);
    }
    __syncthreads();
    for (unsigned k = 0; k < of_block; ++k)
        if (counts[k] > 0)
            sort_piece<sort_threads, sort_items>(w.keys + begins[k], int(counts[k]), int(threadIdx.x), shared);
}

// Keys below `key`; they are all different.
__device__ unsigned count_below(const Key* sorted, unsigned count, Key key) {
    unsigned low = 0, high = count;
    while (low < high) {
        const unsigned middle = (low + high) / 2;
        if (sorted[middle] < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

// A thread for each key of a segment of a list of several pieces.
__global__ void __launch_bounds__(segment_length) merge_kernel(RasterWorkspace w, unsigned slots, unsigned of_block) {
    wait_for_previous();
    const unsigned lane = threadIdx.x % warp_threads, looked_at = blockIdx.x + lane * gridDim.x;
    const bool merged = lane < of_block && looked_at < slots && find_segment(w, looked_at).merged;
    unsigned left = __ballot_sync(all_lanes, merged);
    for (; left != 0; left &= left - 1) {
        const Segment segment = find_segment(w, blockIdx.x + unsigned(__ffs(int(left)) - 1) * gridDim.x);
        const unsigned position = segment.begin + threadIdx.x;
        if (position >= segment.end) continue;
        const unsigned list = segment.begin - segment.index * segment_length;
        const unsigned own = list + segment.index * segment_length / piece_keys * piece_keys;
        const Key key = w.keys[position];
        unsigned place = position - own;
        for (unsigned piece = list; piece < segment.list_end; piece += piece_keys)
            if (piece != own)
                place += count_below(w.keys + piece, min(segment.list_end - piece, unsigned(piece_keys)), key);
        w.merged_keys[list + place] = key;
    }
}

}  // namespace

void launch_tile_lists(const RasterShape& shape, const RasterWorkspace& workspace, cudaStream_t stream,
                       const StageMark& done) {
    const unsigned tiles = unsigned(tile_grid(shape).count()), slots = segment_slots(shape);
    launch_chained("tile ranges", ranges_kernel, (tiles + scan_threads - 1) / scan_threads, scan_threads, stream,
                   workspace, int(tiles));
    launch_chained("scatter pairs", scatter_kernel, blocks_for(shape.instance_capacity), linear_threads, stream, workspace,
                   shape.instance_capacity);
    done("lists");
    const unsigned sorted = slots > few_slots ? most_sort_slots : 1;
    launch_chained("sort lists", sort_kernel, blocks_of(slots, sorted), sort_threads, stream, workspace, slots, sorted);
    const unsigned merged = tiles >= few_tiles ? most_merge_slots : 1;
    launch_chained("merge long lists", merge_kernel, blocks_of(slots, merged), segment_length, stream, workspace, slots,
                   merged);
    done("sort");
}

}  // namespace likeness::cuda

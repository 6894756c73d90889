// First stage of the forward pass and last of the backward pass: one thread for each Gaussian.
#include <algorithm>
#include <cub/block/block_scan.cuh>

#include "cuda/exact.cuh"
#include "cuda/half_splat.cuh"
#include "cuda/launch.cuh"
#include "cuda/projection.cuh"
#include "cuda/raster_stages.h"
#include "cuda/tiles.cuh"

namespace likeness::cuda {
namespace {

struct ProjectArguments {
    RasterInputs inputs;
    const View* view;
    RasterWorkspace workspace;
    int splats, views, items, channels, extra_channels;
    bool shared, depth, normal;
    int columns, rows;
    unsigned slots, capacity;
};

// Finite, and not so large that its square overflows: a Gaussian with any other value is not drawn.
__device__ bool usable(float x) { return fabsf(x) < 1.0e18f; }
__device__ bool usable(Vec3 v) { return usable(v.x) && usable(v.y) && usable(v.z); }

// A Gaussian as the trainer or as the viewer keeps it.
template <bool Half>
__device__ float opacity_of(const RasterInputs& in, std::size_t i) {
    if constexpr (Half) return widened(in.halves[i].opacity);
    return in.opacities[i];
}
template <bool Half>
__device__ Vec3 color_of(const RasterInputs& in, std::size_t i) {
    if constexpr (Half) return widened(in.halves[i].color);
    return load3(in.colors + 3 * i);
}
template <bool Half>
__device__ Vec3 scale_of(const RasterInputs& in, std::size_t i) {
    if constexpr (Half) return widened(in.halves[i].scale);
    return load3(in.scales + 3 * i);
}
template <bool Half>
__device__ Quaternion rotation_of(const RasterInputs& in, std::size_t i) {
    if constexpr (Half) return widened(in.halves[i].rotation);
    const float4 q = reinterpret_cast<const float4*>(in.rotations)[i];
    return {q.x, q.y, q.z, q.w};
}

__device__ bool usable_appearance(const ProjectArguments& a, std::size_t i, float opacity, Vec3 color) {
    if (!usable(opacity) || !usable(color)) return false;
    for (int k = 0; k < a.extra_channels; ++k) {
        if (!usable(a.inputs.extra[i * a.extra_channels + k])) return false;
    }
    return true;
}

// Channels of a Gaussian in the order color, depth, normal, extra.
__device__ void write_features(const ProjectArguments& a, int i, std::size_t input, Vec3 color, float depth,
                               Vec3 normal) {
    float* row = a.workspace.features + std::size_t(i) * a.channels;
    store3(row, color);
    int channel = 3;
    if (a.depth) row[channel++] = depth;
    if (a.normal) {
        store3(row + channel, normal);
        channel += 3;
    }
    for (int k = 0; k < a.extra_channels; ++k) row[channel + k] = a.inputs.extra[input * a.extra_channels + k];
}

// What a block keeps of its Gaussians while it looks at their tiles.
template <int Splats>
struct BlockSplats {
    ScreenSplat splats[Splats];
    float determinants[Splats];  // of the inverse covariances
    ushort4 boxes[Splats];
    unsigned ends[Splats];  // of the Gaussians' rows of tiles, one after the other
    bool touched[Splats];
    // Tiles side by side that a Gaussian touches. They are gathered before room for their pairs is asked for, and all
    // threads share the pairs: a block may have a hundred or some thousands.
    static constexpr unsigned most_spans = 4 * linear_threads;
    unsigned span_tiles[most_spans], span_owners[most_spans], span_ends[most_spans];
    unsigned base;
};

// How many of `count` rising ends are not above `x`: the number of the range that x is in.
__device__ inline unsigned range_of(const unsigned* ends, unsigned count, unsigned x) {
    unsigned low = 0;
    for (unsigned step = count / 2; step > 0; step /= 2)
        if (ends[low + step - 1] <= x) low += step;
    return low;
}

// Pairs that a thread appends together: each waits for a counter of its tile, and a block of large Gaussians has
// thousands.
constexpr unsigned pairs_at_once = 4;

struct Pair {
    bool inside;
    unsigned place, tile, item;
};

// Each pair's place in the list of its tile, before sorting, and in the list of all pairs. Every lane enters. With
// `crowded` those of a warp that share a tile ask for their places together: the deepest tile's counter would decide
// the time.
__device__ void append(const RasterWorkspace& w, const Pair (&pairs)[pairs_at_once], int lane, bool crowded) {
    unsigned same[pairs_at_once], rank[pairs_at_once] = {};
#pragma unroll
    for (unsigned n = 0; n < pairs_at_once; ++n)
        same[n] = crowded ? __match_any_sync(all_lanes, pairs[n].inside ? pairs[n].tile : no_tile) : 1u << lane;
#pragma unroll
    for (unsigned n = 0; n < pairs_at_once; ++n)
        if (pairs[n].inside && lane == __ffs(int(same[n])) - 1)
            rank[n] = atomicAdd(w.tile_counts + pairs[n].tile, unsigned(__popc(same[n])));
#pragma unroll
    for (unsigned n = 0; n < pairs_at_once; ++n) {
        const unsigned before = unsigned(__popc(same[n] & ((1u << lane) - 1)));
        rank[n] = __shfl_sync(all_lanes, rank[n], __ffs(int(same[n])) - 1) + before;
        if (!pairs[n].inside) continue;
        w.pair_tiles[pairs[n].place] = pairs[n].tile;
        w.pair_ranks[pairs[n].place] = rank[n];
        w.pair_items[pairs[n].place] = pairs[n].item;
    }
}

// Each block has `Splats` Gaussians, and all its threads share their tiles.
template <int Splats, bool Half>
__global__ void __launch_bounds__(linear_threads) project_kernel(ProjectArguments a) {
    wait_for_previous();
    using Block = BlockSplats<Splats>;
    using Scan = cub::BlockScan<unsigned, linear_threads>;
    __shared__ typename Scan::TempStorage scan_memory;
    __shared__ Block block;
    const int first = int(blockIdx.x) * Splats, i = first + int(threadIdx.x);
    const bool own = threadIdx.x < Splats;
    // This stage also clears what later ones only add to.
    const unsigned thread = blockIdx.x * linear_threads + threadIdx.x, tiles = unsigned(a.columns * a.rows * a.views);
    if (thread < tiles) static_cast<uint2*>(a.workspace.tile_ranges)[thread] = make_uint2(0, 0);
    for (unsigned slot = thread; slot < a.slots; slot += gridDim.x * linear_threads) {
        a.workspace.segment_tiles[slot] = no_tile;
    }

    bool visible = false;
    ScreenSplat splat{};
    float determinant = 0;
    ushort4 box = no_tiles();
    if (own && i < a.items) {
        const int view_index = i / a.splats;
        const View view = a.view[view_index];
        const std::size_t row = std::size_t(a.shared ? i - view_index * a.splats : i);
        const Vec3 mean = load3(a.inputs.means + 3 * row);
        float opacity = opacity_of<Half>(a.inputs, row);
        // Comparisons are written so that a NaN culls.
        if (camera_depth(view, mean) >= view.near_plane && opacity >= smallest_alpha) {
            const Vec3 scale = scale_of<Half>(a.inputs, row), color = color_of<Half>(a.inputs, row);
            const Projection p = project(view, mean, scale, rotation_of<Half>(a.inputs, row));
            if (row >= std::size_t(a.inputs.filtered_from)) opacity *= sqrtf(p.undilated_determinant / p.determinant);
            splat.x = view.fx * p.camera.x / p.camera.z + view.cx;
            splat.y = view.fy * p.camera.y / p.camera.z + view.cy;
            splat.opacity = opacity;
            splat.power_limit = power_limit(opacity);
            const bool leads = row >= std::size_t(a.inputs.leading_from);
            splat.depth = leads ? fmaxf(p.camera.z - lead, nearest_order) : p.camera.z;
            determinant = 1.0f / p.determinant;
            splat.xx = p.yy * determinant;
            splat.xy = -p.xy * determinant;
            splat.yy = p.xx * determinant;
            const bool drawable = opacity >= smallest_alpha && usable(splat.x) && usable(splat.y) && usable(p.xx) && usable(p.yy) &&
                                  usable(p.unit.w) && p.determinant > 0.0f && isfinite(p.determinant) &&
                                  usable_appearance(a, row, opacity, color);
            if (drawable) {
                box = tile_box(splat.x, splat.y, p.xx, p.yy, splat.power_limit, a.columns, a.rows);
            }
            visible = box_tiles(box) > 0;
            if (visible && a.workspace.features) {
                Vec3 normal{0, 0, 0};
                if (a.normal) {
                    const int axis = shortest_axis(scale);
                    normal = axis == 0 ? p.rotation.column(0) : axis == 1 ? p.rotation.column(1) : p.rotation.column(2);
                    normal = facing_sign(view, mean, normal) * normal;
                }
                write_features(a, i, row, color, p.camera.z, normal);
            }
        }
    }
    // All threads share all rows of tiles of the block's Gaussians: a few have sixty, most have two.
    if (own) {
        block.splats[threadIdx.x] = splat;
        block.determinants[threadIdx.x] = determinant;
        block.boxes[threadIdx.x] = box;
        block.touched[threadIdx.x] = false;
    }
    unsigned end = 0, total = 0;
    Scan(scan_memory).InclusiveSum(visible ? unsigned(box.w - box.y) : 0u, end, total);
    if (own) block.ends[threadIdx.x] = end;
    __syncthreads();
    for (unsigned begin = 0; begin < total; begin += Block::most_spans) {
        unsigned pairs = 0;
        for (unsigned k = 0; k < Block::most_spans; k += linear_threads) {
            const unsigned span = k + threadIdx.x, t = begin + span;
            unsigned hits = 0, owner = 0;
            if (t < total) {
                owner = range_of(block.ends, Splats, t);
                const ushort4 b = block.boxes[owner];
                const int row = b.y + int(t - (owner > 0 ? block.ends[owner - 1] : 0u));
                const int2 columns = row_columns(block.splats[owner], block.determinants[owner], row, b.x, b.z);
                hits = unsigned(columns.y - columns.x);
                if (hits > 0) block.touched[owner] = true;
                block.span_tiles[span] = (unsigned(first) + owner) / unsigned(a.splats) * unsigned(a.columns * a.rows) +
                                         unsigned(row * a.columns + columns.x);
                block.span_owners[span] = owner;
            }
            unsigned inclusive = 0, sum = 0;
            if (begin + k < total) {
                __syncthreads();  // the scan's memory is free
                Scan(scan_memory).InclusiveSum(hits, inclusive, sum);
            }
            block.span_ends[span] = pairs + inclusive;
            pairs += sum;
        }
        if (threadIdx.x == 0 && pairs > 0) block.base = atomicAdd(&a.workspace.counters->instances, pairs);
        __syncthreads();
        // Small Gaussians next to each other share tiles; those of large ones lie side by side.
        const bool crowded = pairs < 4 * min(total - begin, Block::most_spans);
        for (unsigned k = 0; k < pairs; k += pairs_at_once * linear_threads) {
            Pair together[pairs_at_once];
#pragma unroll
            for (unsigned n = 0; n < pairs_at_once; ++n) {
                const unsigned p = k + n * linear_threads + threadIdx.x, place = block.base + p;
                const bool inside = p < pairs && place < a.capacity;  // those beyond were counted all the same
                const unsigned span = inside ? range_of(block.span_ends, Block::most_spans, p) : 0u;
                const unsigned before = span > 0 ? block.span_ends[span - 1] : 0u;
                together[n] = {inside, place, block.span_tiles[span] + (p - before),
                               unsigned(first) + block.span_owners[span]};
            }
            append(a.workspace, together, int(threadIdx.x) % warp_threads, crowded);
        }
        __syncthreads();
    }
    const int seen = __syncthreads_count(own && block.touched[threadIdx.x]);
    if (own && i < a.items) {
        if (!block.touched[threadIdx.x]) splat.opacity = 0;
        static_cast<ScreenSplat*>(a.workspace.geometry)[i] = splat;
    }
    if (threadIdx.x == 0 && seen > 0) atomicAdd(&a.workspace.counters->visible, unsigned(seen));
}

struct BackwardArguments {
    ProjectArguments forward;
    RasterInputGradients gradients;
    int row;  // screen sums of an item
    bool deterministic;
};

// A sum over a Gaussian's pixels.
__device__ float screen_sum(const BackwardArguments& b, std::size_t item, int k) {
    const std::size_t at = item * b.row + k;
    const float* const sums = b.forward.workspace.screen_gradients;
    return b.deterministic ? value_of(reinterpret_cast<const ExactSum*>(sums)[at], screen_units) : sums[at];
}

__device__ void store_if(float* target, std::size_t index, Vec3 value) {
    if (target) store3(target + 3 * index, value);
}

// One thread for each row of the inputs, which sums over the views that share it.
__global__ void __launch_bounds__(linear_threads) project_backward_kernel(BackwardArguments b) {
    wait_for_previous();
    const ProjectArguments& a = b.forward;
    const int i = int(blockIdx.x) * linear_threads + int(threadIdx.x);
    if (i >= (a.shared ? a.splats : a.items)) return;
    const std::size_t index = std::size_t(i);
    const Vec3 mean = load3(a.inputs.means + 3 * index), scale = scale_of<false>(a.inputs, index);
    const Quaternion rotation = rotation_of<false>(a.inputs, index);
    SplatGradient g{};
    Vec3 color{0, 0, 0};
    float opacity = 0, moved = 0;
    if (b.gradients.extra) {
        for (int k = 0; k < a.extra_channels; ++k) b.gradients.extra[index * a.extra_channels + k] = 0;
    }
    for (int k = 0; k < (a.shared ? a.views : 1); ++k) {
        const int view_index = a.shared ? k : i / a.splats;
        const std::size_t item = a.shared ? std::size_t(k) * a.splats + index : index;
        const ScreenSplat splat = static_cast<const ScreenSplat*>(a.workspace.geometry)[item];
        if (!(splat.opacity > 0.0f)) continue;
        const View view = a.view[view_index];
        const Projection p = project(view, mean, scale, rotation);
        // Sums of dL/dpower times 1, dx, dy, dx^2, dx dy, dy^2 (blend_backward.cu); d = pixel - mean.
        const float sum_x = screen_sum(b, item, 1), sum_y = screen_sum(b, item, 2);
        ScreenGradient s{};
        s.mean_x = -(splat.xx * sum_x + splat.xy * sum_y);
        s.mean_y = -(splat.xy * sum_x + splat.yy * sum_y);
        s.xx = 0.5f * screen_sum(b, item, 3);
        s.xy = screen_sum(b, item, 4);
        s.yy = 0.5f * screen_sum(b, item, 5);
        // alpha = opacity exp(-power): dalpha/dopacity = -(dalpha/dpower) / opacity
        opacity -= screen_sum(b, item, 0) / splat.opacity;
        int channel = screen_sums;
        const auto next3 = [&] {
            channel += 3;
            return Vec3{screen_sum(b, item, channel - 3), screen_sum(b, item, channel - 2),
                        screen_sum(b, item, channel - 1)};
        };
        color = color + next3();
        if (a.depth) s.depth = screen_sum(b, item, channel++);
        if (a.normal) s.normal = next3();
        const SplatGradient own = project_backward(view, p, mean, scale, a.normal, s);
        g.mean = g.mean + own.mean;
        g.scale = g.scale + own.scale;
        g.rotation = {g.rotation.w + own.rotation.w, g.rotation.x + own.rotation.x, g.rotation.y + own.rotation.y,
                      g.rotation.z + own.rotation.z};
        moved += sqrtf(s.mean_x * s.mean_x + s.mean_y * s.mean_y);
        if (b.gradients.extra) {
            for (int e = 0; e < a.extra_channels; ++e)
                b.gradients.extra[index * a.extra_channels + e] += screen_sum(b, item, channel + e);
        }
    }
    if (b.gradients.screen && b.deterministic && !a.shared) {
        a.workspace.screen_gradients[2 * index * b.row] = moved;  // for screen_kernel(); the sums have been read
    } else if (b.gradients.screen && moved > 0) {
        atomicAdd(b.gradients.screen + i % a.splats, moved);
    }
    store_if(b.gradients.means, index, g.mean);
    store_if(b.gradients.scales, index, g.scale);
    store_if(b.gradients.colors, index, color);
    if (b.gradients.rotations) {
        reinterpret_cast<float4*>(b.gradients.rotations)[index] =
            make_float4(g.rotation.w, g.rotation.x, g.rotation.y, g.rotation.z);
    }
    if (b.gradients.opacities) b.gradients.opacities[i] = opacity;
}

// Adds up what project_backward_kernel() left of each view, in their order.
__global__ void __launch_bounds__(linear_threads) screen_kernel(BackwardArguments b) {
    const int i = int(blockIdx.x) * linear_threads + int(threadIdx.x);
    if (i >= b.forward.splats) return;
    float sum = b.gradients.screen[i];
    for (int k = 0; k < b.forward.views; ++k) {
        const std::size_t item = std::size_t(k) * b.forward.splats + i;
        sum += b.forward.workspace.screen_gradients[2 * item * b.row];
    }
    b.gradients.screen[i] = sum;
}

ProjectArguments arguments(const RasterShape& shape, const RasterInputs& inputs, const View* view,
                           const RasterWorkspace& workspace) {
    const TileGrid grid = tile_grid(shape);
    return {inputs,
            view,
            workspace,
            shape.splats,
            shape.views,
            shape.items(),
            shape.channels(),
            shape.extra_channels,
            shape.shared,
            shape.depth,
            shape.normal,
            grid.columns,
            grid.rows,
            segment_slots(shape),
            shape.instance_capacity};
}

}  // namespace

void launch_project(const RasterShape& shape, const RasterInputs& inputs, const View* view,
                    const RasterWorkspace& workspace, cudaStream_t stream) {
    // A lone picture's blocks are too few to fill the GPU: they get fewer Gaussians each, so that more threads share their
    // tiles. A batch fills it anyway, and then every thread had better begin with a Gaussian of its own.
    const int splats = shape.items() <= (1 << 18) ? warp_threads : linear_threads;
    const unsigned blocks = std::max(unsigned((shape.items() + splats - 1) / splats),
                                     blocks_for(std::size_t(tile_grid(shape).count())));
    const auto kernel = [&] {
        const bool few = splats == warp_threads;
        if (inputs.halves) return few ? project_kernel<warp_threads, true> : project_kernel<linear_threads, true>;
        return few ? project_kernel<warp_threads, false> : project_kernel<linear_threads, false>;
    }();
    launch_chained("project", kernel, blocks, linear_threads, stream, arguments(shape, inputs, view, workspace));
}

void launch_project_backward(const RasterShape& shape, const RasterInputs& inputs, const View* view,
                             const RasterWorkspace& workspace, const RasterInputGradients& gradients,
                             cudaStream_t stream) {
    if (shape.splats == 0) return;
    const BackwardArguments backward{arguments(shape, inputs, view, workspace), gradients, screen_gradient_row(shape),
                                     shape.deterministic};
    launch_chained("project backward", project_backward_kernel, blocks_for(std::size_t(shape.inputs())), linear_threads,
                   stream, backward);
    if (shape.deterministic && !shape.shared && gradients.screen) {
        screen_kernel<<<blocks_for(std::size_t(shape.splats)), linear_threads, 0, stream>>>(backward);
        check_launch("screen gradients", stream);
    }
}

}  // namespace likeness::cuda

// The CUDA rasterizer on raw device pointers: same semantics as core/splat/rasterizer.h, no allocation, no host
// read-back, everything on the given stream, capturable into a CUDA graph.
//
// Forward: project each Gaussian and count the tiles its ellipse touches; sort Gaussians by depth once; scan the counts
// in that order; emit one instance for each touched tile; sort instances by tile (stable, so depth order survives);
// find each tile's range and cut it into segments; blend the segments, first their transmittance alone, then, with the
// transmittance before each known, their colors; join them. Backward: each segment walked again front to back, sums of
// a warp's pixels added to one row for each Gaussian, then the projection's derivative for each Gaussian.
//
// All pointers are device pointers of contiguous float32 arrays with the shapes of SplatSet and Frame.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "core/base/stage_time.h"
#include "likeness/cuda/half_splat.h"

namespace likeness::cuda {

// The camera and the options that may change from step to step; it lives in device memory so that a captured graph
// can be replayed with another view.
struct View {
    float rotation[9];       // world_to_camera, row-major
    float translation[3];    // metres
    float position[3];       // of the camera in the world
    float fx, fy, cx, cy;    // pixels
    float limit_u, limit_v;  // largest |x/z| and |y/z| used in the Jacobian
    float near_plane;        // metres, > 0
    float background[3];
};

struct RasterShape {
    int splats = 0;
    int extra_channels = 0;
    bool depth = false;
    bool normal = false;
    int width = 0, height = 0;            // pixels
    std::uint32_t instance_capacity = 0;  // (Gaussian, tile) pairs of all views that fit; others are not drawn
    // Views of one batch: `view` points to as many, pictures lie one behind the other.
    int views = 1;
    bool shared =
        true;  // the views see the same Gaussians; else each has `splats` of its own, one set behind the other
    // The same gradients, to the bit, each time; slower. Else their sums run in no fixed order.
    bool deterministic = false;
    std::size_t scratch_bytes = 0;  // of RasterWorkspace::scratch, at least

    int items() const { return splats * views; }              // pairs of a Gaussian and a view
    int inputs() const { return shared ? splats : items(); }  // rows of the input arrays
    int channels() const { return 3 + (depth ? 1 : 0) + (normal ? 3 : 0) + extra_channels; }
};

inline constexpr int none_filtered = 0x7fffffff;

struct RasterInputs {
    const float* means = nullptr;
    const float* scales = nullptr;
    const float* rotations = nullptr;
    const float* colors = nullptr;
    const float* opacities = nullptr;
    const float* extra = nullptr;
    const HalfSplat* halves = nullptr;  // read in place of scales, rotations, colors and opacities; no way back then
    // SplatSet's; no way back for those.
    int filtered_from = none_filtered, leading_from = none_filtered;
};

// Each [views, ...].
struct RasterOutputs {
    float* color = nullptr;   // [height, width, 3]
    float* alpha = nullptr;   // [height, width]
    float* depth = nullptr;   // [height, width] when shape.depth
    float* normal = nullptr;  // [height, width, 3] when shape.normal
    float* extra = nullptr;   // [height, width, extra_channels]
};

// Gradients of the loss by the outputs; null counts as zero.
struct RasterOutputGradients {
    const float* color = nullptr;
    const float* alpha = nullptr;
    const float* depth = nullptr;
    const float* normal = nullptr;
    const float* extra = nullptr;
};

// Overwritten, but for `screen`, to which the norm of the screen position's gradient is added. Null ones are skipped.
// Of shape.inputs() rows: those of shared Gaussians are summed over the views.
struct RasterInputGradients {
    float* means = nullptr;
    float* scales = nullptr;
    float* rotations = nullptr;
    float* colors = nullptr;
    float* opacities = nullptr;
    float* extra = nullptr;
    float* screen = nullptr;  // [splats], summed over the views
};

struct RasterCounters {
    std::uint32_t instances = 0;  // needed; when above instance_capacity the picture is incomplete
    std::uint32_t visible = 0;    // Gaussians that touch at least one tile, in each view
};

// The pieces of one block of device memory that a forward pass fills and its backward pass reads.
struct RasterWorkspace {
    // Cleared together at the start of a pass.
    RasterCounters* counters = nullptr;
    std::uint32_t* tile_counts = nullptr;  // [tiles]

    void* geometry = nullptr;   // [items] ScreenSplat
    float* features = nullptr;  // [items, channels]; unused when only color is asked for
    // Pairs of a tile and a Gaussian as they were found, and the pair's place in the tile's list before sorting.
    std::uint32_t* pair_tiles = nullptr;  // [instance_capacity]
    std::uint32_t* pair_ranks = nullptr;  // [instance_capacity]
    // The tiles' lists: depth in the upper half, item in the lower one. Those of more than piece_keys are in order in
    // `merged_keys`, which takes the place of the pairs.
    unsigned long long* keys = nullptr;         // [instance_capacity]
    unsigned long long* merged_keys = nullptr;  // [instance_capacity]
    void* tile_ranges = nullptr;                // [tiles] uint2
    // Segments of the tiles' lists (constants.h). A tile's segments have consecutive slots; a slot's floats are planes
    // of one value for each of the tile's pixels.
    std::uint32_t* segment_tiles = nullptr;  // [slots] or no_tile
    std::uint32_t* patch_hits = nullptr;     // [slots, patches, segment_length / 32] Gaussians that reach a patch, bits
    float* segment_ends = nullptr;           // [slots, pixels] transmittance behind it; negative where blending stopped
    float* segment_sums = nullptr;           // [slots, channels, pixels] blended sums, then those of all before
    std::uint32_t* last_instance =
        nullptr;  // [views, height, width] Gaussians of the tile's list up to the last one blended
    std::size_t cleared_bytes = 0;  // from `counters` on

    // One place for what a forward pass alone needs, for what a backward pass alone needs, and otherwise for anybody.
    void* scratch = nullptr;
    std::uint32_t* pair_items = nullptr;    // [instance_capacity], as pair_tiles
    float* segment_products = nullptr;      // [slots, pixels] product of (1 - alpha)
    unsigned char* segment_last = nullptr;  // [slots, pixels] Gaussians walked to the last one blended
    float* screen_gradients = nullptr;      // [items, row], or as many ExactSum
};

std::size_t raster_workspace_bytes(const RasterShape& shape);
// `memory` holds at least raster_workspace_bytes(shape), aligned to 256 bytes.
RasterWorkspace carve_raster_workspace(void* memory, const RasterShape& shape);

// Copies views to the device without a pageable or pinned source to keep alive.
void set_views(View* target, const View* views, int count, cudaStream_t stream);

// Puts counters into page-locked host memory.
void report_counters(const RasterCounters* from, RasterCounters* to, cudaStream_t stream);

using likeness::StageMark;

void rasterize_forward(const RasterShape& shape, const RasterInputs& inputs, const View* view,
                       const RasterWorkspace& workspace, const RasterOutputs& outputs, cudaStream_t stream,
                       const StageMark& mark = {});

// Needs the workspace and the outputs as the forward pass left them.
void rasterize_backward(const RasterShape& shape, const RasterInputs& inputs, const View* view,
                        const RasterWorkspace& workspace, const RasterOutputs& outputs,
                        const RasterOutputGradients& output_gradients, const RasterInputGradients& input_gradients,
                        cudaStream_t stream, const StageMark& mark = {});

}  // namespace likeness::cuda

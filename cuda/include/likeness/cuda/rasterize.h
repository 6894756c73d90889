// The CUDA rasterizer on raw device pointers: same semantics as core/splat/rasterizer.h, no allocation, no host
// read-back, everything on the given stream, capturable into a CUDA graph.
//
// Forward: project each Gaussian and count the tiles its ellipse touches; sort Gaussians by depth once; scan the counts
// in that order; emit one instance for each touched tile; sort instances by tile (stable, so depth order survives);
// find each tile's range and cut it into segments; blend the segments, first their transmittance alone, then, with the
// transmittance before each known, their colours; join them. Backward: each segment walked again front to back, sums of
// a warp's pixels added to one row for each Gaussian, then the projection's derivative for each Gaussian.
//
// All pointers are device pointers of contiguous float32 arrays with the shapes of SplatSet and Frame.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

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
    std::uint32_t instance_capacity = 0;  // (Gaussian, tile) pairs that fit; farther Gaussians beyond it are not drawn

    int channels() const { return 3 + (depth ? 1 : 0) + (normal ? 3 : 0) + extra_channels; }
};

struct RasterInputs {
    const float* means = nullptr;
    const float* scales = nullptr;
    const float* rotations = nullptr;
    const float* colors = nullptr;
    const float* opacities = nullptr;
    const float* extra = nullptr;
};

struct RasterOutputs {
    float* color = nullptr;   // [height, width, 3]
    float* alpha = nullptr;   // [height, width]
    float* depth = nullptr;   // [height, width] when shape.depth
    float* normal = nullptr;  // [height, width, 3] when shape.normal
    float* extra = nullptr;   // [height, width, extra_channels]
};

// Derivatives of the loss by the outputs; null counts as zero.
struct RasterOutputGradients {
    const float* color = nullptr;
    const float* alpha = nullptr;
    const float* depth = nullptr;
    const float* normal = nullptr;
    const float* extra = nullptr;
};

// Overwritten, but for `screen`, to which the norm of the screen position's gradient is added. Null ones are skipped.
struct RasterInputGradients {
    float* means = nullptr;
    float* scales = nullptr;
    float* rotations = nullptr;
    float* colors = nullptr;
    float* opacities = nullptr;
    float* extra = nullptr;
    float* screen = nullptr;  // [splats]
};

struct RasterCounters {
    std::uint32_t instances = 0;  // needed; when above instance_capacity the picture is incomplete
    std::uint32_t visible = 0;    // Gaussians that touch at least one tile
};

// The pieces of one block of device memory that a forward pass fills and its backward pass reads.
struct RasterWorkspace {
    RasterCounters* counters = nullptr;
    void* geometry = nullptr;                // [splats] ScreenSplat
    std::uint32_t* tile_counts = nullptr;    // [splats]
    void* tile_boxes = nullptr;              // [splats] ushort4
    float* features = nullptr;               // [splats, channels]; unused when only colour is asked for
    std::uint32_t* depth_keys[2] = {};       // [splats], unsorted and sorted
    std::uint32_t* depth_order[2] = {};      // [splats], index before and after
    std::uint32_t* instance_ends = nullptr;  // [splats] in depth order
    std::uint32_t* tile_keys[2] = {};        // [instance_capacity]
    std::uint32_t* instances[2] = {};        // [instance_capacity] Gaussian of each instance
    void* tile_ranges = nullptr;             // [tiles] uint2
    // Segments of the tiles' lists (constants.h). A tile's segments have consecutive slots; a slot's floats are planes
    // of one value for each of the tile's pixels.
    std::uint32_t* segment_tiles = nullptr;  // [slots] or no_tile
    float* segment_products = nullptr;       // [slots, pixels] product of (1 - alpha)
    float* segment_starts = nullptr;         // [slots, pixels] transmittance before the segment
    float* segment_ends = nullptr;           // [slots, pixels] after it; negative where blending stopped
    unsigned char* segment_last = nullptr;   // [slots, pixels] Gaussians walked to the last one blended
    float* segment_sums = nullptr;           // [slots, channels, pixels] blended sums, then those of all before
    std::uint32_t* last_instance = nullptr;  // [height, width] Gaussians of the tile's list up to the last one blended
    float* screen_gradients = nullptr;       // [splats, row]
    void* sort_memory = nullptr;
    std::size_t sort_bytes = 0;
};

std::size_t raster_workspace_bytes(const RasterShape& shape);
// `memory` holds at least raster_workspace_bytes(shape), aligned to 256 bytes.
RasterWorkspace carve_raster_workspace(void* memory, const RasterShape& shape);

// Copies a view to the device without a pageable or pinned source to keep alive.
void set_view(View* target, const View& view, cudaStream_t stream);

void rasterize_forward(const RasterShape& shape, const RasterInputs& inputs, const View* view,
                       const RasterWorkspace& workspace, const RasterOutputs& outputs, cudaStream_t stream);

// Needs the workspace and the outputs as the forward pass left them.
void rasterize_backward(const RasterShape& shape, const RasterInputs& inputs, const View* view,
                        const RasterWorkspace& workspace, const RasterOutputs& outputs,
                        const RasterOutputGradients& output_gradients, const RasterInputGradients& input_gradients,
                        cudaStream_t stream);

}  // namespace likeness::cuda

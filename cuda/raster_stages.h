// The stages of rasterize.h, one launch function each; a stage's file holds its kernel.
#pragma once

#include <cuda_runtime_api.h>

#include "cuda/constants.h"
#include "likeness/cuda/rasterize.h"

namespace likeness::cuda {

struct TileGrid {
    int columns = 0, rows = 0;
    int views = 1;  // the tiles of one view after those of the other
    __host__ __device__ int of_view() const { return columns * rows; }
    int count() const { return of_view() * views; }
};
inline TileGrid tile_grid(const RasterShape& shape) {
    return {(shape.width + tile_width - 1) / tile_width, (shape.height + tile_height - 1) / tile_height, shape.views};
}
// What finds a tile's pixels in the pictures.
struct Canvas {
    TileGrid grid;
    int width, height;
};
inline Canvas canvas_of(const RasterShape& shape) { return {tile_grid(shape), shape.width, shape.height}; }

// Slots for segments. A tile's first slot is begin / segment_length + tile: a tile with n Gaussians needs at most
// n / segment_length + 1 slots, and the next tile's number is larger by one, so slots of two tiles never meet.
inline unsigned segment_slots(const RasterShape& shape) {
    return shape.instance_capacity / segment_length + unsigned(tile_grid(shape).count());
}

// Sums in a row of `screen_gradients`, a multiple of 4 to keep rows in few memory sectors.
inline int screen_gradient_row(const RasterShape& shape) { return (screen_sums + shape.channels() + 3) / 4 * 4; }
inline std::size_t screen_gradient_floats(const RasterShape& shape) {
    return std::size_t(shape.items()) * std::size_t(screen_gradient_row(shape)) * (shape.deterministic ? 2 : 1);
}

// What blending knows of a Gaussian. Two 16-byte loads.
struct alignas(16) ScreenSplat {
    float x, y;         // pixels
    float opacity;      // 0 when culled
    float power_limit;  // the exponent at which alpha falls below smallest_alpha, with slack
    float xx, xy, yy;   // inverse covariance: power = (xx dx^2 + yy dy^2) / 2 + xy dx dy
    float depth;
};

void launch_project(const RasterShape& shape, const RasterInputs& inputs, const View* view,
                    const RasterWorkspace& workspace, cudaStream_t stream);
void launch_project_backward(const RasterShape& shape, const RasterInputs& inputs, const View* view,
                             const RasterWorkspace& workspace, const RasterInputGradients& gradients,
                             cudaStream_t stream);

// From the pairs that projecting found to sorted lists and their segments.
void launch_tile_lists(const RasterShape& shape, const RasterWorkspace& workspace, cudaStream_t stream,
                       const StageMark& done);

// One group of channels that is blended together. Rows of `features` hold every channel of a Gaussian.
struct ChannelGroup {
    const float* features = nullptr;  // first channel of the group
    int stride = 0;                   // floats between Gaussians
    unsigned wrap = ~0u;              // rows of `features`: items beyond begin again
    int first = 0;                    // index of the group's first channel
    int count = 0;
    float* output[largest_channel_group] = {};          // null beyond count
    const float* gradient[largest_channel_group] = {};  // null counts as zero
    int pixel_stride[largest_channel_group] = {};
    bool background[largest_channel_group] = {};  // color: the background shows through
    const HalfSplat* halves = nullptr;            // whose colors are the channels, in place of `features`
};

void launch_transmittance(const RasterShape& shape, const RasterWorkspace& workspace, cudaStream_t stream);
void launch_blend(const RasterShape& shape, const View* view, const RasterWorkspace& workspace,
                  const ChannelGroup& group, float* alpha, cudaStream_t stream);
void launch_blend_backward(const RasterShape& shape, const RasterWorkspace& workspace, const ChannelGroup& group,
                           const float* alpha, const float* alpha_gradient, cudaStream_t stream);

}  // namespace likeness::cuda

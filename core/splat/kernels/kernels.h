// What the orchestrating code (cpu_rasterizer.cpp) and the vectorised kernels exchange: plain structures of raw
// pointers, and one table of functions for each instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/splat/kernels/constants.h"

namespace likeness::cpu_raster {

// A Gaussian on the screen; one cache line.
struct alignas(64) ScreenSplat {
    float u, v;  // pixels
    // log2(alpha) = log2_opacity + xx dx^2 + xy dx dy + yy dy^2: base 2 saves a multiplication in each exponential.
    float log2_opacity, xx, xy, yy;
    float red, green, blue;
    // The ellipse alpha = 1/255: half sizes of its box, and for the column dx the rows
    // slope dx +- sqrt(arc (half_width^2 - dx^2)); its top and bottom are at dx = +-summit.
    float half_width, half_height;
    float slope, arc, summit;
    float padding[2];
};

// A Gaussian in a tile's list; rows are those its ellipse touches there.
struct TileInstance {
    std::uint32_t splat;
    std::uint32_t slot;  // its row of sums in the backward pass; one Gaussian's are contiguous
    std::uint8_t first_row, last_row;
    std::uint16_t padding;
};

struct ScreenView {
    float rotation[9];       // world_to_camera, row-major
    float translation[3];    // metres
    float position[3];       // of the camera, world
    float fx, fy, cx, cy;    // pixels
    float limit_x, limit_y;  // largest |x/z| and |y/z| used in the Jacobian
    float near_plane;
    int width, height;
    float background[3];
};

// Channels beyond color: [depth][normal x, y, z][extras].
struct FurtherChannels {
    bool depth = false, normal = false;
    int extras = 0;
    int count() const { return (depth ? 1 : 0) + (normal ? 3 : 0) + extras; }
};

struct SplatInputs {
    std::size_t count;
    const float *means, *scales, *rotations, *colors, *opacities, *extra;
    std::size_t filtered_from, leading_from;
};

struct ProjectTask {
    ScreenView view;
    SplatInputs splats;
    FurtherChannels further;
    ScreenSplat* screen;  // [count]
    float* depths;        // [count]; 0 marks a Gaussian that is not drawn
    float* features;      // [count, further.count()]
};

// Planes of a tile's pixels: a channel is tile_pixels contiguous floats.
struct BlendTask {
    ScreenView view;
    int columns;  // of tiles
    const ScreenSplat* screen;
    const std::uint32_t* tile_begin;  // [tiles + 1]
    const TileInstance* instances;
    FurtherChannels further;
    const float* features;
    // State left for the backward pass: a tile's transmittance (negative where blending stopped), color and further
    // channels, before the background; and how many instances the tile walked through.
    float* state;  // [tiles, 4 + further, tile_pixels]
    std::uint32_t* walked;
    float *color, *alpha, *depth, *normal, *extra;  // pictures, HWC
};

struct BlendBackwardTask {
    BlendTask forward;
    // Gradients by the pictures; null ones are zero. `further` channels take part only if one of them is given.
    const float *color, *alpha, *depth, *normal, *extra;
    bool use_further;
    float* sums;  // [instances, pixel_sums + (use_further ? further : 0)]
};

struct ProjectBackwardTask {
    ProjectTask forward;
    const float* sums;  // as above
    bool use_further;
    const std::uint32_t* slot_begin;  // [count], the Gaussian's first row of `sums`
    const std::uint32_t* slot_count;  // [count]
    float *means, *scales, *rotations, *colors, *opacities, *extra;
    float* screen_gradient;  // may be null
};

struct Kernels {
    const char* name;
    // Ranges of Gaussians begin at multiples of 8.
    void (*project)(const ProjectTask&, std::size_t begin, std::size_t end);
    void (*blend)(const BlendTask&, std::size_t tile_begin, std::size_t tile_end);
    void (*blend_backward)(const BlendBackwardTask&, std::size_t tile_begin, std::size_t tile_end);
    void (*project_backward)(const ProjectBackwardTask&, std::size_t begin, std::size_t end);
};

const Kernels& portable_kernels();
const Kernels* avx2_kernels();    // null where the build or the processor has none
const Kernels* avx512_kernels();  // blends two rows of a tile at once

}  // namespace likeness::cpu_raster

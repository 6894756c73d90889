// The rasterizer's definition (core/splat/rasterizer.h) once more, in double precision and without any cleverness: for
// each pixel all Gaussians in depth order.
//
// Thresholds make the picture jump, so finite differences are taken with every decision of the undisturbed scene
// (order, what is dropped, clamped, where a pixel stops, which way a normal points) replayed.
#pragma once

#include <cstdint>
#include <vector>

#include "core/splat/rasterizer.h"

namespace likeness {

// All attributes of a SplatSet as one vector, so that a test can disturb any of them.
struct DoubleSplats {
    std::size_t count = 0;
    int extras = 0;
    std::vector<double> means, scales, rotations, colors, opacities, extra;
};
DoubleSplats to_double(const SplatSet& splats);

// Pixels' channels: red, green, blue, alpha, depth, normal x, y, z, extras.
struct DoublePicture {
    int width = 0, height = 0, channels = 0;
    std::vector<double> values;
};

enum class Fate : std::uint8_t { dropped, blended, clamped, stopped };

struct Decisions {
    std::vector<std::uint32_t> order;  // drawn Gaussians, front to back
    std::vector<int> shortest;         // axis, for each of `order`
    std::vector<double> facing;        // -1 or 1, for each of `order`
    std::vector<Fate> fates;           // [pixel, order]
};

// Takes the decisions and notes them.
DoublePicture render(const DoubleSplats& splats, const Camera& camera, const RasterOptions& options,
                     Decisions& decisions);
// Follows decisions taken before.
DoublePicture render_again(const DoubleSplats& splats, const Camera& camera, const RasterOptions& options,
                           const Decisions& decisions);

}  // namespace likeness

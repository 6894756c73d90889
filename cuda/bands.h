// Pictures whose tile lists would take too much of the GPU's memory, drawn in bands of rows.
#pragma once

#include "likeness/cuda/device_rasterizer.h"

namespace likeness::cuda {

// Pairs of a tile and a Gaussian that a picture may have at a time; each takes some 32 bytes.
inline constexpr std::uint32_t usual_instances = 32u << 20;

// Draws rows [first, end) of the picture, and halves of them while they need more pairs than `most`; a single row of
// tiles takes what it needs. Outputs are those of the whole picture. Waits for the GPU; throws Cancelled when
// options.stop says so. The workspace is the last band's: no backward pass after it.
void draw_bands(DeviceRasterizer& rasterizer, const DeviceSplats& splats, const Camera& camera,
                const RasterOptions& options, const RasterOutputs& outputs, std::uint32_t most, int first, int end);

}  // namespace likeness::cuda

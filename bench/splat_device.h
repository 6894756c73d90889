// The rasterizer's time on the GPU, by CUDA's own events, with everything in the GPU's memory.
#pragma once

#include <nlohmann/json.hpp>

#include "core/splat/splat_set.h"

namespace likeness::bench {

// Medians of `rounds` replays of a graph after 50 warm-ups, milliseconds an image: forward_ms, forward_backward_ms
// (with an L1 loss to noise in between), backward_ms; stages: one pass without a graph, stage by stage (each also waits
// for its launch); instances and visible Gaussians an image; workspace_mib of the rasterizer. The batch's cameras stand
// a degree apart. Throws without a GPU.
nlohmann::ordered_json time_on_device(const SplatSet& splats, int size, int batch, int rounds);

}  // namespace likeness::bench

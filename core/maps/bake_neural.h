// Neural baking (FATE, Zhang et al. 2025, section 3.4): a U-Net on a fixed noise picture paints what is added to
// directly baked maps, at their own or a coarser resolution, and learns through the rasterizer: the photograph from its
// side, and from all others what the avatar itself shows there. On LibTorch (core/networks/torch).
#pragma once

#include <functional>

#include "core/maps/bake.h"
#include "core/learning/training_engine.h"

namespace likeness {

struct NeuralBakeOptions {
    int side = 1024;         // one of map_sides
    int network_side = 256;  // of what the U-Net paints, at most side
    int width = 16;          // channels of the U-Net at full size; 64 is FATE's
    int steps = 300;       // at most
    double seconds = 480;  // for the steps
    unsigned seed = 1;
    int preview_every = 10;  // steps
    // The Gaussians by the maps so far; may be empty. On the caller's thread.
    std::function<void(const Part<AnchoredSplats>&)> preview{};
};
// What suits the engine's device: full width and 512 texels on a GPU, a quarter and half of them on a processor.
NeuralBakeOptions neural_bake_options(bool gpu);

// `rasterizer` bakes directly and renders what is learned from; `engine` learns. Precondition: prepared(), anchors
// rebuilt. Errors: invalid_argument (as bake_direct, the U-Net's), not_found (LibTorch is not installed), device. Throws
// Cancelled, std::bad_alloc, the engine's.
Result<TextureMaps> bake_neural(const Avatar& avatar, Rasterizer& rasterizer, TrainingEngine& engine,
                                const NeuralBakeOptions& options, Progress& progress);

}  // namespace likeness

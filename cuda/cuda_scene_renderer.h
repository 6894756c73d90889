// Scenes posed, rasterized and turned into pixels on the GPU.
#pragma once

#include <memory>

#include "core/view/scene_renderer.h"

namespace likeness {

// On a stream of its own that goes before all training. draw() ends when the picture is whole; it writes to the host
// or to GPU memory. Null without a GPU; throws CudaError.
std::unique_ptr<SceneRenderer> make_cuda_scene_renderer();

}  // namespace likeness

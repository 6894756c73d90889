// From the rasterizer's float images to 8 bits: the GPU twin of core/view/frame_pixels.h. Device pointers.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "likeness/cuda/rasterize.h"

namespace likeness::cuda {

// What pixels show; depth from near (light) to far (dark) over the picture's own range.
enum class PixelContent { color, alpha, normals, depth };

// [width * height] RGBA, premultiplied. `range` is scratch of two words, for depth only.
void to_pixels(PixelContent content, const RasterOutputs& images, const View* view, int width, int height,
               unsigned* range, std::uint32_t* pixels, cudaStream_t stream);

}  // namespace likeness::cuda

// From the rasterizer's float images to 8 bits for the screen.
#pragma once

#include <cstdint>

#include "core/splat/rasterizer.h"
#include "core/view/scene_renderer.h"

namespace likeness {

// RGBA, premultiplied; `pixels` holds width * height * 4 bytes. Depth is shown from near (light) to far (dark) over
// the picture's own range, normals as (x, y, z) from -1..1 to 0..1 with y up, alpha as grey.
void to_pixels(const Frame& frame, FrameContent content, const Camera& camera, std::uint8_t* pixels);

}  // namespace likeness

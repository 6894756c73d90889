// TGA, BMP, PSD and Radiance from arbitrary bytes: as pictures, and as light.
#include <cmath>
#include <cstdlib>

#include "core/image/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    likeness::LoadOptions options;
    options.max_pixels = 250'000;
    options.max_side = 100;
    if (const auto loaded = likeness::load_picture_from_memory({data, size}, "fuzz.tga", options))
        for (const float value : loaded->image.pixels)
            if (!(value >= 0.0f && value <= 1.0f)) std::abort();
    if (const auto light = likeness::load_radiance_from_memory({data, size}, "fuzz", options))
        for (const float value : light->pixels)
            if (!(value >= 0.0f) || !std::isfinite(value)) std::abort();
    return 0;
}

// JPEG, PNG and WebP from arbitrary bytes.
#include <cstdlib>

#include "core/image/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    likeness::LoadOptions options;
    options.max_pixels = 250'000;  // a run is to take milliseconds
    options.max_side = 100;
    const auto loaded = likeness::load_picture_from_memory({data, size}, "fuzz", options);
    if (!loaded) return 0;
    for (const float value : loaded->image.pixels)
        if (!(value >= 0.0f && value <= 1.0f)) std::abort();
    return 0;
}

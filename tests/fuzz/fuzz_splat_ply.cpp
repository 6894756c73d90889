// Splat PLY from arbitrary bytes.
#include <cmath>
#include <cstdlib>

#include "core/formats/splat_ply.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto splats = likeness::load_splat_ply_from_memory({data, size}, "fuzz");
    if (!splats) return 0;
    if (splats->count == 0 || splats->rotations.size() != 4 * splats->count) std::abort();
    for (std::size_t i = 0; i < splats->count; ++i) {
        if (!(splats->opacities[i] > 0.0f && splats->opacities[i] < 1.0f)) std::abort();
        for (std::size_t c = 0; c < 3; ++c)
            if (!(splats->scales[3 * i + c] > 0.0f) || !std::isfinite(splats->means[3 * i + c])) std::abort();
    }
    return 0;
}

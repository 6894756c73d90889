// EXR pictures from arbitrary bytes, all channels that maps have.
#include "core/formats/exr.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    (void)likeness::load_exr_from_memory(std::vector<std::uint8_t>(data, data + size), "fuzz",
                                         {"R", "G", "B", "A", "Y", "opacity.Y", "scale.X"})
        .ok();
    return 0;
}

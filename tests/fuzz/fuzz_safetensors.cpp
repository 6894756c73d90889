// Safetensors from arbitrary bytes; every tensor is read.
#include "core/formats/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto file = likeness::Safetensors::load(std::vector<std::uint8_t>(data, data + size), "fuzz");
    if (!file) return 0;
    for (const std::string& name : file->names()) {
        const likeness::Shape any(file->tensor(name)->shape.size(), -1);
        (void)file->floats(name, any).ok();
        (void)file->ints(name, any).ok();
        (void)file->bytes(name, any).ok();
    }
    return 0;
}

// Zip archives from arbitrary bytes; every entry is unpacked.
#include <cstdlib>

#include "core/formats/zip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    likeness::ZipLimits limits;
    limits.max_entry_bytes = limits.max_total_bytes = 16 << 20;
    const auto reader = likeness::ZipReader::open(std::vector<std::uint8_t>(data, data + size), "fuzz", limits);
    if (!reader) return 0;
    for (const std::string& name : reader->names()) {
        if (!likeness::is_safe_entry_name(name)) std::abort();
        const auto bytes = reader->read(name);
        if (bytes && bytes->size() != reader->size(name)) std::abort();
    }
    return 0;
}

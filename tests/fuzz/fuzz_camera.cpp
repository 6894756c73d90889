// Cameras from arbitrary JSON, as --camera takes them.
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "core/formats/json_file.h"
#include "core/geometry/camera_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = likeness::parse_json({reinterpret_cast<const char*>(data), size}, "fuzz");
    if (!text) return 0;
    const auto camera = likeness::camera_from_json(*text);
    if (!camera) return 0;
    if (camera->width < 1 || camera->height < 1 || !(camera->fx > 0) || !camera->world_to_camera.allFinite())
        std::abort();
    return 0;
}

#include "core/pipeline/devices.h"

#include <fstream>
#include <vector>

#include "core/base/log.h"

namespace likeness {
namespace {

std::vector<DeviceKind>& kinds() {
    static std::vector<DeviceKind> list;
    return list;
}

}  // namespace

void register_device(DeviceKind kind) { kinds().push_back(std::move(kind)); }

std::string processor_name() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);)
        if (line.rfind("model name", 0) == 0)
            if (const auto colon = line.find(": "); colon != std::string::npos) return line.substr(colon + 2);
    return "unknown processor";
}

Result<Device> choose_device(const std::string& name) {
    if (name != "cpu")
        for (const DeviceKind& kind : kinds()) {
            if (name != "auto" && name != kind.name) continue;
            Result<Device> device = kind.open();
            if (device) return device;
            if (name != "auto") return device.error();
            spdlog::debug("{}: {}", kind.name, device.error().message);
        }
    if (name == "cpu" || name == "auto")
        return Device{"cpu", processor_name(), make_cpu_rasterizer,
                      [](TrainingPace) { return make_cpu_training_engine(); }, make_cpu_scene_renderer};
    return Error{ErrorCode::device, "This build has no device '" + name + "'; use --device cpu.", ""};
}

}  // namespace likeness

#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/commands.h"
#include "core/base/paths.h"
#include "core/networks/torch_library.h"
#include "core/pipeline/devices.h"

namespace likeness {

int diagnose(const CommonOptions& common) {
    nlohmann::ordered_json found;
    found["likeness"] = LIKENESS_VERSION;
    utsname system{};
    if (uname(&system) == 0) found["system"] = std::string(system.sysname) + " " + system.release + " " + system.machine;
    found["processor"] = processor_name();
    found["threads"] = std::thread::hardware_concurrency();
    found["rasterizer"] = make_cpu_rasterizer()->name();
    const auto gpu = choose_device("cuda");
    found["cuda"] = gpu ? gpu->hardware : gpu.error().message;
    const auto torch = torch_functions();
    found["libtorch"] = !torch                 ? torch.error().message
                        : (*torch)->gpus() > 0 ? std::string((*torch)->torch_version) + ", on the GPU too"
                                               : std::string((*torch)->torch_version);
    found["memory_mib"] = std::size_t(sysconf(_SC_PHYS_PAGES)) * std::size_t(sysconf(_SC_PAGE_SIZE)) >> 20;
    struct statvfs disk{};
    if (statvfs(".", &disk) == 0) found["disk_free_mib"] = std::size_t(disk.f_bavail) * disk.f_frsize >> 20;
    const auto head = find_asset("head.safetensors");
    found["assets"] = head ? head->parent_path().string() : head.error().message;
    if (common.json) {
        std::printf("%s\n", found.dump(2).c_str());
    } else {
        for (const auto& [name, value] : found.items())
            std::printf("%-14s %s\n", name.c_str(), value.is_string() ? value.get<std::string>().c_str() : value.dump().c_str());
    }
    return exit_ok;
}

}  // namespace likeness

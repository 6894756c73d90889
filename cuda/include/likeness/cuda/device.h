// Which GPU the program can use.
#pragma once

#include <cstddef>
#include <string>

#include "core/base/result.h"

namespace likeness::cuda {

struct DeviceInfo {
    std::string name;
    int capability = 0;  // 10 * major + minor
    int multiprocessors = 0;
    std::size_t memory = 0;  // bytes
    int driver = 0;          // CUDA version the driver supports, 1000 * major + 10 * minor
};

// The current device, or why there is none (no driver, no GPU, no kernel in this build for it).
Result<DeviceInfo> find_device();

}  // namespace likeness::cuda

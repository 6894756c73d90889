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

// The current device, or why there is none (no driver, no GPU, one too old for this build). Makes no context, which
// takes the driver long.
Result<DeviceInfo> identify_device();

// The same, and the driver was asked whether it can load this build's kernels.
Result<DeviceInfo> find_device();

}  // namespace likeness::cuda

// Makes the GPU known to core/pipeline/devices.h as "cuda"; call it once at start.
#pragma once

namespace likeness {

void register_cuda_device();

}  // namespace likeness

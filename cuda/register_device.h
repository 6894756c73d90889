// Makes the GPU known to core/studio/devices.h as "cuda"; call it once at start.
#pragma once

namespace likeness {

void register_cuda_device();

}  // namespace likeness

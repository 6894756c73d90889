#include "likeness/cuda/device.h"

#include <cuda_runtime_api.h>

#include "cuda/probe.h"

namespace likeness::cuda {
namespace {

Error no_device(const char* message, cudaError_t code) {
    cudaGetLastError();
    return {ErrorCode::device, message, std::string(cudaGetErrorName(code)) + ": " + cudaGetErrorString(code)};
}

constexpr const char* no_kernels = "This build holds no kernels for the GPU found; Likeness runs on the CPU.";

}  // namespace

Result<DeviceInfo> identify_device() {
    int count = 0;
    cudaError_t code = cudaGetDeviceCount(&count);
    if (code != cudaSuccess || count == 0) {
        return no_device("No NVIDIA GPU with a working driver was found; Likeness runs on the CPU.",
                         code == cudaSuccess ? cudaErrorNoDevice : code);
    }
    int device = 0;
    cudaDeviceProp properties{};
    code = cudaGetDevice(&device);
    if (code == cudaSuccess) code = cudaGetDeviceProperties(&properties, device);
    if (code != cudaSuccess) return no_device("The GPU did not answer; Likeness runs on the CPU.", code);
    DeviceInfo info;
    info.name = properties.name;
    info.capability = 10 * properties.major + properties.minor;
    info.multiprocessors = properties.multiProcessorCount;
    info.memory = properties.totalGlobalMem;
    cudaDriverGetVersion(&info.driver);
    if (info.capability < least_capability()) return no_device(no_kernels, cudaErrorNoKernelImageForDevice);
    return info;
}

Result<DeviceInfo> find_device() {
    auto info = identify_device();
    if (!info) return info;
    const cudaError_t code = probe_kernels();
    if (code != cudaSuccess) return no_device(no_kernels, code);
    return info;
}

}  // namespace likeness::cuda

#include "cuda/register_device.h"

#include <future>
#include <stdexcept>

#include "core/studio/devices.h"
#include "cuda/cuda_rasterizer.h"
#include "cuda/cuda_scene_renderer.h"
#include "cuda/cuda_step_engine.h"
#include "likeness/cuda/device.h"

namespace likeness {
namespace {

// Makes the context and loads the kernels of a training step, which the driver would else do when the first picture is
// wanted: one step on one Gaussian.
void warm_up() {
    const auto device = cuda::find_device();
    if (!device) throw std::runtime_error(device.error().message + " [" + device.error().detail + "]");
    AnchoredSplats splats;
    splats.resize(1);
    splats.offset = {0, 0, 0};
    splats.log_scale = {-5, -5, -5};
    splats.rotation = {1, 0, 0, 0};
    splats.albedo = {0.5f, 0.5f, 0.5f};
    splats.opacity = {0};
    TrainingView view;
    view.frames.values = {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1};
    view.camera.width = view.camera.height = 16;
    view.camera.fx = view.camera.fy = 44;
    view.camera.cx = view.camera.cy = 8;
    view.camera.world_to_camera = look_at({0, 0, 1.1f}, {0, 0, 0});
    view.target.color = Image(16, 16, 3);
    view.target.alpha = Image(16, 16, 1);
    const auto engine = make_cuda_step_engine();
    engine->load(splats);
    for (int i = 0; i < 3; ++i) engine->step(view, {0, 0, 0}, {});
    engine->fetch();
}

Result<Device> open() {
    const auto info = cuda::identify_device();
    if (!info) return info.error();
    // Meanwhile the program loads its models and looks at the photograph. The last copy of `warm` waits for the thread.
    const std::shared_future<void> warm = std::async(std::launch::async, warm_up).share();
    Device device;
    device.name = "cuda";
    device.hardware = info->name;
    device.hardware +=
        ", driver for CUDA " + std::to_string(info->driver / 1000) + "." + std::to_string(info->driver % 1000 / 10);
    device.make_rasterizer = [warm] {
        warm.get();
        return make_cuda_rasterizer();
    };
    device.make_scene_renderer = [warm] {
        warm.get();
        return make_cuda_scene_renderer();
    };
    device.make_step_engine = [warm] {
        warm.get();
        return make_cuda_step_engine();
    };
    return device;
}

}  // namespace

void register_cuda_device() { register_device({"cuda", open}); }

}  // namespace likeness

// Where work is done: the processor, or a GPU when this build and this machine have one.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/learning/training_engine.h"
#include "core/splat/rasterizer.h"
#include "core/view/scene_renderer.h"

namespace likeness {

// What else the device is wanted for while it trains. Where a viewer draws on the same GPU, a step is queued when the one
// before has ended, so that a picture waits for one step at most; alone, several are queued and none waits for the host.
enum class TrainingPace { alone, beside_viewer };

struct Device {
    std::string name;      // "cpu" or "cuda"
    std::string hardware;  // as it calls itself
    std::function<std::unique_ptr<Rasterizer>()> make_rasterizer;
    std::function<std::unique_ptr<TrainingEngine>(TrainingPace)> make_training_engine;
    MakeSceneRenderer make_scene_renderer;
};

// A kind of device that a build adds at start (the GPU's code does not belong to core/).
struct DeviceKind {
    std::string name;
    // The device, or why there is none.
    std::function<Result<Device>()> open;
};
void register_device(DeviceKind kind);

// "cpu", "cuda", or "auto": a GPU when there is one, else the processor. Errors: device.
Result<Device> choose_device(const std::string& name);
// "AMD EPYC ...", from the operating system.
std::string processor_name();

}  // namespace likeness

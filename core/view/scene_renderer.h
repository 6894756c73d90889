// Draws scenes into 8-bit pixels: what the viewport shows. One implementation for each kind of device.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/geometry/camera.h"
#include "core/splat/rasterizer.h"
#include "core/view/scene.h"

namespace likeness {

enum class FrameContent { color, normals, depth, alpha };

// RGBA, premultiplied, rows top to bottom, without gaps: width * height * 4 bytes, aligned to 4.
struct PixelTarget {
    std::uint8_t* pixels = nullptr;
    bool on_device = false;  // memory of the GPU that draws
};

// What shows paint beyond the avatar's own Gaussians.
struct FinePaint {
    std::size_t gaussians = 0;
    bool coarser = false;  // than its edges are: there are as many as there may be
};

// What a picture cost, milliseconds. Where one step hands over to the next on a GPU, `raster` is all of them.
struct DrawTimes {
    float raster = 0, convert = 0;
};

class SceneRenderer {
  public:
    virtual ~SceneRenderer() = default;
    virtual std::string name() const = 0;  // for people: "cpu AVX2"
    // Whether draw() takes targets on the device.
    virtual bool draws_on_device() const { return false; }
    // What draw() shows from now on.
    virtual void pose(const Scene& scene) = 0;
    virtual FinePaint fine_paint() const { return {}; }  // of that
    // The picture is whole when this returns. Harmonics are seen from the camera.
    virtual DrawTimes draw(const Camera& camera, FrameContent content, const PixelTarget& target) = 0;
    // True from another thread: draw() throws Cancelled soon. Null, as at first: nothing stops it.
    void set_stop(const std::atomic<bool>* stop) { stop_ = stop; }

  protected:
    const std::atomic<bool>* stop_ = nullptr;
};

using MakeSceneRenderer = std::function<std::unique_ptr<SceneRenderer>()>;
// On the processor, by a rasterizer that takes and gives host memory.
std::unique_ptr<SceneRenderer> make_cpu_scene_renderer();

}  // namespace likeness

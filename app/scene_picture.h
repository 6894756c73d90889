// Pictures of a scene for files: at any size, each pixel the mean of several samples.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/image/image.h"
#include "core/splat/rasterizer.h"
#include "core/view/scene.h"

namespace likeness {

int samples_across(int samples);  // a pixel: 1, 2 or 4
// The mean of `factor` x `factor` pixels each.
Image mean_of(const Image& image, int factor);

// On one thread; poses a scene again only when its version differs.
class ScenePainter {
  public:
    explicit ScenePainter(std::unique_ptr<Rasterizer> rasterizer) : rasterizer_(std::move(rasterizer)) {}
    // RGBA, straight alpha, of the camera's size. `stop`: as RasterOptions has it.
    Image paint(const Scene& scene, const Camera& camera, int samples, const std::atomic<bool>* stop);

  private:
    std::unique_ptr<Rasterizer> rasterizer_;
    std::optional<std::uint64_t> version_;
    PaintedSplats painter_;
    SplatSet posed_;
    Frame frame_;
};

}  // namespace likeness

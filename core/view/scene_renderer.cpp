#include "core/view/scene_renderer.h"

#include <chrono>
#include <stdexcept>

#include "core/splat/harmonics.h"
#include "core/view/frame_pixels.h"

namespace likeness {
namespace {

using Clock = std::chrono::steady_clock;

float milliseconds(Clock::time_point begin, Clock::time_point end) {
    return std::chrono::duration<float, std::milli>(end - begin).count();
}

class CpuSceneRenderer final : public SceneRenderer {
  public:
    std::string name() const override { return rasterizer_->name(); }
    void pose(const Scene& scene) override {
        pose_scene(scene, painter_, posed_);
        file_ = scene.splats;
    }
    FinePaint fine_paint() const override { return {painter_.fine_count(), painter_.coarser_than_wanted()}; }
    DrawTimes draw(const Camera& camera, FrameContent content, const PixelTarget& target) override {
        if (target.on_device) throw std::invalid_argument("the processor cannot draw into a GPU's memory");
        RasterOptions options;
        options.depth = content == FrameContent::depth;
        options.normal = content == FrameContent::normals;
        options.stop = stop_;
        const auto begin = Clock::now();
        if (file_ && file_->harmonics) colors_from(*file_, camera.position(), posed_.colors);
        rasterizer_->forward(posed_, camera, options, frame_);
        const auto drawn = Clock::now();
        to_pixels(frame_, content, camera, target.pixels);
        return {milliseconds(begin, drawn), milliseconds(drawn, Clock::now())};
    }

  private:
    std::unique_ptr<Rasterizer> rasterizer_ = make_cpu_rasterizer();
    PaintedSplats painter_;
    SplatSet posed_;
    std::shared_ptr<const SplatSet> file_;  // whose colors depend on the view
    Frame frame_;
};

}  // namespace

std::unique_ptr<SceneRenderer> make_cpu_scene_renderer() { return std::make_unique<CpuSceneRenderer>(); }

}  // namespace likeness

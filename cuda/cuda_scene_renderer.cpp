#include "cuda/cuda_scene_renderer.h"

#include <chrono>

#include "cuda/bands.h"
#include "likeness/cuda/device.h"
#include "likeness/cuda/device_avatar.h"
#include "likeness/cuda/harmonics.h"
#include "likeness/cuda/pixels.h"
#include "likeness/cuda/stream.h"

namespace likeness {
namespace {

using cuda::check;
using cuda::DeviceBuffer;

cuda::PixelContent pixel_content(FrameContent content) {
    switch (content) {
        case FrameContent::normals:
            return cuda::PixelContent::normals;
        case FrameContent::depth:
            return cuda::PixelContent::depth;
        case FrameContent::alpha:
            return cuda::PixelContent::alpha;
        case FrameContent::color:
            break;
    }
    return cuda::PixelContent::color;
}

int highest_priority() {
    int least = 0, greatest = 0;
    check(cudaDeviceGetStreamPriorityRange(&least, &greatest), "stream priorities");
    return greatest;
}

class CudaSceneRenderer final : public SceneRenderer {
  public:
    CudaSceneRenderer() { rasterizer_.limit_instances(cuda::usual_instances); }
    std::string name() const override { return "cuda"; }
    bool draws_on_device() const override { return true; }

    void pose(const Scene& scene) override {
        harmonics_.degree = 0;
        if (scene.splats) {
            load(*scene.splats);
        } else if (scene.has_avatar()) {
            unsigned visible = 0;
            for (std::size_t part = 0; part < scene.visible.size(); ++part)
                visible |= unsigned(scene.visible[part]) << part;
            Avatar shown = scene.avatar;
            shown.splats = painter_.update(scene.avatar);
            avatar_.pose(shown, scene.pose, visible);
            splats_ = avatar_.splats();
        } else {
            splats_ = {};
        }
    }

    FinePaint fine_paint() const override { return {painter_.fine_count(), painter_.coarser_than_wanted()}; }
    DrawTimes draw(const Camera& camera, FrameContent content, const PixelTarget& target) override {
        const auto begin = std::chrono::steady_clock::now();
        const std::size_t count = std::size_t(camera.width) * std::size_t(camera.height);
        RasterOptions options;
        options.depth = content == FrameContent::depth;
        options.normal = content == FrameContent::normals;
        options.stop = stop_;
        if (harmonics_.degree > 0) {
            const Eigen::Vector3f from = camera.position();
            cuda::color_harmonics(splats_.count, harmonics_, from.x(), from.y(), from.z(), file_.data(), stream_);
        }
        color_.resize(3 * count);
        alpha_.resize(count);
        if (options.depth) depth_.resize(count);
        if (options.normal) normal_.resize(3 * count);
        const cuda::RasterOutputs images{color_.data(), alpha_.data(), options.depth ? depth_.data() : nullptr,
                                         options.normal ? normal_.data() : nullptr, nullptr};
        if (!target.on_device) pixels_.resize(count);
        auto* const pixels = target.on_device ? reinterpret_cast<std::uint32_t*>(target.pixels) : pixels_.data();
        bool whole = false, in_bands = false;
        while (!whole) {
            if (in_bands)
                draw_bands(rasterizer_, splats_, camera, options, images, cuda::usual_instances, 0, camera.height);
            else
                rasterizer_.forward(splats_, camera, options, images);
            cuda::to_pixels(pixel_content(content), images, rasterizer_.view(), camera.width, camera.height,
                            range_.data(), pixels, stream_);
            if (!target.on_device)
                check(cudaMemcpyAsync(target.pixels, pixels, count * 4, cudaMemcpyDeviceToHost, stream_), "download");
            stream_.wait();
            // A picture in which not all Gaussians fitted is drawn again, with more room.
            const auto counters = rasterizer_.poll_counters();
            whole = in_bands || !counters || counters->instances <= rasterizer_.instance_capacity();
            in_bands = !whole && counters->instances > cuda::usual_instances;
        }
        return {std::chrono::duration<float, std::milli>(std::chrono::steady_clock::now() - begin).count(), 0};
    }

  private:
    void load(const SplatSet& splats) {
        const std::vector<float>* const parts[] = {&splats.means, &splats.scales, &splats.rotations, &splats.colors,
                                                   &splats.opacities};
        std::vector<DeviceBuffer<float>> uploaded;
        for (const std::vector<float>* part : parts) uploaded.emplace_back(stream_).upload(*part);
        file_means_.resize(splats.means.size());
        file_.resize(splats.count);
        cuda::narrow(int(splats.count),
                     cuda::PosedArrays{uploaded[0].data(), uploaded[1].data(), uploaded[2].data(), uploaded[3].data(),
                                       uploaded[4].data()},
                     {file_means_.data(), file_.data()}, stream_);
        splats_ = {int(splats.count), 0, {}};
        splats_.arrays.means = file_means_.data();
        splats_.arrays.halves = file_.data();
        if (!splats.harmonics) return;
        file_colors_ = std::move(uploaded[3]);
        file_harmonics_.upload(splats.harmonics->values);
        harmonics_ = {file_means_.data(), file_colors_.data(), file_harmonics_.data(), splats.harmonics->degree};
    }

    cuda::Stream stream_{highest_priority()};
    cuda::DeviceRasterizer rasterizer_{stream_};
    PaintedSplats painter_;
    cuda::DeviceAvatar avatar_{stream_};
    cuda::DeviceSplats splats_;
    DeviceBuffer<float> file_means_{stream_}, file_colors_{stream_}, file_harmonics_{stream_};
    cuda::HarmonicArrays harmonics_{.degree = 0};  // 0: the colors are the same from everywhere
    DeviceBuffer<cuda::HalfSplat> file_{stream_};
    DeviceBuffer<float> color_{stream_}, alpha_{stream_}, depth_{stream_}, normal_{stream_};
    DeviceBuffer<std::uint32_t> pixels_{stream_};
    DeviceBuffer<unsigned> range_{stream_, 2};
};

}  // namespace

std::unique_ptr<SceneRenderer> make_cuda_scene_renderer() {
    if (!cuda::find_device()) return nullptr;
    return std::make_unique<CudaSceneRenderer>();
}

}  // namespace likeness

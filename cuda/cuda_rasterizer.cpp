#include "cuda/cuda_rasterizer.h"

#include <array>
#include <stdexcept>
#include <utility>

#include "cuda/bands.h"
#include "likeness/cuda/device.h"
#include "likeness/cuda/device_rasterizer.h"
#include "likeness/cuda/stream.h"

namespace likeness {
namespace {

using cuda::DeviceBuffer;

constexpr int largest_side = 32768;                          // pixels, as on the CPU
constexpr std::size_t largest_count = std::size_t(1) << 28;  // Gaussians; indices stay far below 32 bits

template <class AnyFrame>
auto images_of(AnyFrame& frame) {
    return std::array{&frame.color, &frame.alpha, &frame.depth, &frame.normal, &frame.extra};
}

class CudaRasterizer final : public Rasterizer {
  public:
    CudaRasterizer() { rasterizer_.limit_instances(cuda::usual_instances); }
    std::string name() const override { return "cuda"; }

    void forward(const SplatSet& splats, const Camera& camera, const RasterOptions& options, Frame& frame) override {
        check(splats, camera);
        count_ = splats.count;
        extras_ = splats.extra_channels;
        empty_ = camera.width == 0 || camera.height == 0;
        if (empty_) {
            resize_frame(frame, camera, options);
            return;
        }
        upload(splats);
        resize_frame(frame, camera, options);
        const cuda::RasterOutputs outputs = output_buffers(frame);
        rasterizer_.forward(device_splats(), camera, options, outputs);
        // Here, unlike in a trainer, a picture must be whole: render again when instances did not fit.
        needed_ = rasterizer_.counters().instances;
        in_bands_ = needed_ > cuda::usual_instances && needed_ > rasterizer_.instance_capacity();
        if (in_bands_)
            draw_bands(rasterizer_, device_splats(), camera, options, outputs, cuda::usual_instances, 0, camera.height);
        while (!in_bands_ && rasterizer_.counters().instances > rasterizer_.instance_capacity()) {
            rasterizer_.forward(device_splats(), camera, options, outputs);
        }
        camera_ = camera;
        options_ = options;
        options_.stop = nullptr;
        outputs_ = outputs;
        for (std::size_t i = 0; i < images_.size(); ++i) images_[i].download(images_of(frame)[i]->pixels.data());
    }

    void backward(const FrameGradients& frame_gradients, SplatGradients& gradients,
                  std::vector<float>* screen_gradient) override {
        if (filtered_from_ != cuda::none_filtered)
            throw std::invalid_argument("rasterizer: no gradients of filtered Gaussians");
        if (std::exchange(in_bands_, false)) {  // the backward pass needs all lists at once, whatever they take
            rasterizer_.reserve_instances(needed_);
            rasterizer_.forward(device_splats(), camera_, options_, outputs_);
        }
        cuda::RasterOutputGradients from;
        const float** const from_pointers[] = {&from.color, &from.alpha, &from.depth, &from.normal, &from.extra};
        const auto sources = images_of(frame_gradients);
        for (std::size_t i = 0; i < sources.size(); ++i) {
            if (sources[i]->empty() || images_[i].size() == 0) continue;
            if (sources[i]->pixels.size() != images_[i].size()) {
                throw std::invalid_argument("rasterizer: gradient of another size than its picture");
            }
            image_gradients_[i].upload(sources[i]->pixels);
            *from_pointers[i] = image_gradients_[i].data();
        }
        const std::size_t widths[] = {3, 3, 4, 3, 1, std::size_t(extras_)};
        std::vector<float>* const targets[] = {&gradients.means,  &gradients.scales,    &gradients.rotations,
                                               &gradients.colors, &gradients.opacities, &gradients.extra};
        if (screen_gradient && screen_gradient->size() < count_) screen_gradient->resize(count_, 0.0f);
        if (empty_) {
            for (std::size_t i = 0; i < attributes_.size(); ++i) targets[i]->assign(count_ * widths[i], 0.0f);
            return;
        }
        for (std::size_t i = 0; i < attributes_.size(); ++i) attribute_gradients_[i].resize(count_ * widths[i]);
        cuda::RasterInputGradients to;
        to.means = attribute_gradients_[0].data();
        to.scales = attribute_gradients_[1].data();
        to.rotations = attribute_gradients_[2].data();
        to.colors = attribute_gradients_[3].data();
        to.opacities = attribute_gradients_[4].data();
        to.extra = extras_ > 0 ? attribute_gradients_[5].data() : nullptr;
        if (screen_gradient) {
            screen_.resize(count_);
            screen_.fill_zero();
            to.screen = screen_.data();
        }
        rasterizer_.backward(from, to);
        for (std::size_t i = 0; i < attributes_.size(); ++i) *targets[i] = attribute_gradients_[i].download();
        if (screen_gradient) {
            const std::vector<float> added = screen_.download();
            for (std::size_t i = 0; i < count_; ++i) (*screen_gradient)[i] += added[i];
        }
    }

  private:
    using Buffers5 = std::array<DeviceBuffer<float>, 5>;
    using Buffers6 = std::array<DeviceBuffer<float>, 6>;

    DeviceBuffer<float> buffer() const { return DeviceBuffer<float>(stream_); }

    static void check(const SplatSet& s, const Camera& camera) {
        if (camera.width < 0 || camera.height < 0 || camera.width > largest_side || camera.height > largest_side) {
            throw std::invalid_argument("the picture is too large for the CUDA rasterizer");
        }
        if (s.extra_channels < 0 || s.count > largest_count || s.means.size() < s.count * 3 ||
            s.scales.size() < s.count * 3 || s.rotations.size() < s.count * 4 || s.colors.size() < s.count * 3 ||
            s.opacities.size() < s.count || s.extra.size() < s.count * std::size_t(s.extra_channels)) {
            throw std::invalid_argument("a SplatSet's arrays do not match its count");
        }
    }

    void upload(const SplatSet& splats) {
        const std::vector<float>* const sources[] = {&splats.means,  &splats.scales,    &splats.rotations,
                                                     &splats.colors, &splats.opacities, &splats.extra};
        for (std::size_t i = 0; i < attributes_.size(); ++i) attributes_[i].upload(*sources[i]);
        const auto within = [&](std::size_t from) { return from < splats.count ? int(from) : cuda::none_filtered; };
        filtered_from_ = within(splats.filtered_from);
        leading_from_ = within(splats.leading_from);
    }

    cuda::DeviceSplats device_splats() const {
        return {int(count_),
                extras_,
                {attributes_[0].data(), attributes_[1].data(), attributes_[2].data(), attributes_[3].data(),
                 attributes_[4].data(), attributes_[5].data(), nullptr, filtered_from_, leading_from_}};
    }

    void resize_frame(Frame& frame, const Camera& camera, const RasterOptions& options) const {
        const auto make = [&](Image& image, int channels) {
            image = channels > 0 ? Image(camera.width, camera.height, channels) : Image();
        };
        make(frame.color, 3);
        make(frame.alpha, 1);
        make(frame.depth, options.depth ? 1 : 0);
        make(frame.normal, options.normal ? 3 : 0);
        make(frame.extra, extras_);
    }

    cuda::RasterOutputs output_buffers(const Frame& frame) {
        const auto pictures = images_of(frame);
        for (std::size_t i = 0; i < images_.size(); ++i) images_[i].resize(pictures[i]->pixels.size());
        return {images_[0].data(), images_[1].data(), images_[2].data(), images_[3].data(), images_[4].data()};
    }

    cuda::Stream stream_;
    cuda::DeviceRasterizer rasterizer_{stream_};
    bool empty_ = true, in_bands_ = false;
    Camera camera_;
    RasterOptions options_;     // of the last forward pass, as the next
    std::uint32_t needed_ = 0;  // instances of all its rows
    cuda::RasterOutputs outputs_;
    std::size_t count_ = 0;
    int extras_ = 0, filtered_from_ = cuda::none_filtered, leading_from_ = cuda::none_filtered;
    // Means, scales, rotations, colors, opacities, extra.
    Buffers6 attributes_{buffer(), buffer(), buffer(), buffer(), buffer(), buffer()};
    Buffers6 attribute_gradients_{buffer(), buffer(), buffer(), buffer(), buffer(), buffer()};
    // Color, alpha, depth, normal, extra.
    Buffers5 images_{buffer(), buffer(), buffer(), buffer(), buffer()};
    Buffers5 image_gradients_{buffer(), buffer(), buffer(), buffer(), buffer()};
    DeviceBuffer<float> screen_{stream_};
};

}  // namespace

std::unique_ptr<Rasterizer> make_cuda_rasterizer() {
    if (!cuda::find_device()) return nullptr;
    return std::make_unique<CudaRasterizer>();
}

}  // namespace likeness

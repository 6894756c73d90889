#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>

#include "core/base/parallel.h"
#include "core/learning/adam.h"
#include "core/learning/step_engine.h"

namespace likeness {
namespace {

class CpuStepEngine final : public StepEngine {
  public:
    CpuStepEngine() : rasterizer_(make_cpu_rasterizer()) {
        rasterizer_->set_mark([this](const char* stage) { stopwatch_.mark(stage); });
    }

    std::string name() const override { return rasterizer_->name(); }

    void load(const AnchoredSplats& splats) override {
        splats_ = splats;
        seed_offset_ = splats.offset;
        seed_scale_ = splats.log_scale;
        seed_albedo_ = splats.albedo;
        gradients_.resize(splats.count);
        moments_ = {};
        steps_ = 0;
        screen_gradient_.assign(splats.count, 0.0f);
    }

    LossValue step(const TrainingView& view, const std::array<float, 3>& background, const StepRates& rates) override {
        stopwatch_.start();
        deform(splats_, view.frames, posed_);
        stopwatch_.mark("Gaussians");
        RasterOptions options;
        options.background = background;
        rasterizer_->forward(posed_, view.camera, options, frame_);
        const LossValue value = loss_.evaluate(frame_, view.target, background, view.weights, frame_gradients_);
        stopwatch_.mark("loss");
        if (!std::isfinite(value.total)) throw std::runtime_error("the loss is not a number");
        rasterizer_->backward(frame_gradients_, posed_gradients_, view.colors_only ? nullptr : &screen_gradient_);
        gradients_.set_zero();
        deform_backward(splats_, view.frames, posed_, posed_gradients_, gradients_);
        for (const auto* list : {&gradients_.offset, &gradients_.log_scale, &gradients_.rotation, &gradients_.albedo, &gradients_.opacity})
            if (!std::isfinite(Eigen::Map<const Eigen::VectorXf>(list->data(), Eigen::Index(list->size())).sum()))
                throw std::runtime_error("a gradient is not a number");
        stopwatch_.mark("Gaussians backward");
        if (!view.splat_weight.empty()) weigh(view.splat_weight);
        ++steps_;
        if (!view.colors_only) {
            pull(rates);
            adam_step(splats_.offset, gradients_.offset, moments_.offset, rates.offset, steps_);
            adam_step(splats_.log_scale, gradients_.log_scale, moments_.log_scale, rates.log_scale, steps_);
            adam_step(splats_.rotation, gradients_.rotation, moments_.rotation, rates.rotation, steps_);
            adam_step(splats_.opacity, gradients_.opacity, moments_.opacity, rates.opacity, steps_);
            const float largest = std::log(rates.largest_scale), least = std::log(smallest_scale);
            for (float& s : splats_.log_scale) s = std::clamp(s, least, largest);
            for (float& o : splats_.opacity) o = std::clamp(o, lowest_opacity, highest_opacity);
        }
        pull_albedo(rates);
        adam_step(splats_.albedo, gradients_.albedo, moments_.albedo, rates.albedo, steps_);
        for (float& c : splats_.albedo) c = std::clamp(c, 0.0f, 1.0f);
        stopwatch_.mark("update");
        return value;
    }

    Ancestry densify(const SplatFrames& at_rest, const DensifyOptions& options) override {
        AnchoredSplats splats = splats_;
        Ancestry from = likeness::densify(splats, screen_gradient_, at_rest, options);
        load(splats);
        return from;
    }

    AnchoredSplats fetch() const override { return splats_; }
    const std::vector<float>& screen_gradient() const override { return screen_gradient_; }
    std::vector<StageTime> stages() const override { return stopwatch_.stages; }

  private:
    // The last step's stages, always the same ones.
    struct Stopwatch {
        using Clock = std::chrono::steady_clock;
        void start() {
            next = 0;
            before = Clock::now();
        }
        void mark(const char* stage) {
            if (next == stages.size()) stages.push_back({stage, 0});
            const Clock::time_point now = Clock::now();
            stages[next++].milliseconds = std::chrono::duration<double, std::milli>(now - before).count();
            before = now;
        }
        std::vector<StageTime> stages;
        std::size_t next = 0;
        Clock::time_point before;
    };

    void weigh(const std::vector<float>& weight) {
        parallel_for(splats_.count, 4096, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                const float w = weight[i];
                for (std::size_t k = 0; k < 3; ++k) {
                    gradients_.offset[i * 3 + k] *= w;
                    gradients_.log_scale[i * 3 + k] *= w;
                    gradients_.albedo[i * 3 + k] *= w;
                }
                for (std::size_t k = 0; k < 4; ++k) gradients_.rotation[i * 4 + k] *= w;
                gradients_.opacity[i] *= w;
            }
        });
    }

    // Gradients of the pulls towards the seed, as means over the Gaussians.
    void pull(const StepRates& rates) {
        const float n = float(splats_.count);
        const float offset = 2 * rates.keep_offset * 1e6f / n * 1e-3f, scale = 2 * rates.keep_scale / n;
        parallel_for(splats_.count * 3, 1 << 14, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                gradients_.offset[i] += offset * (splats_.offset[i] - seed_offset_[i]);
                gradients_.log_scale[i] += scale * (splats_.log_scale[i] - seed_scale_[i]);
            }
        });
    }

    void pull_albedo(const StepRates& rates) {
        const float albedo = 2 * rates.keep_albedo / float(splats_.count);
        parallel_for(splats_.count * 3, 1 << 14, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) gradients_.albedo[i] += albedo * (splats_.albedo[i] - seed_albedo_[i]);
        });
    }

    std::unique_ptr<Rasterizer> rasterizer_;
    Stopwatch stopwatch_;
    ImageLoss loss_;
    AnchoredSplats splats_;
    std::vector<float> seed_offset_, seed_scale_, seed_albedo_, screen_gradient_;
    SplatSet posed_;
    Frame frame_;
    FrameGradients frame_gradients_;
    SplatGradients posed_gradients_;
    AnchoredGradients gradients_;
    struct {
        AdamMoments offset, log_scale, rotation, albedo, opacity;
    } moments_;
    int steps_ = 0;
};

}  // namespace

std::unique_ptr<StepEngine> make_cpu_step_engine() { return std::make_unique<CpuStepEngine>(); }

}  // namespace likeness

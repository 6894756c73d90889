#include "cuda/cuda_step_engine.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

#include "core/base/parallel.h"
#include "core/learning/adam.h"
#include "cuda/densify_block.h"
#include "cuda/lap.h"
#include "cuda/late_reports.h"
#include "likeness/cuda/device.h"
#include "likeness/cuda/device_rasterizer.h"
#include "likeness/cuda/loss.h"
#include "likeness/cuda/stream.h"
#include "likeness/cuda/train_step.h"

namespace likeness {
namespace {

using cuda::check;
using cuda::DeviceBuffer;
using cuda::Graph;
using cuda::guarded;
using cuda::PinnedArray;

// What all views of one size share.
struct Canvas {
    Canvas(cudaStream_t stream, int width, int height)
        : rasterizer(stream),
          color(stream, 3 * std::size_t(width) * std::size_t(height)),
          alpha(stream, color.size() / 3),
          by_color(stream, color.size()),
          by_alpha(stream, alpha.size()) {}
    cuda::DeviceRasterizer rasterizer;
    DeviceBuffer<float> color, alpha, by_color, by_alpha;
};

// A TrainingView on the GPU.
struct DeviceView {
    DeviceView(cudaStream_t stream, const TrainingView& view, std::size_t splats)
        : frames(stream), mask(stream), weights(stream), target(stream), colors_only(view.colors_only) {
        const int width = view.camera.width, height = view.camera.height;
        const std::size_t pixels = std::size_t(width) * std::size_t(height);
        const LossTarget& t = view.target;
        if (view.frames.values.size() != splats * cuda::frame_floats || t.color.pixels.size() != 3 * pixels ||
            t.alpha.pixels.size() != pixels || (!t.weight.empty() && t.weight.pixels.size() != pixels) ||
            (!view.splat_weight.empty() && view.splat_weight.size() != splats)) {
            throw std::invalid_argument("training step: a view's arrays do not match its camera or the Gaussians");
        }
        frames.upload(view.frames.values);
        std::vector<unsigned char> rgba(4 * pixels);
        parallel_for(pixels, 1 << 14, [&](std::size_t begin, std::size_t end) {
            const auto byte = [](float v) {
                return static_cast<unsigned char>(v > 0 ? std::min(v, 1.0f) * 255 + 0.5f : 0);
            };
            for (std::size_t i = begin; i < end; ++i) {
                for (std::size_t c = 0; c < 3; ++c) rgba[4 * i + c] = byte(t.color.pixels[3 * i + c]);
                rgba[4 * i + 3] = byte(t.alpha.pixels[i]);
            }
        });
        target.upload(rgba);
        double weight = double(pixels);
        if (!t.weight.empty()) {
            mask.upload(t.weight.pixels);
            weight = 0;
            for (const float w : t.weight.pixels) weight += double(w);
        }
        if (!view.splat_weight.empty()) weights.upload(view.splat_weight);
        loss.width = width;
        loss.height = height;
        loss.l1_weight = view.weights.l1;
        loss.dssim_weight = view.weights.dssim;
        loss.alpha_weight = view.weights.alpha;
        loss.normalizer = float(std::max(weight, 1.0));
    }

    DeviceBuffer<float> frames, mask, weights;
    DeviceBuffer<unsigned char> target;
    cuda::LossOptions loss;
    bool colors_only;
    Canvas* canvas = nullptr;
    int steps = 0;
    Graph graph;
    std::uint64_t graph_generation = 0;  // of the rasterizer's workspace
    LossValue last;
    bool last_known = false;
};

class CudaStepEngine final : public StepEngine {
  public:
    explicit CudaStepEngine(const CudaStepOptions& options)
        : late_(options.steps_in_flight > 0),
          graphs_(options.graphs),
          repeatable_(options.repeatable),
          reports_(std::size_t(std::clamp(options.steps_in_flight, 0, 9)),
                   [this](const UnderWay& step, const cuda::StepReport& report) { take(step, report); }) {
        cuda::keep_freed_memory();
        state_.resize(1);
        terms_.resize(1);
        broken_.resize(1);
        broken_.fill_zero();
    }
    ~CudaStepEngine() override { cudaStreamSynchronize(stream_); }  // the steps under way write to the reports

    std::string name() const override { return "cuda"; }

    void load(const AnchoredSplats& splats) override {
        guarded([&] {
            finish_all_quietly();
            views_.clear();
            splats_ = splats;
            const std::size_t n = splats.count;
            values_.resize(n * cuda::parameters_per_splat);
            const cuda::ParameterArrays to = cuda::cut_parameters(values_.data(), n);
            const auto upload = [&](float* target, const std::vector<float>& source, std::size_t width) {
                if (source.size() != n * width) throw std::invalid_argument("training step: arrays do not match");
                if (n == 0) return;
                check(cudaMemcpyAsync(target, source.data(), source.size() * sizeof(float), cudaMemcpyHostToDevice,
                                      stream_),
                      "upload parameters");
            };
            upload(to.quaternions, splats.rotation, 4);
            upload(to.offsets, splats.offset, 3);
            upload(to.log_scales, splats.log_scale, 3);
            upload(to.albedos, splats.albedo, 3);
            upload(to.logits, splats.opacity, 1);
            start_over();
        });
    }

    Ancestry densify(const SplatFrames& at_rest, const DensifyOptions& options) override {
        const cuda::Range range("densify");
        return guarded([&] {
            finish_all();
            views_.clear();
            Ancestry from = cuda::densify_block(values_, screen_, at_rest, options);
            splats_ = descendants(splats_, from);
            start_over();
            return from;
        });
    }

    LossValue step(const TrainingView& view, const std::array<float, 3>& background, const StepRates& rates) override {
        const cuda::Range range("training step");
        return guarded([&] {
            DeviceView& v = on_device(view);
            reports_.take_ended();
            start_step(v, view.camera, background, rates);
            while (!reports_.empty() && (!v.last_known || !late_)) reports_.take_oldest();
            return v.last;
        });
    }

    AnchoredSplats fetch() const override {
        return guarded([&] {
            finish_all();
            AnchoredSplats splats = splats_;
            downloaded_.reserve(values_.size());
            values_.download(downloaded_.data());
            const float* from = downloaded_.data();
            for (std::vector<float>* to :
                 {&splats.rotation, &splats.offset, &splats.log_scale, &splats.albedo, &splats.opacity}) {
                std::copy_n(from, to->size(), to->begin());
                from += to->size();
            }
            return splats;
        });
    }

    const std::vector<float>& screen_gradient() const override {
        guarded([&] {
            finish_all();
            screen_gradient_ = screen_.download();
        });
        return screen_gradient_;
    }

    std::vector<StageTime> stages() const override { return stages_; }

  private:
    // Room for the Gaussians that there are now; what they are is where the pulls lead and what Adam knows nothing of.
    void start_over() {
        const std::size_t n = splats_.count;
        seeds_.resize(9 * n);  // offsets, log scales and albedos lie side by side
        if (n > 0) {
            check(cudaMemcpyAsync(seeds_.data(), cuda::cut_parameters(values_.data(), n).offsets, seeds_.bytes(),
                                  cudaMemcpyDeviceToDevice, stream_),
                  "keep the seed");
        }
        for (DeviceBuffer<float>* moments : {&first_moments_, &second_moments_}) {
            moments->resize(values_.size());
            moments->fill_zero();
        }
        posed_.resize(values_.size());
        posed_gradients_.resize(values_.size());
        screen_.resize(n);
        screen_.fill_zero();
        broken_.fill_zero();
        steps_ = 0;
    }

    // A view is known by where it lies: its owner keeps it until the next load.
    DeviceView& on_device(const TrainingView& view) {
        std::unique_ptr<DeviceView>& known =
            views_[{&view, view.frames.values.data(), view.target.color.pixels.data()}];
        if (known) return *known;
        auto made = std::make_unique<DeviceView>(stream_, view, splats_.count);
        std::unique_ptr<Canvas>& canvas = canvases_[{made->loss.width, made->loss.height}];
        if (!canvas) {
            canvas = std::make_unique<Canvas>(stream_, made->loss.width, made->loss.height);
            canvas->rasterizer.set_repeatable(repeatable_);
        }
        canvas->rasterizer.reserve_scratch(cuda::loss_workspace_bytes(made->loss));
        made->canvas = canvas.get();
        known = std::move(made);
        return *known;
    }

    void start_step(DeviceView& v, const Camera& camera, const std::array<float, 3>& background,
                    const StepRates& rates) {
        cuda::DeviceRasterizer& rasterizer = v.canvas->rasterizer;
        RasterOptions raster;
        raster.background = background;
        rasterizer.prepare(device_splats(), camera, raster);
        if (v.steps == 0) {
            // Whether all instances fit is looked at before a view's first step; later ones tell afterwards.
            pose(v);
            rasterizer.render(outputs(v));
            while (rasterizer.counters().instances > rasterizer.instance_capacity()) {
                rasterizer.prepare(device_splats(), camera, raster);
                rasterizer.render(outputs(v));
            }
        }
        ++steps_;
        cuda::set_step(state_.data(), state_of(rates), stream_);
        // A graph costs as much as a few steps, and a view's first step loads kernels, which a capture must not.
        if (!lap_ && v.steps >= 2 && steps_ % steps_between_laps == 0) {
            lap_.emplace(stream_);
            lap_step_ = steps_;
            const auto mark = [&](const char* stage) { lap_->mark(stage); };
            const cuda::Marked marked(rasterizer, mark);
            enqueue(v, mark);
        } else if (graphs_ && v.steps >= 2) {
            if (!v.graph || v.graph_generation != rasterizer.generation()) {
                v.graph.capture(stream_, [&] { enqueue(v, {}); });
                v.graph_generation = rasterizer.generation();
            }
            v.graph.launch(stream_);
        } else {
            enqueue(v, {});
        }
        reports_.started(stream_, {&v, steps_});
        ++v.steps;
    }

    // The step itself; everything that changes from step to step is in device memory.
    void enqueue(DeviceView& v, const StageMark& mark) {
        const auto done = [&](const char* stage) {
            if (mark) mark(stage);
        };
        Canvas& canvas = *v.canvas;
        pose(v);
        done("Gaussians");
        canvas.rasterizer.render(outputs(v));
        cuda::LossInputs inputs;
        inputs.color = canvas.color.data();
        inputs.alpha = canvas.alpha.data();
        inputs.target = v.target.data();
        inputs.mask = v.mask.size() > 0 ? v.mask.data() : nullptr;
        inputs.background = canvas.rasterizer.view()->background;
        cuda::picture_loss(v.loss, inputs, canvas.rasterizer.scratch(),
                           {terms_.data(), canvas.by_color.data(), canvas.by_alpha.data()}, stream_);
        done("loss");

        cuda::RasterOutputGradients from;  // what has no weight has no derivative
        if (v.loss.l1_weight != 0 || v.loss.dssim_weight != 0) from.color = canvas.by_color.data();
        if (v.loss.alpha_weight != 0) from.alpha = canvas.by_alpha.data();
        const Posed g = posed_arrays(posed_gradients_);
        cuda::RasterInputGradients to;
        to.means = g.means;
        to.scales = g.scales;
        to.rotations = g.rotations;
        to.colors = g.colors;
        to.opacities = g.opacities;
        if (!v.colors_only) to.screen = screen_.data();
        canvas.rasterizer.backward(from, to);

        cuda::StepOptions options;
        options.count = int(splats_.count);
        options.colors_only = v.colors_only;
        options.weights = v.weights.size() > 0 ? v.weights.data() : nullptr;
        options.l1_weight = v.loss.l1_weight;
        options.dssim_weight = v.loss.dssim_weight;
        options.alpha_weight = v.loss.alpha_weight;
        options.beta1 = adam_beta1;
        options.beta2 = adam_beta2;
        options.epsilon = adam_epsilon;
        options.smallest_log_scale = std::log(smallest_scale);
        options.lowest_logit = lowest_opacity;
        options.highest_logit = highest_opacity;
        cuda::StepBuffers buffers;
        buffers.values = cuda::cut_parameters(values_.data(), splats_.count);
        buffers.first_moments = cuda::cut_parameters(first_moments_.data(), splats_.count);
        buffers.second_moments = cuda::cut_parameters(second_moments_.data(), splats_.count);
        buffers.seed_offsets = seeds_.data();
        buffers.seed_log_scales = seeds_.data() + 3 * splats_.count;
        buffers.seed_albedos = seeds_.data() + 6 * splats_.count;
        buffers.state = state_.data();
        buffers.terms = terms_.data();
        buffers.counters = canvas.rasterizer.device_counters();
        buffers.broken = broken_.data();
        buffers.reports = reports_.data();
        cuda::finish_step(options, v.frames.data(), {g.means, g.scales, g.rotations, g.colors, g.opacities}, buffers,
                          stream_);
        done("update");
    }

    void pose(const DeviceView& v) {
        const cuda::ParameterArrays p = cuda::cut_parameters(values_.data(), splats_.count);
        const Posed to = posed_arrays(posed_);
        cuda::deform_forward(int(splats_.count),
                             {v.frames.data(), p.offsets, p.log_scales, p.quaternions, p.albedos, p.logits},
                             {to.means, to.scales, to.rotations, to.colors, to.opacities}, stream_);
    }

    // Means, scales, rotations, colours and opacities in a block laid out as the parameters are.
    struct Posed {
        float *means, *scales, *rotations, *colors, *opacities;
    };
    Posed posed_arrays(DeviceBuffer<float>& block) {
        const cuda::ParameterArrays a = cuda::cut_parameters(block.data(), splats_.count);
        return {a.offsets, a.log_scales, a.quaternions, a.albedos, a.logits};
    }
    cuda::DeviceSplats device_splats() {
        const Posed p = posed_arrays(posed_);
        return {int(splats_.count), 0, {p.means, p.scales, p.rotations, p.colors, p.opacities, nullptr}};
    }
    static cuda::RasterOutputs outputs(DeviceView& v) {
        return {v.canvas->color.data(), v.canvas->alpha.data(), nullptr, nullptr, nullptr};
    }

    cuda::StepState state_of(const StepRates& rates) const {
        const float first = 1 - std::pow(adam_beta1, float(steps_));
        const float n = float(std::max<std::size_t>(splats_.count, 1));
        cuda::StepState state;
        state.offset_rate = rates.offset / first;
        state.log_scale_rate = rates.log_scale / first;
        state.rotation_rate = rates.rotation / first;
        state.albedo_rate = rates.albedo / first;
        state.opacity_rate = rates.opacity / first;
        state.second_scale = 1 / (1 - std::pow(adam_beta2, float(steps_)));
        // As in the CPU's engine: means over the Gaussians; offsets count in millimetres, by the millimetre.
        state.offset_pull = 2 * rates.keep_offset * 1e6f / n * 1e-3f;
        state.scale_pull = 2 * rates.keep_scale / n;
        state.albedo_pull = 2 * rates.keep_albedo / n;
        state.largest_log_scale = std::log(rates.largest_scale);
        state.report = unsigned(reports_.slot());
        return state;
    }

    struct UnderWay {
        DeviceView* view;
        int step;
    };
    void take(const UnderWay& step, const cuda::StepReport& report) const {
        if (lap_ && lap_step_ == step.step) {
            stages_ = lap_->times();  // the step has ended: nobody waits
            lap_.reset();
        }
        if (report.broken) {
            finish_all_quietly();
            throw std::runtime_error("the loss or a gradient is not a number");
        }
        DeviceView& v = *step.view;
        v.canvas->rasterizer.make_room(report.counters);
        v.last = {double(v.loss.l1_weight) * report.terms.l1 + double(v.loss.dssim_weight) * report.terms.dssim +
                      double(v.loss.alpha_weight) * report.terms.alpha,
                  report.terms.l1, report.terms.dssim, report.terms.alpha, report.terms.squared};
        v.last_known = true;
    }
    void finish_all() const { reports_.take_all(); }
    // After a bad loss: the steps behind it changed nothing.
    void finish_all_quietly() const {
        stream_.wait();
        reports_.forget();
        lap_.reset();
    }

    bool late_;  // losses may be
    bool graphs_, repeatable_;
    cuda::Stream stream_;
    mutable cuda::LateReports<cuda::StepReport, UnderWay> reports_;
    // Each so many steps one is launched stage by stage between events.
    static constexpr int steps_between_laps = 50;
    mutable std::optional<cuda::Lap> lap_;
    int lap_step_ = 0;
    mutable std::vector<StageTime> stages_;

    AnchoredSplats splats_;  // as loaded: what training does not change
    DeviceBuffer<float> values_{stream_}, first_moments_{stream_}, second_moments_{stream_}, seeds_{stream_};
    DeviceBuffer<float> posed_{stream_}, posed_gradients_{stream_}, screen_{stream_};
    DeviceBuffer<cuda::StepState> state_{stream_};
    DeviceBuffer<cuda::LossTerms> terms_{stream_};
    DeviceBuffer<unsigned> broken_{stream_};
    std::map<std::pair<int, int>, std::unique_ptr<Canvas>> canvases_;  // by width and height
    std::map<std::array<const void*, 3>, std::unique_ptr<DeviceView>> views_;
    int steps_ = 0;
    mutable PinnedArray<float> downloaded_;
    mutable std::vector<float> screen_gradient_;
};

}  // namespace

std::unique_ptr<StepEngine> make_cuda_step_engine(const CudaStepOptions& options) {
    if (!cuda::find_device()) return nullptr;
    return guarded([&]() -> std::unique_ptr<StepEngine> { return std::make_unique<CudaStepEngine>(options); });
}

}  // namespace likeness

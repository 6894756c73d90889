// Views, canvases, recorded steps and reports that come late; the way of the gradients is in device_chain.h.
#include "cuda/cuda_training_engine.h"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "core/base/failure.h"
#include "core/learning/engine_parts.h"
#include "core/learning/module_calls.h"
#include "cuda/canvas.h"
#include "cuda/densify_block.h"
#include "cuda/device_chain.h"
#include "cuda/device_groups.h"
#include "cuda/device_views.h"
#include "cuda/lap.h"
#include "cuda/late_reports.h"
#include "likeness/cuda/device.h"
#include "likeness/cuda/group_step.h"
#include "likeness/cuda/stream.h"

namespace likeness {
namespace {

using cuda::DeviceBuffer;
using cuda::guarded;
using cuda::StepKind;
using cuda::TrainingCanvas;

class CudaTrainingEngine final : public TrainingEngine {
  public:
    explicit CudaTrainingEngine(const CudaEngineOptions& options)
        : late_(options.steps_in_flight > 0),
          graphs_(options.graphs),
          deterministic_(options.deterministic),
          reports_(std::size_t(std::clamp(options.steps_in_flight, 0, 8)),
                   [this](const UnderWay& step, const cuda::StepReport& report) { take(step, report); }) {
        cuda::keep_freed_memory();
        state_.resize(1);
        terms_.resize(cuda::most_batch_views);
        sums_.resize(2);
        broken_.resize(1);
        broken_.fill_zero();
    }
    ~CudaTrainingEngine() override { cudaStreamSynchronize(stream_); }  // the steps under way write to the reports

    std::string name() const override { return "cuda"; }

    void load(const Avatar& avatar, const std::vector<std::string>& learned, const TrainingModules& modules) override {
        const cuda::Range range("load an avatar");
        guarded([&] {
            stream_.wait();
            reports_.forget();
            lap_.reset();
            last_.reset();
            incomplete_ = 0;
            broken_.fill_zero();
            groups_.clear();
            modules_.clear();
            forget_views();
            const auto add = [&](ParameterGroup g) { return groups_.add(std::move(g)); };
            for (ParameterGroup& g : built_in_groups(avatar, learned)) add(std::move(g));
            const BuiltInGroups built_in(groups_.table());
            modules_.add(modules, add);
            chain_.load(avatar, built_in);
            start_over();
        });
    }

    void load_splats(const AnchoredSplats& splats) override {
        guarded([&] {
            finish_all();
            chain_.load_splats(splats);
            start_over();
        });
    }

    Ancestry densify(const DensifyOptions& options) override {
        const cuda::Range range("densify");
        return guarded([&] {
            finish_all();
            const SplatFrames at_rest = splat_frames(chain_.avatar(), HeadPose::neutral(*chain_.avatar().model));
            DeviceBuffer<float> values = std::move(groups_.splat_values());
            Ancestry from = cuda::densify_block(values, screen_, at_rest, options);
            chain_.take_splats(descendants(*chain_.avatar().splats, from), std::move(values));
            start_over();
            return from;
        });
    }

    int add_view(const TrainingView& view) override {
        const cuda::Range range("add a view");
        check_view(view, *chain_.avatar().model);
        return guarded([&] {
            auto added = std::make_unique<cuda::DeviceView>(stream_, view);
            added->set_splat_weight(view.splat_weight, splat_count());
            chain_.add_view(view.pose);
            views_.push_back(std::move(added));
            return int(views_.size()) - 1;
        });
    }

    void set_splat_weight(int view, std::vector<float> weight) override {
        guarded([&] { view_at(view).set_splat_weight(weight, splat_count()); });
    }

    void clear_views() override {
        guarded([&] {
            finish_all();
            forget_views();
        });
    }

    std::vector<std::string> groups() const override { return groups_.table().names(); }
    GroupSettings& settings(const std::string& group) override { return groups_.table().settings(group); }
    std::vector<float> values(const std::string& group) const override {
        return guarded([&] {
            finish_all();
            return groups_.download(groups_.table().at(group));
        });
    }

    std::optional<StepLoss> step(std::span<const int> views, const std::array<float, 3>& background,
                                 float rate_scale) override {
        const cuda::Range range("training step");
        return guarded([&] {
            reports_.take_ended();
            start_step(views, background, rate_scale, false);
            if (!late_) finish_all();
            return last_;
        });
    }

    LossValue loss(int view) const override {
        return guarded([&] {
            while (!view_at(view).loss_known && !reports_.empty()) reports_.take_oldest();
            if (!view_at(view).loss_known)
                throw std::invalid_argument("training step: a view that took part in no step");
            return view_at(view).loss;
        });
    }

    StepGradients gradients(std::span<const int> views, const std::array<float, 3>& background) override {
        return guarded([&] {
            finish_all();
            TrainingCanvas* canvas = nullptr;
            do {
                canvas = &prepare(views, background, 1);
                enqueue(*canvas, kind_of(views), false, {});
            } while (canvas->rasterizer.counters().instances > canvas->rasterizer.instance_capacity());
            StepGradients g;
            const std::vector<cuda::LossTerms> terms = terms_.download();
            const std::vector<double> sums = sums_.download();
            g.loss = {groups_.table().steps(), mean_of(terms.data(), weights_of(views)), sums[1], sums[0], incomplete_};
            for (std::size_t k = 0; k < groups_.table().size(); ++k)
                g.by_group[groups_.table()[int(k)].about.name] = groups_.download_gradients(int(k), views.size());
            return g;
        });
    }

    std::vector<StageTime> stages() const override { return stages_; }
    std::vector<StageTime> timed_step(std::span<const int> views, const std::array<float, 3>& background) override {
        return guarded([&] {
            finish_all();
            start_step(views, background, 1, true);
            finish_all();
            return stages_;
        });
    }

    AnchoredSplats splats() const override {
        return guarded([&] {
            finish_all();
            return chain_.splats();
        });
    }

    Avatar fetch() const override {
        return guarded([&] {
            finish_all();
            return chain_.fetch();
        });
    }

    HeadPose pose(int view) const override {
        return guarded([&] {
            check_number(view, views_.size());
            finish_all();
            return chain_.view_pose(std::size_t(view));
        });
    }

    std::vector<float> screen_gradient() const override {
        return guarded([&] {
            finish_all();
            return screen_.download();
        });
    }

  private:
    std::size_t splat_count() const { return chain_.avatar().splats->count; }
    cuda::DeviceView& view_at(int view) const {
        check_number(view, views_.size());
        return *views_[std::size_t(view)];
    }

    void forget_views() {
        views_.clear();
        canvases_.clear();
        chain_.clear_views();
    }

    void start_over() {
        screen_.resize(splat_count());
        screen_.fill_zero();
        for (const auto& view : views_) {
            view->set_splat_weight({}, splat_count());
            view->seen = false;
        }
        resize_batch(0);
    }

    // ---- a step ----

    // Room for batches of this size; canvases of another go.
    void resize_batch(std::size_t batch) {
        finish_all();
        canvases_.clear();
        if (batch > 0) groups_.prepare(batch);
        chain_.prepare(batch);
    }

    TrainingCanvas& canvas_of(const Camera& camera) {
        std::unique_ptr<TrainingCanvas>& canvas = canvases_[{camera.width, camera.height}];
        if (canvas) return *canvas;
        canvas = std::make_unique<TrainingCanvas>(stream_, camera.width, camera.height, chain_.batch(),
                                                  modules_.takes_part(StepStage::picture));
        canvas->rasterizer.set_deterministic(deterministic_);
        canvas->rasterizer.reserve_scratch(chain_.scratch_bytes());
        // Gradients by the posed Gaussians come when those by the pictures are no longer needed.
        chain_.reserve_gradients(4 * canvas->pixels);
        return *canvas;
    }

    StepKind kind_of(std::span<const int> views) const {
        StepKind kind;
        for (const int v : views) {
            const cuda::DeviceView& view = view_at(v);
            kind.color |= view.weights.l1 != 0 || view.weights.dssim != 0;
            kind.dssim |= view.weights.dssim != 0;
            kind.alpha |= view.weights.alpha != 0;
            kind.screen &= !view.colors_only;
        }
        if (modules_.takes_part(StepStage::picture)) kind.color = kind.alpha = true;  // where terms may add
        return kind;
    }

    // Sizes everything for the batch and puts its cameras and its state in place.
    TrainingCanvas& prepare(std::span<const int> views, const std::array<float, 3>& background, float rate_scale) {
        check_batch(views, views_.size());
        if (views.size() != chain_.batch()) resize_batch(views.size());
        std::vector<Camera> cameras;
        for (const int v : views) cameras.push_back(view_at(v).camera);
        check_one_size(cameras);
        TrainingCanvas& canvas = canvas_of(cameras[0]);
        RasterOptions raster;
        raster.background = background;
        canvas.rasterizer.prepare(chain_.posed(), cameras, false, raster);
        cuda::set_step(state_.data(), state_of(views, rate_scale), stream_,
                       {terms_.data(), int(views.size()), sums_.data()});
        StepArrays arrays;
        arrays.gpu = true;
        arrays.stream = static_cast<cudaStream_t>(stream_);
        arrays.frames = arrays.batch = int(views.size());
        arrays.views = state_.data()->views;
        arrays.vertices = int(chain_.vertices());
        arrays.count = int(splat_count());
        modules_.begin(arrays);
        return canvas;
    }

    cuda::StepState state_of(std::span<const int> views, float rate_scale) {
        cuda::StepState s;
        const bool colors_only = std::all_of(views.begin(), views.end(), [&](int v) { return view_at(v).colors_only; });
        for (std::size_t k = 0; k < groups_.table().size(); ++k)
            s.groups[k] = groups_.table().step_of(int(k), rate_scale, views.size(), 3 * chain_.avatar().triangles().size(),
                                                  colors_only);
        s.report = unsigned(reports_.slot());
        for (std::size_t i = 0; i < views.size(); ++i) {
            cuda::DeviceView& view = view_at(views[i]);
            s.views[i] = views[i];
            s.images[i] = view.image(views.size());
            s.splat_weights[i] = view.splat_weight();
            s.colors_only[i] = view.colors_only;
            s.frames[i] = chain_.fixed_frames(std::size_t(views[i]));
        }
        return s;
    }

    void start_step(std::span<const int> views, const std::array<float, 3>& background, float rate_scale, bool timed) {
        const StepKind kind = kind_of(views);
        TrainingCanvas* canvas = &prepare(views, background, rate_scale);
        // Whether all instances fit is looked at before a view's first step; later ones tell afterwards.
        if (std::any_of(views.begin(), views.end(), [&](int v) { return !view_at(v).seen; })) {
            look(*canvas);
            while (canvas->rasterizer.counters().instances > canvas->rasterizer.instance_capacity()) {
                canvas = &prepare(views, background, rate_scale);
                look(*canvas);
            }
            for (const int v : views) view_at(v).seen = true;
        }
        groups_.table().count_step();
        const int step = groups_.table().steps();
        TrainingCanvas::Recording& recording = canvas->recordings[kind.key()];
        // A graph costs as much as a few steps, and a first step loads kernels, which a capture must not.
        const bool warm = recording.repeats >= 2;
        if (timed || (!lap_ && warm && step % steps_between_laps == 0)) {
            lap_.emplace(stream_);
            lap_step_ = step;
            const auto mark = [&](const char* stage) { lap_->mark(stage); };
            const cuda::Marked marked(canvas->rasterizer, mark);
            enqueue(*canvas, kind, true, mark);
        } else if (graphs_ && warm && modules_.can_be_recorded()) {
            const std::uint64_t generation = canvas->rasterizer.generation() + groups_.generation() + chain_.generation();
            if (!recording.graph || recording.generation != generation) {
                recording.graph.capture(stream_, [&] { enqueue(*canvas, kind, true, {}); });
                recording.generation = generation;
            }
            recording.graph.launch(stream_);
        } else {
            enqueue(*canvas, kind, true, {});
        }
        reports_.started(stream_, {step, {views.begin(), views.end()}, &canvas->rasterizer, canvas->rasterizer.instance_capacity()});
        ++recording.repeats;
    }

    // A picture alone.
    void look(TrainingCanvas& canvas) {
        chain_.pose(false, [](const char*) {});
        canvas.rasterizer.render(canvas.outputs());
    }

    // The work of a step; everything that changes from step to step is in device memory. Without `update` it ends with
    // the gradients.
    void enqueue(TrainingCanvas& canvas, const StepKind& kind, bool update, const StageMark& mark) {
        const StageMark done = mark ? mark : [](const char*) {};
        for (const int k : modules_.groups()) groups_.clear_gradients(k, chain_.batch());
        chain_.pose(update, done);
        canvas.rasterizer.render(canvas.outputs());
        float *const grad_color = chain_.gradient_memory(), *const grad_alpha = grad_color + canvas.color.size();
        const bool changed = modules_.takes_part(StepStage::picture);
        float* const color = changed ? canvas.shown_color.data() : canvas.color.data();
        float* const alpha = changed ? canvas.shown_alpha.data() : canvas.alpha.data();
        if (changed) {
            const auto copy = [&](float* to, const DeviceBuffer<float>& shown) {
                cuda::check(cudaMemcpyAsync(to, shown.data(), shown.bytes(), cudaMemcpyDeviceToDevice, stream_),
                            "copy pictures");
            };
            copy(color, canvas.color);
            copy(alpha, canvas.alpha);
        }
        const auto fill_picture = [&](StepArrays& a) {
            a.color = color;
            a.alpha = alpha;
            a.width = canvas.width;
            a.height = canvas.height;
            a.background = canvas.rasterizer.view()->background;
        };
        modules_.forward(StepStage::picture, fill_picture);
        cuda::LossInputs inputs;
        inputs.color = color;
        inputs.alpha = alpha;
        inputs.images = state_.data()->images;
        inputs.background = canvas.rasterizer.view()->background;
        cuda::picture_loss(canvas.loss_options(kind.dssim), inputs, canvas.rasterizer.scratch(),
                           {terms_.data(), grad_color, grad_alpha}, stream_);
        modules_.backward(StepStage::picture, [&](StepArrays& a) {
            fill_picture(a);
            a.grad_color = grad_color;
            a.grad_alpha = grad_alpha;
            a.loss = sums_.data() + 1;
        });
        done("loss");

        cuda::RasterOutputGradients from;  // what has no weight has no derivative
        if (kind.color) from.color = grad_color;
        if (kind.alpha) from.alpha = grad_alpha;
        cuda::RasterInputGradients to = chain_.grad_posed();
        if (to.colors && update && kind.screen) to.screen = screen_.data();
        canvas.rasterizer.backward(from, to);
        chain_.unpose(static_cast<float*>(canvas.rasterizer.scratch()), done);
        finish(canvas, update);
        done("update");
    }

    // Priors, and with `update` Adam.
    void finish(TrainingCanvas& canvas, bool update) {
        const std::vector<cuda::DeviceGroup> groups = groups_.groups(chain_.batch(), chain_.vertices());
        cuda::StepSettings settings;
        settings.batch = int(chain_.batch());
        settings.surface = chain_.surface();
        cuda::StepBuffers buffers;
        buffers.state = state_.data();
        buffers.terms = terms_.data();
        buffers.sums = sums_.data();
        buffers.counters = canvas.rasterizer.device_counters();
        buffers.view_steps = groups_.view_steps();
        buffers.broken = broken_.data();
        buffers.reports = reports_.data();
        cuda::add_priors(settings, groups.data(), int(groups.size()), buffers, stream_);
        if (update) cuda::update_groups(settings, groups.data(), int(groups.size()), buffers, stream_);
    }

    // ---- back to the host ----

    std::vector<LossWeights> weights_of(std::span<const int> views) const {
        std::vector<LossWeights> weights;
        for (const int v : views) weights.push_back(view_at(v).weights);
        return weights;
    }
    static LossValue value_of(const cuda::LossTerms& terms, const LossWeights& weights) {
        LossValue value{0, terms.l1, terms.dssim, terms.alpha, terms.squared};
        value.weigh(weights);
        return value;
    }
    static LossValue mean_of(const cuda::LossTerms* terms, const std::vector<LossWeights>& weights) {
        std::vector<LossValue> losses;
        for (std::size_t i = 0; i < weights.size(); ++i) losses.push_back(value_of(terms[i], weights[i]));
        return mean_loss(losses);
    }

    struct UnderWay {
        int step;
        std::vector<int> views;
        cuda::DeviceRasterizer* rasterizer;
        std::uint32_t capacity;  // of its lists
    };
    void take(const UnderWay& step, const cuda::StepReport& report) const {
        if (lap_ && lap_step_ == step.step) {
            stages_ = lap_->times();  // the step has ended: nobody waits
            lap_.reset();
        }
        if (report.broken) {
            stream_.wait();  // the steps behind it changed nothing
            reports_.forget();
            lap_.reset();
            throw NotFinite("the loss or a gradient is not finite");
        }
        if (report.counters.instances > step.capacity) ++incomplete_;
        step.rasterizer->make_room(report.counters);
        const std::vector<LossWeights> weights = weights_of(step.views);
        for (std::size_t i = 0; i < step.views.size(); ++i) {
            cuda::DeviceView& view = view_at(step.views[i]);
            view.loss = value_of(report.terms[i], weights[i]);
            view.loss_known = true;
        }
        last_ = StepLoss{step.step, mean_of(report.terms, weights), report.modules, report.priors, incomplete_};
    }
    void finish_all() const { reports_.take_all(); }

    bool late_;  // losses may be
    bool graphs_, deterministic_;
    cuda::Stream stream_;
    mutable cuda::LateReports<cuda::StepReport, UnderWay> reports_;
    // Each so many steps one is launched stage by stage between events.
    static constexpr int steps_between_laps = 100;
    mutable std::optional<cuda::Lap> lap_;
    int lap_step_ = 0;
    mutable std::vector<StageTime> stages_;
    mutable std::optional<StepLoss> last_;
    mutable int incomplete_ = 0;

    DeviceBuffer<cuda::StepState> state_{stream_};
    cuda::DeviceGroups groups_{stream_};
    ModuleCalls modules_{[this](int k, int) { return groups_.arrays(k); }};  // all frames at once
    cuda::DeviceChain chain_{stream_, groups_, modules_, state_, deterministic_};
    std::vector<std::unique_ptr<cuda::DeviceView>> views_;
    DeviceBuffer<float> screen_{stream_};
    // By width and height, for batches of chain_.batch() views.
    std::map<std::pair<int, int>, std::unique_ptr<TrainingCanvas>> canvases_;

    DeviceBuffer<cuda::LossTerms> terms_{stream_};
    DeviceBuffer<double> sums_{stream_};
    DeviceBuffer<unsigned> broken_{stream_};
};

}  // namespace

std::unique_ptr<TrainingEngine> make_cuda_training_engine(const CudaEngineOptions& options) {
    if (!cuda::find_device()) return nullptr;
    return guarded([&]() -> std::unique_ptr<TrainingEngine> { return std::make_unique<CudaTrainingEngine>(options); });
}

}  // namespace likeness

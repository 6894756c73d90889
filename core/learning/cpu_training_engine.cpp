// The training engine on the processor: the views and the way of a step through groups, chain, rasterizer and loss.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>

#include "core/base/failure.h"
#include "core/base/parallel.h"
#include "core/learning/cpu_chain.h"
#include "core/learning/cpu_groups.h"
#include "core/learning/engine_parts.h"
#include "core/learning/module_calls.h"
#include "core/learning/training_engine.h"

namespace likeness {
namespace {

// The last step's stages; a stage that comes again, frame by frame, adds to its time.
class Stopwatch {
  public:
    void start() {
        stages.clear();
        before_ = Clock::now();
    }
    void mark(const char* stage) {
        const Clock::time_point now = Clock::now();
        const double passed = std::chrono::duration<double, std::milli>(now - before_).count();
        before_ = now;
        for (StageTime& known : stages)
            if (known.stage == stage) {
                known.milliseconds += passed;
                return;
            }
        stages.push_back({stage, passed});
    }
    std::vector<StageTime> stages;

  private:
    using Clock = std::chrono::steady_clock;
    Clock::time_point before_;
};

void add_to(const std::vector<float>& values, std::vector<float>& sums) {
    parallel_for(values.size(), 1 << 14, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) sums[i] += values[i];
    });
}

class CpuTrainingEngine final : public TrainingEngine {
  public:
    CpuTrainingEngine() : rasterizer_(make_cpu_rasterizer()) {
        rasterizer_->set_mark([this](const char* stage) { stopwatch_.mark(stage); });
    }

    std::string name() const override { return rasterizer_->name(); }

    void load(const Avatar& avatar, const std::vector<std::string>& learned, const TrainingModules& modules) override {
        clear_views();
        groups_.clear();
        modules_.clear();
        const auto add = [&](ParameterGroup g) { return groups_.add(std::move(g)); };
        for (ParameterGroup& g : built_in_groups(avatar, learned)) add(std::move(g));
        const BuiltInGroups built_in(groups_.table());
        modules_.add(modules, add);
        chain_.load(avatar, built_in);
        screen_gradient_.assign(avatar.splats->count, 0.0f);
    }

    void load_splats(const AnchoredSplats& splats) override {
        chain_.load_splats(splats);
        screen_gradient_.assign(splats.count, 0.0f);
        for (View& view : views_) view.splat_weight.clear();
    }

    Ancestry densify(const DensifyOptions& options) override {
        AnchoredSplats splats = chain_.splats();
        const SplatFrames at_rest = splat_frames(chain_.avatar(), HeadPose::neutral(*chain_.avatar().model));
        Ancestry from = likeness::densify(splats, screen_gradient_, at_rest, options);
        load_splats(splats);
        return from;
    }

    int add_view(const TrainingView& view) override {
        check_view(view, *chain_.avatar().model);
        check_splat_weight(view.splat_weight, screen_gradient_.size());
        chain_.add_view(view.pose);
        views_.push_back({view.camera, view.target, view.weights, view.colors_only, view.splat_weight, {}, false});
        return int(views_.size()) - 1;
    }

    void set_splat_weight(int view, std::vector<float> weight) override {
        check_splat_weight(weight, screen_gradient_.size());
        view_at(view).splat_weight = std::move(weight);
    }

    void clear_views() override {
        views_.clear();
        chain_.clear_views();
    }

    std::vector<std::string> groups() const override { return groups_.table().names(); }
    GroupSettings& settings(const std::string& group) override { return groups_.table().settings(group); }
    std::vector<float> values(const std::string& group) const override {
        return groups_.values(groups_.table().at(group));
    }

    std::optional<StepLoss> step(std::span<const int> views, const std::array<float, 3>& background,
                                 float rate_scale) override {
        return run(views, background, rate_scale, true);
    }

    LossValue loss(int view) const override {
        check_number(view, views_.size());
        const View& v = views_[std::size_t(view)];
        if (!v.known) throw std::invalid_argument("training step: a view that took part in no step");
        return v.loss;
    }

    StepGradients gradients(std::span<const int> views, const std::array<float, 3>& background) override {
        StepGradients result;
        result.loss = run(views, background, 1, false);
        for (std::size_t k = 0; k < groups_.table().size(); ++k)
            result.by_group[groups_.table()[int(k)].about.name] = groups_.gradients(int(k));
        return result;
    }

    std::vector<StageTime> stages() const override { return stopwatch_.stages; }
    std::vector<StageTime> timed_step(std::span<const int> views, const std::array<float, 3>& background) override {
        run(views, background, 1, true);
        return stages();
    }

    AnchoredSplats splats() const override { return chain_.splats(); }
    Avatar fetch() const override { return chain_.fetch(); }
    HeadPose pose(int view) const override {
        check_number(view, views_.size());
        return chain_.view_pose(view);
    }
    std::vector<float> screen_gradient() const override { return screen_gradient_; }

  private:
    struct View {
        Camera camera;
        LossPicture target;
        LossWeights weights;
        bool colors_only;
        std::vector<float> splat_weight;
        LossValue loss;
        bool known;
    };

    View& view_at(int view) {
        check_number(view, views_.size());
        return views_[std::size_t(view)];
    }

    StepLoss run(std::span<const int> views, const std::array<float, 3>& background, float rate_scale, bool update) {
        check_batch(views, views_.size());
        std::vector<Camera> cameras;
        std::vector<const float*> splat_weights;
        std::vector<unsigned char> colors_only;
        for (const int v : views) {
            const View& view = view_at(v);
            cameras.push_back(view.camera);
            splat_weights.push_back(view.splat_weight.empty() ? nullptr : view.splat_weight.data());
            colors_only.push_back(view.colors_only);
        }
        check_one_size(cameras);
        stopwatch_.start();
        background_ = background;
        batch_ = {views.begin(), views.end()};
        // Screen-space gradients count where no view of the batch teaches colors only.
        const bool screen = update && std::none_of(colors_only.begin(), colors_only.end(), [](bool c) { return c; });
        const bool geometry_rests = std::all_of(colors_only.begin(), colors_only.end(), [](bool c) { return c; });
        step_screen_.assign(screen_gradient_.size(), 0.0f);
        step_losses_.clear();
        StepLoss loss;
        groups_.begin(batch_, modules_.groups());
        begin_modules(cameras[0]);
        chain_.begin(batch_, std::move(splat_weights), std::move(colors_only));
        for (std::size_t f = 0; f < batch_.size(); ++f) learn_from(f, screen, loss);
        chain_.end();
        loss.mean = mean_loss(step_losses_);
        if (!std::isfinite(loss.mean.total + loss.modules)) throw NotFinite("the loss is not finite");
        loss.priors = groups_.add_priors(chain_.topology(), rate_scale, geometry_rests);
        if (update) take_step();
        loss.step = groups_.table().steps();
        stopwatch_.mark("update");
        return loss;
    }

    void begin_modules(const Camera& camera) {
        StepArrays arrays;
        arrays.frames = arrays.batch = int(batch_.size());
        arrays.views = batch_.data();
        arrays.vertices = chain_.topology().vertices;
        arrays.count = int(chain_.avatar().splats->count);
        arrays.width = camera.width;
        arrays.height = camera.height;
        arrays.background = background_.data();
        modules_.begin(arrays);
    }

    // A frame of the batch, from the parameters to the loss and back.
    void learn_from(std::size_t f, bool screen, StepLoss& loss) {
        const View& view = views_[std::size_t(batch_[f])];
        RasterOptions options;
        options.background = background_;
        rasterizer_->forward(chain_.pose(f), view.camera, options, frame_);
        const auto fill_picture = [&](StepArrays& a) {
            a.color = frame_.color.pixels.data();
            a.alpha = frame_.alpha.pixels.data();
        };
        modules_.forward(StepStage::picture, fill_picture, int(f));
        const LossValue value =
            loss_.evaluate(frame_, view.target, background_, view.weights, grad_frame_, 1 / float(batch_.size()));
        if (!std::isfinite(value.total)) throw NotFinite("the loss is not finite");
        step_losses_.push_back(value);
        modules_.backward(StepStage::picture,
                          [&](StepArrays& a) {
                              fill_picture(a);
                              a.grad_color = grad_frame_.color.pixels.data();
                              a.grad_alpha = grad_frame_.alpha.pixels.data();
                              a.loss = &loss.modules;
                          },
                          int(f));
        stopwatch_.mark("loss");
        rasterizer_->backward(grad_frame_, chain_.grad_posed(), screen ? &step_screen_ : nullptr);
        chain_.unpose(f);
    }

    // All numbers of the step are finite.
    void take_step() {
        groups_.update();
        for (std::size_t f = 0; f < batch_.size(); ++f) {
            View& view = views_[std::size_t(batch_[f])];
            view.loss = step_losses_[f];
            view.known = true;
        }
        add_to(step_screen_, screen_gradient_);
    }

    std::unique_ptr<Rasterizer> rasterizer_;
    Stopwatch stopwatch_;
    ImageLoss loss_;
    CpuGroups groups_;
    ModuleCalls modules_{[this](int k, int first) { return groups_.arrays(k, first); }};
    CpuChain chain_{groups_, modules_, [this](const char* stage) { stopwatch_.mark(stage); }};
    std::vector<View> views_;
    std::vector<float> screen_gradient_;

    // Of the step.
    std::vector<int> batch_;
    std::array<float, 3> background_{};
    std::vector<LossValue> step_losses_;  // of the batch's views
    std::vector<float> step_screen_;      // what it adds to screen_gradient_
    Frame frame_;
    FrameGradients grad_frame_;
};

}  // namespace

std::unique_ptr<TrainingEngine> make_cpu_training_engine() { return std::make_unique<CpuTrainingEngine>(); }

}  // namespace likeness

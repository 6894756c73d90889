#include "cuda/cuda_video_engine.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "core/learning/adam.h"
#include "cuda/densify_block.h"
#include "cuda/lap.h"
#include "cuda/late_reports.h"
#include "cuda/learned.h"
#include "cuda/learned_shape.h"
#include "cuda/unknown_gradients.h"
#include "cuda/video_frames.h"
#include "likeness/cuda/device.h"
#include "likeness/cuda/device_avatar.h"
#include "likeness/cuda/device_rasterizer.h"
#include "likeness/cuda/stream.h"
#include "likeness/cuda/train_step.h"
#include "likeness/cuda/video_step.h"

namespace likeness {
namespace {

using cuda::check;
using cuda::DeviceBuffer;
using cuda::guarded;
using cuda::Unknown;

class CudaVideoEngine final : public VideoStepEngine {
  public:
    explicit CudaVideoEngine(const CudaVideoOptions& options)
        : late_(options.steps_in_flight > 0),
          graphs_(options.graphs),
          repeatable_(options.repeatable),
          reports_(std::size_t(std::clamp(options.steps_in_flight, 0, 8)),
                   [this](const UnderWay& step, const cuda::VideoStepReport& report) { take(step, report); }) {
        cuda::keep_freed_memory();
        rasterizer_.set_repeatable(repeatable_);
        state_.resize(1);
        terms_.resize(cuda::most_batch_frames);
        pulls_.resize(1);
        broken_.resize(1);
        broken_.fill_zero();
    }
    ~CudaVideoEngine() override { cudaStreamSynchronize(stream_); }  // the steps under way write to the reports

    std::string name() const override { return "cuda"; }

    void load(const Avatar& avatar, const VideoStepOptions& options) override {
        const cuda::Range range("load an avatar");
        guarded([&] {
            stream_.wait();
            reports_.forget();
            avatar_ = avatar;
            free_ = options.unknowns;
            weights_ = options.weights;
            steps_ = incomplete_ = 0;
            last_.reset();
            broken_.fill_zero();

            const HeadModel& model = *avatar.model;
            head_.load(avatar.model, avatar.person, avatar.hair.vertices.size() > 0 ? &avatar.hair : nullptr, free_.identity);
            surface_.load(avatar);
            shape_.reset(std::size_t(model.identity_count()) + std::size_t(avatar.neutral.size()));
            rest_.resize(std::size_t(avatar.neutral.size()));
            joints_.resize(std::size_t(3 * model.joint_count()));
            frames_.clear(*avatar_.model);
            put_splats(avatar.splats);
        });
    }

    void load_splats(const AnchoredSplats& splats) override {
        guarded([&] {
            finish_all();
            put_splats(splats);
        });
    }

    Ancestry densify(const DensifyOptions& options) override {
        const cuda::Range range("densify");
        return guarded([&] {
            finish_all();
            const SplatFrames at_rest = splat_frames(avatar_, HeadPose::neutral(*avatar_.model));
            Ancestry from = cuda::densify_block(splats_.values, screen_, at_rest, options);
            avatar_.splats = descendants(avatar_.splats, from);
            surface_.load_anchors(avatar_.splats);
            start_over();
            return from;
        });
    }

    int add_frame(const TrainingFrame& frame) override {
        const cuda::Range range("add a frame");
        return guarded([&] { return frames_.add(frame); });
    }

    std::optional<VideoLoss> step(std::span<const int> frames, const std::array<float, 3>& background,
                                  const VideoStepRates& rates) override {
        const cuda::Range range("video step");
        return guarded([&] {
            reports_.take_ended();
            start_step(frames, background, rates, [&] { replay_or_enqueue(); });
            if (!late_) finish_all();
            return last_;
        });
    }

    std::vector<StageTime> timed_step(std::span<const int> frames, const std::array<float, 3>& background,
                                      const VideoStepRates& rates) override {
        return guarded([&] {
            finish_all();
            std::optional<cuda::Lap> lap;
            const auto mark = [&](const char* stage) {
                if (lap) lap->mark(stage);  // not in a first look at the lists
            };
            const cuda::Marked marked(rasterizer_, mark);
            start_step(frames, background, rates, [&] {
                lap.emplace(stream_);
                enqueue(true, mark);
            });
            finish_all();
            return lap->times();
        });
    }

    VideoGradients gradients(std::span<const int> frames, const std::array<float, 3>& background,
                             const VideoStepRates& rates) override {
        return guarded([&] {
            finish_all();
            find_gradients(frames, background, rates);
            return download_gradients();
        });
    }

    Avatar fetch() const override {
        return guarded([&] {
            finish_all();
            Avatar avatar = avatar_;
            std::vector<float> values = splats_.values.download();
            const float* from = values.data();
            AnchoredSplats& s = avatar.splats;
            for (std::vector<float>* to : {&s.rotation, &s.offset, &s.log_scale, &s.albedo, &s.opacity}) {
                std::copy_n(from, to->size(), to->begin());
                from += to->size();
            }
            if (shaped()) cuda::add_learned_shape(avatar, shape_.values.download());
            return avatar;
        });
    }

    HeadPose pose(int frame) const override {
        return guarded([&] {
            finish_all();
            return frames_.pose(frame);
        });
    }

    std::vector<float> screen_gradient() const override {
        return guarded([&] {
            finish_all();
            return screen_.download();
        });
    }

  private:
    std::size_t identities() const { return std::size_t(avatar_.model->identity_count()); }
    std::size_t vertex_floats() const { return rest_.size(); }
    cuda::SurfaceShape surface_shape(int frames) const {
        cuda::SurfaceShape shape = surface_.shape(frames);
        shape.repeatable = repeatable_;
        return shape;
    }
    bool shaped() const { return free_.identity || free_.vertices; }
    bool head_moves() const { return shaped() || free_.controls || free_.joints || free_.translation; }

    void put_splats(const AnchoredSplats& splats) {
        const std::size_t n = splats.count;
        std::vector<float> values;
        values.reserve(n * cuda::parameters_per_splat);
        for (const std::vector<float>* part :
             {&splats.rotation, &splats.offset, &splats.log_scale, &splats.albedo, &splats.opacity})
            values.insert(values.end(), part->begin(), part->end());
        if (values.size() != n * cuda::parameters_per_splat || splats.anchor.size() != n)
            throw std::invalid_argument("training step: arrays of Gaussians do not match");
        surface_.load_anchors(splats);
        avatar_.splats = splats;
        splats_.values.upload(values);
        start_over();
    }

    // What the Gaussians are now is where the pulls lead; Adam knows nothing of them.
    void start_over() {
        const std::size_t n = avatar_.splats.count;
        splats_.forget();
        seeds_.resize(9 * n);  // offsets, log scales and albedos lie side by side
        if (n > 0) {
            check(cudaMemcpyAsync(seeds_.data(), splats_.values.data() + 4 * n, seeds_.bytes(),
                                  cudaMemcpyDeviceToDevice, stream_),
                  "keep the seed");
        }
        screen_.resize(n);
        screen_.fill_zero();
        splat_steps_ = 0;
        batch_ = 0;
    }

    // ---- a step ----

    // Sizes everything for the batch and puts its cameras in place.
    void prepare(std::span<const int> frames, const std::array<float, 3>& background) {
        frames_.check_batch(frames);
        const std::size_t b = frames.size();
        if (b != batch_ || rows_generation_ != frames_.generation()) {
            rows_generation_ = frames_.generation();
            graph_.reset();
            repeats_ = 0;
            batch_ = 0;
            const Camera& camera = frames_.camera(0);
            const std::size_t pixels = b * std::size_t(camera.width) * std::size_t(camera.height);
            const cuda::HeadShape shape = head_.shape(int(b));
            posed_.resize(b * splats_.values.size());
            batch_poses_.resize(b * frames_.row_floats());
            batch_gradients_.resize(batch_poses_.size());
            rig_.resize(b * (std::size_t(shape.coefficients()) + frames_.joint_floats() * 4));
            for (DeviceBuffer<float>* buffer : {&rested_, &vertices_}) buffer->resize(b * vertex_floats());
            normals_.resize(b * vertex_floats() / 3 * 4);
            if (head_moves()) {
                by_vertices_.resize(vertices_.size());
                by_rest_.resize(vertex_floats());
                rasterizer_.reserve_scratch(sizeof(float) * cuda::surface_backward_floats(surface_shape(int(b))));
                rasterizer_.reserve_scratch(sizeof(float) * cuda::head_backward_floats(shape));
            }
            color_.resize(3 * pixels);
            alpha_.resize(pixels);
            loss_.width = camera.width;
            loss_.height = camera.height;
            loss_.l1_weight = weights_.l1;
            loss_.dssim_weight = weights_.dssim;
            loss_.alpha_weight = weights_.alpha;
            loss_.images = int(b);
            loss_.normalizer = float(pixels);  // terms add up to the mean over the batch
            // A million pixels fill a GPU; more at once takes 1 % less time, and memory of its own.
            loss_.at_once = int(std::max<std::size_t>((std::size_t(1) << 20) * b / pixels, 1));
            rasterizer_.reserve_scratch(cuda::loss_workspace_bytes(loss_));
            // Derivatives by the posed Gaussians come when those by the pictures are no longer needed.
            posed_gradients_.resize(std::max(posed_.size(), 4 * pixels));
            batch_ = b;
        }
        std::vector<Camera> cameras;
        for (const int frame : frames) cameras.push_back(frames_.camera(frame));
        RasterOptions raster;
        raster.background = background;
        const Posed p = posed_arrays(posed_);
        rasterizer_.prepare(
            {int(avatar_.splats.count), 0, {p.means, p.scales, p.rotations, p.colors, p.opacities, nullptr}}, cameras,
            false, raster);
    }

    // Repeats until the lists hold all Gaussians.
    void find_gradients(std::span<const int> frames, const std::array<float, 3>& background,
                        const VideoStepRates& rates) {
        do {
            prepare(frames, background);
            cuda::set_video_step(state_.data(), state_of(frames, rates), stream_);
            enqueue(false, {});
        } while (rasterizer_.counters().instances > rasterizer_.instance_capacity());
    }

    template <class Work>
    void start_step(std::span<const int> frames, const std::array<float, 3>& background, const VideoStepRates& rates,
                    const Work& work) {
        prepare(frames, background);
        // Whether all instances fit is looked at before a batch's first step; later ones tell afterwards.
        if (repeats_ == 0) find_gradients(frames, background, rates);
        ++steps_;
        ++splat_steps_;
        cuda::set_video_step(state_.data(), state_of(frames, rates), stream_);
        work();
        reports_.started(stream_, {steps_, int(frames.size()), rasterizer_.instance_capacity()});
        ++repeats_;
    }

    // A graph costs as much as a few steps, and a first step loads kernels, which a capture must not.
    void replay_or_enqueue() {
        if (!graphs_ || repeats_ < 2) return enqueue(true, {});
        if (!graph_ || graph_generation_ != rasterizer_.generation()) {
            graph_.capture(stream_, [&] { enqueue(true, {}); });
            graph_generation_ = rasterizer_.generation();
        }
        graph_.launch(stream_);
    }

    // The work of a step; everything that changes from step to step is in device memory. Without `update` it ends with
    // the gradients.
    void enqueue(bool update, const cuda::StageMark& mark) {
        const auto done = [&](const char* stage) {
            if (mark) mark(stage);
        };
        const int b = int(batch_);
        cuda::gather_poses(frames_.rows(), b, state_.data(), update, batch_poses(batch_poses_), stream_);
        const cuda::HeadShape shape = head_.shape(b);
        cuda::HeadArrays head = head_.arrays();
        if (shaped()) {
            cuda::shape_person(
                shape, head,
                {head.rest, head.joint_position, free_.identity ? shape_.values.data() : nullptr,
                 free_.vertices ? shape_.values.data() + identities() : nullptr, rest_.data(), joints_.data()},
                stream_);
            head.rest = rest_.data();
            head.joint_position = joints_.data();
        }
        const cuda::BatchPoses gathered = batch_poses(batch_poses_);
        const cuda::HeadPoses poses{gathered.controls, gathered.joints, gathered.translation};
        const cuda::HeadOutputs posed_head{rig_.data(), rig_.data() + batch_ * std::size_t(shape.coefficients()),
                                           rested_.data(), vertices_.data()};
        cuda::head_forward(shape, head, poses, posed_head, stream_);
        done("head");
        const cuda::SurfaceShape surface = surface_shape(b);
        cuda::surface_normals(surface, surface_.arrays(), vertices_.data(), normals_.data(), stream_);
        const cuda::ParameterArrays own = cuda::cut_parameters(splats_.values.data(), avatar_.splats.count);
        const cuda::AnchoredArrays anchored{nullptr,         own.offsets, own.log_scales,
                                            own.quaternions, own.albedos, own.logits};
        const Posed posed = posed_arrays(posed_);
        cuda::pose_on_surface(surface, surface_.arrays(), vertices_.data(), normals_.data(), anchored,
                              {posed.means, posed.scales, posed.rotations, posed.colors, posed.opacities}, stream_);
        done("Gaussians");

        rasterizer_.render({color_.data(), alpha_.data(), nullptr, nullptr, nullptr});
        cuda::LossInputs inputs;
        inputs.color = color_.data();
        inputs.alpha = alpha_.data();
        inputs.targets = state_.data()->targets;
        inputs.background = rasterizer_.view()->background;
        float *const by_color = posed_gradients_.data(), *const by_alpha = by_color + color_.size();
        cuda::picture_loss(loss_, inputs, scratch(), {terms_.data(), by_color, by_alpha}, stream_);
        done("loss");

        cuda::RasterOutputGradients from;  // what has no weight has no derivative
        if (weights_.l1 != 0 || weights_.dssim != 0) from.color = by_color;
        if (weights_.alpha != 0) from.alpha = by_alpha;
        const Posed g = posed_arrays(posed_gradients_);
        cuda::RasterInputGradients to;
        to.means = g.means;
        to.scales = g.scales;
        to.rotations = g.rotations;
        if (free_.splats) {
            to.colors = g.colors;
            to.opacities = g.opacities;
            if (update) to.screen = screen_.data();
        }
        rasterizer_.backward(from, to);
        cuda::AnchoredGradientArrays by_own;
        if (free_.splats) {
            const cuda::ParameterArrays p = cuda::cut_parameters(splats_.gradients.data(), avatar_.splats.count);
            by_own = {p.offsets, p.log_scales, p.quaternions, p.albedos, p.logits};
        }
        cuda::surface_backward(surface, surface_.arrays(), vertices_.data(), normals_.data(), anchored, posed.rotations,
                               {g.means, g.scales, g.rotations, g.colors, g.opacities}, scratch(),
                               head_moves() ? by_vertices_.data() : nullptr, stream_, by_own);
        done("Gaussians backward");
        if (head_moves()) {
            const cuda::BatchPoses by = batch_poses(batch_gradients_);
            cuda::HeadGradients wanted;
            if (free_.controls) wanted.controls = by.controls;
            if (free_.joints) wanted.joints = by.joints;
            if (free_.translation) wanted.translation = by.translation;
            if (free_.vertices) wanted.rest = shape_.gradients.data() + identities();
            if (free_.identity) {
                if (!wanted.rest) wanted.rest = by_rest_.data();
                wanted.identity = shape_.gradients.data();
            }
            cuda::head_backward(shape, head, poses, posed_head, by_vertices_.data(), scratch(), wanted, stream_);
            done("head backward");
        }
        finish(update);
        done("update");
    }

    // Pulls, and with `update` Adam.
    void finish(bool update) {
        const std::vector<cuda::UnknownGroup> groups = unknown_groups();
        cuda::VideoStepSettings settings;
        settings.frames = int(batch_);
        settings.beta1 = adam_beta1;
        settings.beta2 = adam_beta2;
        settings.epsilon = adam_epsilon;
        settings.surface_arrays = surface_.arrays();
        cuda::VideoStepBuffers buffers;
        buffers.state = state_.data();
        buffers.terms = terms_.data();
        buffers.pulls = pulls_.data();
        buffers.counters = rasterizer_.device_counters();
        buffers.frame_steps = frames_.rows().steps;
        buffers.broken = broken_.data();
        buffers.reports = reports_.data();
        cuda::pull_unknowns(settings, groups.data(), int(groups.size()), buffers, stream_);
        if (update) cuda::update_unknowns(settings, groups.data(), int(groups.size()), buffers, stream_);
    }

    std::vector<cuda::UnknownGroup> unknown_groups() {
        std::vector<cuda::UnknownGroup> groups;
        if (free_.splats) {
            const std::size_t n = avatar_.splats.count;
            groups.push_back(splats_.group(Unknown::quaternion, 0, 4 * n));
            std::size_t from = 0;
            for (const Unknown kind : {Unknown::offset, Unknown::log_scale, Unknown::albedo}) {
                groups.push_back(splats_.group(kind, 4 * n + from, 3 * n));
                groups.back().seeds = seeds_.data() + from;
                from += 3 * n;
            }
            groups.push_back(splats_.group(Unknown::logit, 13 * n, n));
        }
        if (free_.identity) groups.push_back(shape_.group(Unknown::identity, 0, identities()));
        if (free_.vertices) groups.push_back(shape_.group(Unknown::vertex, identities(), vertex_floats()));
        const cuda::BatchPoses by = batch_poses(batch_gradients_);
        if (free_.controls) groups.push_back(frames_.group(Unknown::control, batch_, by.controls));
        if (free_.joints) groups.push_back(frames_.group(Unknown::joint, batch_, by.joints));
        if (free_.translation) groups.push_back(frames_.group(Unknown::translation, batch_, by.translation));
        return groups;
    }

    cuda::VideoStepState state_of(std::span<const int> frames, const VideoStepRates& rates) const {
        cuda::VideoStepState s;
        // `steps`: Adam's clock; 0 for what has clocks of its own.
        const auto set = [&](Unknown kind, float rate, int steps, float pull = 0,
                             float low = -std::numeric_limits<float>::infinity(),
                             float high = std::numeric_limits<float>::infinity()) {
            const auto k = std::size_t(kind);
            s.rates[k] = steps > 0 ? rate / (1 - std::pow(adam_beta1, float(steps))) : rate;
            s.second_scales[k] = steps > 0 ? 1 / (1 - std::pow(adam_beta2, float(steps))) : 1;
            s.pulls[k] = pull;
            s.low[k] = low;
            s.high[k] = high;
        };
        const float n = float(std::max<std::size_t>(avatar_.splats.count, 1));
        const StepRates& r = rates.splats;
        // As in the CPU's engine: means over the Gaussians; offsets count in millimetres, by the millimetre.
        set(Unknown::quaternion, r.rotation, splat_steps_);
        set(Unknown::offset, r.offset, splat_steps_, 2 * r.keep_offset * 1e6f / n * 1e-3f);
        set(Unknown::log_scale, r.log_scale, splat_steps_, 2 * r.keep_scale / n, std::log(smallest_scale),
            std::log(r.largest_scale));
        set(Unknown::albedo, r.albedo, splat_steps_, 2 * r.keep_albedo / n, 0, 1);
        set(Unknown::logit, r.opacity, splat_steps_, 0, lowest_opacity, highest_opacity);
        const float vertices = float(std::max<std::size_t>(vertex_floats() / 3, 1));
        const float pairs = float(std::max<std::size_t>(3 * avatar_.triangles.size(), 1));
        set(Unknown::identity, rates.identity, steps_,
            2 * rates.keep_identity / float(std::max<std::size_t>(identities(), 1)));
        set(Unknown::vertex, rates.vertex, steps_, 2 * rates.keep_vertex * 1e6f / vertices);
        s.smooth = 2 * rates.smooth_vertex * 1e6f / pairs;
        set(Unknown::control, rates.control, 0,
            2 * rates.keep_control / float(std::max<std::size_t>(frames_.controls() * frames.size(), 1)), 0, 1);
        set(Unknown::joint, rates.joint, 0);
        set(Unknown::translation, rates.translation, 0);
        s.report = unsigned(reports_.slot());
        for (std::size_t i = 0; i < frames.size(); ++i) {
            s.frames[i] = frames[i];
            s.targets[i] = frames_.picture(frames[i]);
        }
        return s;
    }

    // ---- back to the host ----

    LossValue value_of(const cuda::LossTerms* terms, int frames) const {
        LossValue v;
        for (int i = 0; i < frames; ++i) {
            v.l1 += terms[i].l1;
            v.dssim += terms[i].dssim;
            v.alpha += terms[i].alpha;
            v.squared += terms[i].squared;
        }
        v.total = double(weights_.l1) * v.l1 + double(weights_.dssim) * v.dssim + double(weights_.alpha) * v.alpha;
        return v;
    }

    struct UnderWay {
        int step, frames;
        std::uint32_t capacity;  // of the rasterizer's lists
    };
    void take(const UnderWay& step, const cuda::VideoStepReport& report) const {
        if (report.broken) {
            stream_.wait();  // the steps behind it changed nothing
            reports_.forget();
            throw std::runtime_error("the loss or a gradient is not a number");
        }
        if (report.counters.instances > step.capacity) ++incomplete_;
        rasterizer_.make_room(report.counters);
        last_ = VideoLoss{step.step, value_of(report.terms, step.frames), report.pulls, incomplete_};
    }
    void finish_all() const { reports_.take_all(); }

    VideoGradients download_gradients() {
        VideoGradients g;
        const std::vector<cuda::LossTerms> terms = terms_.download();
        g.loss = {steps_, value_of(terms.data(), int(batch_)), pulls_.download()[0], incomplete_};
        g.splats.resize(avatar_.splats.count);
        g.splats.set_zero();
        const Eigen::Index b = Eigen::Index(batch_);
        g.controls = Eigen::MatrixXf::Zero(Eigen::Index(frames_.controls()), b);
        g.joints = Eigen::MatrixXf::Zero(Eigen::Index(frames_.joint_floats()), b);
        g.translation = Eigen::MatrixXf::Zero(3, b);
        g.identity = Eigen::VectorXf::Zero(Eigen::Index(identities()));
        g.vertices = Vertices::Zero(3, Eigen::Index(vertex_floats() / 3));
        cuda::download_gradients(unknown_groups(), g, stream_);
        return g;
    }

    // ---- blocks of memory, cut ----

    struct Posed {
        float *means, *scales, *rotations, *colors, *opacities;
    };
    // Laid out as the parameters are, for all frames of the batch.
    Posed posed_arrays(DeviceBuffer<float>& block) {
        const cuda::ParameterArrays a = cuda::cut_parameters(block.data(), batch_ * avatar_.splats.count);
        return {a.offsets, a.log_scales, a.quaternions, a.albedos, a.logits};
    }
    // For one thing after the other, while the rasterizer rests.
    float* scratch() { return static_cast<float*>(rasterizer_.scratch()); }
    cuda::BatchPoses batch_poses(DeviceBuffer<float>& block) {
        float* const joints = block.data() + batch_ * frames_.controls();
        return {block.data(), joints, joints + batch_ * frames_.joint_floats()};
    }

    bool late_;  // losses may be
    bool graphs_, repeatable_;
    cuda::Stream stream_;
    mutable cuda::LateReports<cuda::VideoStepReport, UnderWay> reports_;
    mutable std::optional<VideoLoss> last_;
    mutable int incomplete_ = 0;

    Avatar avatar_;  // as loaded, with the Gaussians of the last load_splats()
    VideoUnknowns free_;
    LossWeights weights_;
    int steps_ = 0, splat_steps_ = 0;  // Adam's clocks
    cuda::VideoFrames frames_{stream_};
    std::uint64_t rows_generation_ = 0;  // of the frames' rows

    cuda::DeviceHead head_{stream_};
    cuda::DeviceSurface surface_{stream_};
    cuda::Learned splats_{stream_};  // as cut_parameters() has it
    cuda::Learned shape_{stream_};   // changes of identity, then of the vertices at rest
    DeviceBuffer<float> seeds_{stream_}, screen_{stream_};
    DeviceBuffer<float> rest_{stream_}, joints_{stream_};  // the person's shape now

    // Of the batch.
    std::size_t batch_ = 0;  // frames that everything below is made for
    DeviceBuffer<float> batch_poses_{stream_}, batch_gradients_{stream_}, rig_{stream_}, rested_{stream_},
        vertices_{stream_}, normals_{stream_}, by_vertices_{stream_}, by_rest_{stream_}, posed_{stream_},
        posed_gradients_{stream_};
    DeviceBuffer<float> color_{stream_}, alpha_{stream_};
    cuda::LossOptions loss_;
    mutable cuda::DeviceRasterizer rasterizer_{stream_};

    DeviceBuffer<cuda::VideoStepState> state_{stream_};
    DeviceBuffer<cuda::LossTerms> terms_{stream_};
    DeviceBuffer<double> pulls_{stream_};
    DeviceBuffer<unsigned> broken_{stream_};
    cuda::Graph graph_;
    std::uint64_t graph_generation_ = 0;  // of the rasterizer's workspace
    int repeats_ = 0;                     // steps since the batch was made
};

}  // namespace

std::unique_ptr<VideoStepEngine> make_cuda_video_engine(const CudaVideoOptions& options) {
    if (!cuda::find_device()) return nullptr;
    return guarded([&]() -> std::unique_ptr<VideoStepEngine> { return std::make_unique<CudaVideoEngine>(options); });
}

}  // namespace likeness

#include "core/maps/bake_neural.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <stdexcept>

#include "core/avatar/deform.h"
#include "core/base/failure.h"
#include "core/base/parallel.h"
#include "core/image/ops.h"
#include "core/maps/map_edit.h"
#include "core/networks/torch_library.h"

namespace likeness {
namespace {

constexpr int learned_size = 512, all_round_size = 512;
constexpr const char* network_group = "map_network";
constexpr float network_rate = 1e-3f, network_last_rate = 0.1f;
// What an output of one is worth, by channel: about what direct baking leaves to do.
constexpr std::array<float, likeness_baked_channels> output_scales = {0.1f, 0.1f, 0.1f, 1,    0.2f, 0.2f,
                                                                      0.2f, 0.2f, 0.2f, 0.2f, 1e-3f};
static_assert(sampled_channels == likeness_baked_channels);

constexpr std::size_t row_of(GaussianArray values) {
    std::size_t row = 0;
    while (gaussian_attributes[row].values != values) ++row;
    return row;
}

LikenessBakedArrays arrays_of(const std::array<float*, gaussian_attributes.size()>& a) {
    return {a[row_of(&GaussianValues::rotation)], a[row_of(&GaussianValues::offset)],
            a[row_of(&GaussianValues::log_scale)], a[row_of(&GaussianValues::albedo)],
            a[row_of(&GaussianValues::opacity_logit)]};
}

// The Gaussians take their values from the network's maps, whose parameters are a group of the engine's.
class MapNetwork final : public TrainingModule {
  public:
    // `side`: texels of what it paints.
    MapNetwork(const LikenessTorchFunctions& torch, LikenessBaker* network, std::size_t count, int side)
        : torch_(torch), network_(network), count_(count), side_(side) {
        group_.name = network_group;
        group_.rate = network_rate;
        group_.values.resize(std::size_t(torch.baker_parameters(network)));
        torch.start_baker(network, group_.values.data());
    }
    ~MapNetwork() override { torch_.destroy_baker(network_); }
    MapNetwork(const MapNetwork&) = delete;
    MapNetwork& operator=(const MapNetwork&) = delete;

    std::vector<ParameterGroup> groups() const override { return {group_}; }
    bool takes_part(StepStage stage) const override { return stage == StepStage::anchored; }
    bool can_be_recorded() const override { return false; }
    void forward(StepStage, const StepArrays& a) override {
        if (std::size_t(a.count) != count_) throw std::invalid_argument("map network: it was made for other Gaussians");
        LikenessError error;
        const LikenessBakedArrays to = arrays_of(a.anchored);
        if (!torch_.bake(network_, a.groups[0].values, &to, a.stream, &error)) throw DeviceFailure(error.text);
    }
    void backward(StepStage, const StepArrays& a) override {
        LikenessError error;
        const LikenessBakedArrays by = arrays_of(a.grad_anchored);
        if (!torch_.unbake(network_, &by, a.groups[0].gradients, a.stream, &error)) throw DeviceFailure(error.text);
    }

    // Adds what the network paints, bilinearly where that is coarser.
    void add_to(MapValues& maps, const std::vector<float>& parameters) const {
        MapValues painted{side_, maps.squares, {}};
        painted.texels.resize(painted.texel_count() * sampled_channels);
        LikenessError error;
        if (!torch_.baked_texels(network_, parameters.data(), painted.texels.data(), &error))
            throw DeviceFailure(error.text);
        const std::size_t row = std::size_t(maps.side);
        parallel_for(row * std::size_t(maps.squares), 16, [&](std::size_t begin, std::size_t end) {
            for (std::size_t y = begin; y < end; ++y)
                for (std::size_t x = 0; x < row; ++x) {
                    const Eigen::Vector2f middle(float(x) + 0.5f, float(y % row) + 0.5f);
                    const Eigen::Vector2f square(y < row ? 0.0f : 1.0f, 0.0f);
                    const SampledValues there = sample(painted, map_tap(square + middle / float(maps.side), side_));
                    for (std::size_t c = 0; c < sampled_channels; ++c)
                        maps.texels[(y * row + x) * sampled_channels + c] += there[c];
                }
        });
    }

  private:
    const LikenessTorchFunctions& torch_;
    LikenessBaker* const network_;
    const std::size_t count_;
    const int side_;
    ParameterGroup group_;
};

Result<std::shared_ptr<MapNetwork>> make_network(const FittedMaps& maps, bool gpu, const NeuralBakeOptions& options) {
    const Result<const LikenessTorchFunctions*> torch = torch_functions();
    if (!torch) return torch.error();
    if (gpu && (*torch)->gpus() == 0)
        return Error{ErrorCode::device,
                     "LibTorch finds no graphics card; install the torch package with its NVIDIA libraries, or bake with "
                     "the processor.",
                     ""};
    const int side = std::min(options.network_side, maps.values.side);
    std::vector<std::int64_t> rows, texels;
    std::vector<float> weights, prior;
    const AnchoredSplats& splats = maps.places.splats;
    for (std::size_t i = 0; i < splats.count; ++i) {
        if (maps.places.loose[i]) continue;
        const SampledValues there = sample(maps.values, map_tap(splats.atlas[i], maps.values.side));
        const MapTap tap = map_tap(splats.atlas[i], side);
        rows.push_back(std::int64_t(i));
        texels.insert(texels.end(), tap.texel.begin(), tap.texel.end());
        weights.insert(weights.end(), tap.weight.begin(), tap.weight.end());
        prior.insert(prior.end(), there.begin(), there.end());
    }
    LikenessBakerOptions made = {};
    made.gpu = gpu;
    made.side = side;
    made.squares = maps.values.squares;
    made.width = options.width;
    made.seed = options.seed;
    made.count = std::int64_t(rows.size());
    made.rows = rows.data();
    made.texels = texels.data();
    made.weights = weights.data();
    made.prior = prior.data();
    made.scales = output_scales.data();
    LikenessError error;
    LikenessBaker* const network = (*torch)->create_baker(&made, &error);
    if (!network) return Error{ErrorCode::invalid_argument, "The maps' network cannot be made.", error.text};
    return std::make_shared<MapNetwork>(**torch, network, splats.count, side);
}

// What is learned from: the photograph from its side, the avatar's own pictures from others.
std::vector<TrainingView> learned_views(const Avatar& avatar, Rasterizer& rasterizer, Progress& progress) {
    std::vector<TrainingView> views;
    SplatSet posed;
    Frame frame;
    const auto own_picture = [&](const BakeView& view) {
        progress.report(0.3, "Rendering what is learned from");
        deform(*avatar.splats, splat_frames(avatar, view.pose), posed);
        rasterizer.forward(posed, view.camera, {}, frame);
        LossTarget target{frame.color, frame.alpha, {}};
        for (std::size_t p = 0; p < frame.alpha.pixels.size(); ++p)
            for (std::size_t c = 0; c < 3; ++c) {
                const float alpha = frame.alpha.pixels[p];
                float& color = target.color.pixels[3 * p + c];
                color = alpha > 1e-4f ? std::clamp(color / alpha, 0.0f, 1.0f) : 0.0f;
            }
        return target;
    };
    for (const BakeView& view : source_views(avatar, learned_size)) {
        TrainingView learned{view.camera, view.pose, {}, {}, false, {}};
        LossTarget target = own_picture(view);
        // The photograph where it shows the person; beside that the avatar, which goes on where its crop ends.
        if (views.empty() && avatar.source->picture) {
            const Image photo = resize(*avatar.source->picture, learned_size, learned_size);
            if (photo.channels == 4)
                for (std::size_t p = 0; p < target.alpha.pixels.size(); ++p) {
                    if (photo.pixels[4 * p + 3] < 0.5f) continue;
                    std::copy_n(photo.pixels.begin() + std::ptrdiff_t(4 * p), 3,
                                target.color.pixels.begin() + std::ptrdiff_t(3 * p));
                    target.alpha.pixels[p] = photo.pixels[4 * p + 3];
                }
        }
        learned.target = loss_picture(target);
        views.push_back(std::move(learned));
    }
    for (BakeView view : views_all_round(avatar)) {
        view.camera = view.camera.resized(all_round_size, all_round_size);
        views.push_back({view.camera, view.pose, loss_picture(own_picture(view)), {}, false, {}});
    }
    return views;
}

// The two beside the photograph, one from farther round in turns, and the photograph or another of those.
std::array<int, 4> learned_batch(int step, int count) {
    const int round = count - 3;
    return {1, 2, 3 + step % round, step % 2 == 0 ? 0 : 3 + (step + round / 2) % round};
}

}  // namespace

NeuralBakeOptions neural_bake_options(bool gpu) {
    NeuralBakeOptions options;
    if (gpu) {
        options.network_side = 512;
        options.width = 64;
        options.steps = 1500;
        options.seconds = 34;
        options.preview_every = 50;
    }
    return options;
}

Result<TextureMaps> bake_neural(const Avatar& avatar, Rasterizer& rasterizer, TrainingEngine& engine,
                                const NeuralBakeOptions& options, Progress& progress) {
    if (Status known = check_map_side(options.side); !known) return known.error();
    if (avatar.splats->count == 0)
        return Error{ErrorCode::invalid_argument, "This avatar has no Gaussians to bake maps of.", ""};
    FittedMaps maps = fit_avatar_maps(avatar, rasterizer, options.side, progress);
    refine_maps(avatar, rasterizer, maps, BakeOptions().steps, progress);
    const bool gpu = engine.name() == "cuda";
    auto network = make_network(maps, gpu, options);
    if (!network) return network.error();

    Avatar learner = avatar;
    learner.splats = maps.places.splats;
    engine.load(learner, {}, {*network});
    const std::vector<TrainingView> views = learned_views(avatar, rasterizer, progress);
    for (const TrainingView& view : views) engine.add_view(view);
    std::mt19937_64 random(options.seed);
    const auto uniform = [&random] { return float(random() >> 40) * 0x1p-24f; };
    const auto maps_now = [&] {
        MapValues values = maps.values;
        (*network)->add_to(values, engine.values(network_group));
        return values;
    };
    const auto start = std::chrono::steady_clock::now();
    for (int step = 0; step < options.steps; ++step) {
        if (step % 20 == 0)
            fprintf(stderr, "%d %.1f\n", step,
                    std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        const double passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        const double done = std::max(double(step) / options.steps, passed / options.seconds);
        if (done >= 1) break;
        progress.report(0.3 + 0.65 * done, "Learning the maps");
        if (options.preview && step > 0 && step % options.preview_every == 0)
            options.preview(splats_by_maps(maps.places, maps_now()));
        engine.step(learned_batch(step, int(views.size())), {uniform(), uniform(), uniform()},
                    std::pow(network_last_rate, float(done)));
    }
    progress.report(0.95, "Finishing the maps");
    MapValues values = maps_now();
    for (std::size_t t = 0; t < values.texel_count(); ++t)
        for (std::size_t c = 0; c < sampled_channels; ++c) {
            float& texel = values.texels[t * sampled_channels + c];
            if (maps.texel_chart[t] == no_chart)
                texel = 0;
            else if (c < opacity_channel)
                texel = std::clamp(texel, 0.0f, 1.0f);
        }
    return texture_maps(values, relief_normals(avatar, values, maps.texel_chart));
}

}  // namespace likeness

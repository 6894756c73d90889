#include "core/learning/trainer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numbers>
#include <random>

#include "core/base/failure.h"
#include "core/base/log.h"
#include "core/base/parallel.h"

namespace likeness {
namespace {

using Time = std::chrono::steady_clock::time_point;
double seconds_since(Time start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double psnr_of(double squared) { return -10 * std::log10(std::max(squared, 1e-10)); }

// The last snapshot, or what training began with, where that can be used.
std::string what_is_kept(const AnchoredSplats& splats) {
    return all_finite(splats) ? "the avatar is kept as it was at the last snapshot."
                              : "what it began with cannot be used either.";
}

}  // namespace

Trainer::Trainer(Avatar avatar, std::shared_ptr<const PhotoEvidence> evidence, TrainerOptions options,
                 std::unique_ptr<TrainingEngine> engine, TrainingModules modules)
    : avatar_(std::move(avatar)),
      evidence_(std::move(evidence)),
      options_(std::move(options)),
      engine_(std::move(engine)),
      modules_(std::move(modules)) {}

void Trainer::pause() {
    std::lock_guard lock(mutex_);
    paused_ = true;
}
void Trainer::resume() {
    {
        std::lock_guard lock(mutex_);
        paused_ = false;
    }
    wake_.notify_all();
}
void Trainer::stop() {
    stopped_.store(true);
    resume();
}

void Trainer::wait_while_paused(Progress& progress) {
    std::unique_lock lock(mutex_);
    while (paused_ && !progress.cancelled()) wake_.wait_for(lock, std::chrono::milliseconds(100));
}

// The surface and the photograph stay as they are: only another resolution asks for other pictures.
void Trainer::make_views(int resolution) {
    const auto& [photo, hair_presence, bust_presence] = *evidence_;
    if (!projection_) {
        projection_ = std::make_unique<Unprojection>(avatar_, photo);
        projection_->fill(hair_presence);
    }
    const Camera front = default_camera(avatar_, resolution / 2, resolution / 2);
    const Eigen::Vector3f middle = head_middle(avatar_);
    const HeadPose neutral = HeadPose::neutral(*avatar_.model);
    constexpr float degree = std::numbers::pi_v<float> / 180;
    const Camera source = photo.camera.resized(resolution, resolution);
    constexpr std::array<std::pair<float, float>, 6> turned = {
        {{-20, 0}, {40, 0}, {0, 15}, {20, 0}, {-40, 0}, {0, -15}}};  // yaw and pitch, degrees
    constexpr std::array<std::pair<float, float>, 10> outlines = {
        {{-60, 0}, {-30, 12}, {0, -12}, {30, -10}, {60, 5}, {0, 12}, {-45, 0}, {45, 0}, {120, 0}, {-120, 0}}};
    first_outline_ = first_turned + int(turned.size());
    const auto make = [&, &photo = photo, &hair = hair_presence, &bust = bust_presence](int v) -> PortraitView {
        if (v == 0) return photo_view(avatar_, photo, resolution);
        if (v == 1) return mirrored_view(avatar_, photo, resolution);
        const auto [yaw, pitch] =
            v < first_outline_ ? turned[std::size_t(v - first_turned)] : outlines[std::size_t(v - first_outline_)];
        if (v < first_outline_)
            return turned_view(avatar_, *evidence_, *projection_, orbit(source, middle, yaw * degree, pitch * degree));
        return outline_view(avatar_, neutral, orbit(front, middle, yaw * degree, pitch * degree), hair, bust);
    };
    std::vector<TrainingView> views(std::size_t(first_outline_) + outlines.size());
    learners_.assign(views.size(), {});
    parallel_for(views.size(), 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t v = begin; v < end; ++v) {
            const PortraitView view = make(int(v));
            views[v] = view.training_view();
            learners_[v] = view.learners;
        }
    });
    engine_->clear_views();
    for (const TrainingView& view : views) engine_->add_view(view);
    weigh_gaussians();
}

void Trainer::weigh_gaussians() {
    const PointColors seen = projection_->seen(avatar_.splats->anchor);
    mirrored_ = std::any_of(seen.trust.begin(), seen.trust.end(), [](float t) { return t < 0.1f; });
    const LearnerWeights weights(avatar_, seen.trust);
    for (std::size_t v = 0; v < learners_.size(); ++v) engine_->set_splat_weight(int(v), weights.of(learners_[v]));
}

// The engine goes on with other Gaussians. What is needed of them here is where they are anchored; their values stay in
// the engine until somebody asks.
void Trainer::densify(std::uint64_t round) {
    avatar_.splats = descendants(*avatar_.splats, engine_->densify({options_.cap, options_.seed * 1000 + round}));
    weigh_gaussians();
}

TrainerReport Trainer::run(Progress& progress) {
    TrainerReport report;
    report.device = engine_->name();
    const auto start = std::chrono::steady_clock::now();
    std::ofstream log;
    if (!options_.log.empty()) {
        log.open(options_.log, std::ios::app);
        report.log_complete = log.is_open();
    }

    const int coarse = options_.steps / 4, first_densify = options_.steps * 2 / 5, second_densify = options_.steps * 3 / 5;
    int resolution = options_.resolution / 2;
    std::mt19937_64 random(options_.seed);
    const auto uniform = [&random] { return float(random() >> 40) * 0x1p-24f; };
    LossValue value;  // of the photograph
    bool seen = false;  // the photograph took part in a step at this resolution
    Part<AnchoredSplats> good = avatar_.splats;
    const auto publish = [&](int step) {
        auto snapshot = std::make_shared<AvatarSnapshot>();
        snapshot->splats = engine_->splats();
        if (seen) value = engine_->loss(0);
        snapshot->step = step;
        snapshot->loss = value.total;
        snapshot->psnr = psnr_of(value.squared);
        snapshot->stages = engine_->stages();
        good = snapshot->splats;
        slot_.publish(std::move(snapshot));
        if (log.is_open())
            log << nlohmann::json{{"step", step}, {"loss", value.total}, {"psnr", psnr_of(value.squared)}, {"gaussians", good->count},
                                  {"seconds", seconds_since(start)}, {"resolution", resolution}}
                       .dump()
                << std::endl;
        report.log_complete &= log.good();
    };
    try {
        engine_->load(avatar_, splat_groups(), modules_);
        publish(0);  // what was seeded is worth seeing at once
        make_views(resolution);
        for (int step = 0; step < options_.steps && !stopped_.load(); ++step) {
            wait_while_paused(progress);
            progress.report(double(step) / double(options_.steps), "Training");
            if (options_.seconds > 0 && seconds_since(start) > options_.seconds) break;
            if (step == coarse) {
                resolution = options_.resolution;
                avatar_.splats = engine_->splats();
                engine_->load_splats(*avatar_.splats);
                make_views(resolution);
                seen = false;
            } else if (step == first_densify || step == second_densify) {
                densify(std::uint64_t(step));
            }
            // Most steps look at the photograph; every fifth at an outline, of the others every sixth at its mirror image
            // and every third at what it shows from the side.
            int which = 0;
            if (step % 5 == 4)
                which = first_outline_ + step / 5 % (int(learners_.size()) - first_outline_);
            else if (mirrored_ && step % 6 == 3)
                which = 1;
            else if (step % 3 == 1)
                which = first_turned + step / 3 % (first_outline_ - first_turned);
            const std::array<float, 3> background = {uniform(), uniform(), uniform()};
            engine_->step({&which, 1}, background, std::pow(0.15f, float(step) / float(options_.steps)));
            seen |= which == 0;
            report.steps = step + 1;
            if ((step + 1) % options_.snapshot_every == 0) publish(step + 1);
        }
        publish(report.steps);
    } catch (const Cancelled&) {
        // What was learned since the last snapshot is kept too, unless it cannot be had.
        try {
            good = engine_->splats();
        } catch (const std::exception& failure) {
            spdlog::warn("training was cancelled; its last steps are lost: {}", failure.what());
        }
        avatar_.splats = good;
        throw;
    } catch (const std::bad_alloc&) {
        report.stopped_early = Error{ErrorCode::out_of_memory,
                                     "There was not enough memory to go on training; " + what_is_kept(*good) +
                                         " A smaller cap on Gaussians or a smaller resolution needs less.",
                                     "bad_alloc"};
    } catch (const DeviceFailure& failure) {
        report.stopped_early = Error{ErrorCode::device,
                                     "The graphics card failed while training; " + what_is_kept(*good) +
                                         " Train again, or choose the processor as the device.",
                                     failure.what()};
    } catch (const NotFinite& failure) {
        report.stopped_early =
            Error{ErrorCode::internal, "Training stopped because a value was not finite; " + what_is_kept(*good),
                  failure.what()};
    }
    avatar_.splats = good;
    report.seconds = seconds_since(start);
    report.steps_per_second = report.steps / std::max(report.seconds, 1e-9);
    report.psnr = psnr_of(value.squared);
    report.gaussians = avatar_.splats->count;
    return report;
}

}  // namespace likeness

// Steps of the training engine on avatars made of a file's Gaussians: pose, rasterize, L1 and SSIM and alpha loss,
// backward, priors, Adam. As for a portrait views of several fixed poses take turns; with --head as for a video, in
// batches of frames whose poses and expressions are learned, and the person's identity and vertices with them. Pictures
// are the avatar's own in other colors and slightly other poses. One JSON line a case; docs/measures.md defines the
// numbers.
#include "bench/train_step_bench.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench/figures.h"
#include "bench/splat_scene.h"
#include "bench/viewer_bench.h"
#include "core/formats/splat_ply.h"
#ifdef LIKENESS_HAVE_CUDA
#include "cuda/cuda_training_engine.h"
#include "likeness/cuda/check.h"
#endif

namespace {

using namespace likeness;
using Clock = std::chrono::steady_clock;

struct Options {
    std::string file, device = "auto";
    int gaussians = 50000, size = 512, views = 4;
    double seconds = 3;
    bool head = false, deterministic = false;
    std::vector<int> batches = {1, 4, 8};
};

constexpr std::array<float, 3> grey = {0.5f, 0.5f, 0.5f};

Camera camera_at(const Eigen::Vector3f& eye, const Eigen::Vector3f& middle, int size) {
    Camera camera;
    camera.width = camera.height = size;
    camera.fx = camera.fy = float(size) * 1.1f / 0.4f;
    camera.cx = camera.cy = 0.5f * float(size);
    camera.world_to_camera = look_at(eye, middle);
    return camera;
}

// The avatar in other colors, in the pose `shown`.
TrainingView view_of(const Scene& scene, Rasterizer& rasterizer, const Camera& camera, const HeadPose& pose,
                     const HeadPose& shown) {
    SplatSet posed;
    deform(*scene.avatar.splats, splat_frames(scene.avatar, shown), posed);
    for (float& c : posed.colors) c = 0.8f * c + 0.1f;
    Frame frame;
    rasterizer.forward(posed, camera, {}, frame);
    LossTarget target{std::move(frame.color), std::move(frame.alpha), {}};
    for (std::size_t i = 0; i < target.alpha.pixels.size(); ++i)
        for (std::size_t c = 0; c < 3; ++c) target.color.pixels[3 * i + c] /= std::max(target.alpha.pixels[i], 1e-6f);
    return {camera, pose, loss_picture(target), {}, false, {}};
}

std::vector<TrainingView> portrait_views(const Scene& scene, const Options& options) {
    const auto rasterizer = make_cpu_rasterizer();
    const Eigen::Vector3f middle = head_middle(scene.avatar);
    std::vector<TrainingView> views;
    for (int k = 0; k < options.views; ++k) {
        HeadPose pose = scene.pose;
        if (const int jaw = scene.avatar.model->control("jawOpen"); jaw >= 0)
            pose.controls[jaw] = 0.5f * float(k) / float(options.views);
        const float turn = 0.3f * (float(k) / float(options.views) - 0.5f);
        const Eigen::Vector3f eye = middle + 1.1f * Eigen::Vector3f(std::sin(turn), 0, std::cos(turn));
        views.push_back(view_of(scene, *rasterizer, camera_at(eye, middle, options.size), pose, pose));
    }
    return views;
}

std::vector<TrainingView> video_views(const Scene& scene, int size, int count) {
    const auto rasterizer = make_cpu_rasterizer();
    const Eigen::Vector3f middle = head_middle(scene.avatar);
    std::vector<TrainingView> views;
    for (int k = 0; k < count; ++k) {
        const float t = float(k) / float(count);
        HeadPose pose = scene.pose;
        for (Eigen::Index c = 0; c < pose.controls.size(); ++c)
            pose.controls[c] = 0.1f + 0.1f * std::sin(6.3f * t + float(c));
        pose.joints(1, 2) = 0.3f * std::sin(6.3f * t);
        HeadPose shown = pose;
        shown.joints(0, 2) += 0.02f;
        const Eigen::Vector3f eye = middle + 1.1f * Eigen::Vector3f(0.1f * t, 0, 1);
        views.push_back(view_of(scene, *rasterizer, camera_at(eye, middle, size), pose, shown));
    }
    return views;
}

std::vector<std::string> everything() {
    std::vector<std::string> groups = splat_groups();
    groups.insert(groups.end(),
                  {group::identity, group::vertices, group::controls, group::joints, group::translation});
    return groups;
}

// What the program holds: of the GPU's memory, or the most it held of the machine's.
double memory_mib(const Device& device) {
#ifdef LIKENESS_HAVE_CUDA
    if (device.name == "cuda") {
        cudaMemPool_t pool = nullptr;
        std::uint64_t bytes = 0;
        cuda::check(cudaDeviceGetDefaultMemPool(&pool, 0), "memory");
        cuda::check(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrUsedMemCurrent, &bytes), "memory");
        return double(bytes) / 1048576;
    }
#endif
    (void)device;
    return bench::peak_rss_mib();
}

std::unique_ptr<TrainingEngine> make_engine(const Device& device, bool deterministic) {
#ifdef LIKENESS_HAVE_CUDA
    if (device.name == "cuda" && deterministic) return make_cuda_training_engine({.deterministic = true});
#endif
    (void)deterministic;  // the processor's always is
    return device.make_training_engine(TrainingPace::alone);
}

// Milliseconds of densifying where the engine has its Gaussians, and of doing it on the processor: fetch, choose and
// split, load. Medians of five, each after some steps that leave gradients.
std::pair<double, double> time_densifying(TrainingEngine& engine, const Scene& scene, int views) {
    const Avatar avatar = scene.avatar;
    const DensifyOptions options{10'000'000, 1};
    const auto time = [&](const auto& work) {
        std::vector<double> times;
        for (int round = 0; round < 5; ++round) {
            engine.load_splats(*avatar.splats);
            for (int view = 0; view < views; ++view) engine.step({&view, 1}, grey);
            engine.screen_gradient();  // also waits
            const auto begin = Clock::now();
            work();
            times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
        }
        std::nth_element(times.begin(), times.begin() + 2, times.end());
        return times[2];
    };
    const double here = time([&] { engine.densify(options); });
    return {here, time([&] {
                AnchoredSplats splats = engine.splats();
                const SplatFrames at_rest = splat_frames(avatar, HeadPose::neutral(*avatar.model));
                densify(splats, engine.screen_gradient(), at_rest, options);
                engine.load_splats(splats);
            })};
}

double rounded(double value, double unit) { return std::round(value / unit) * unit; }

// Images a second on batches of views that take turns, the first and last loss, the memory, and each stage's
// milliseconds an image (medians).
nlohmann::ordered_json time_steps(TrainingEngine& engine, const Device& device, int views, int batch, double seconds) {
    int steps = 0;
    const auto next = [&] {
        std::vector<int> chosen;
        for (int k = 0; k < batch; ++k) chosen.push_back((steps * batch + k) % views);
        ++steps;
        return chosen;
    };
    const bool gpu = engine.name() == "cuda";
    engine.step(next(), grey);
    const double first = engine.loss(0).total;
    while (steps < (gpu ? 200 : 4)) engine.step(next(), grey);
    engine.splats();  // waits
    const auto begin = Clock::now();
    const auto passed = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
    int measured = 0;
    while (passed() < seconds) {
        engine.step(next(), grey);
        ++measured;
    }
    engine.splats();
    nlohmann::ordered_json line;
    line["images_per_second"] = rounded(measured * batch / passed(), 0.1);
    line["first_loss"] = first;
    line["last_loss"] = engine.loss(0).total;
    line["memory_mib"] = rounded(memory_mib(device), 0.1);  // with the pictures
    std::vector<std::pair<std::string, std::vector<double>>> stages;
    for (int round = 0; round < (gpu ? 51 : 5); ++round) {
        const std::vector<StageTime> times = engine.timed_step(next(), grey);
        stages.resize(times.size());
        for (std::size_t k = 0; k < times.size(); ++k) {
            stages[k].first = times[k].stage;
            stages[k].second.push_back(times[k].milliseconds / batch);
        }
    }
    for (auto& [name, times] : stages) {
        std::nth_element(times.begin(), times.begin() + long(times.size() / 2), times.end());
        line["stages_ms"][name] = rounded(times[times.size() / 2], 1e-5);
    }
    return line;
}

}  // namespace

int run_train_step_bench(int argc, char** argv) {
    Options options;
    CLI::App app{"Training steps a second", "likeness-bench train-step"};
    app.add_option("file", options.file, "3D Gaussian Splatting PLY file")->required()->check(CLI::ExistingFile);
    app.add_option("--device", options.device, "auto, cpu or cuda")->capture_default_str();
    app.add_option("--gaussians", options.gaussians, "how many of them")
        ->capture_default_str()
        ->check(CLI::Range(1, 10'000'000));
    app.add_option("--size", options.size, "side of the pictures in pixels")
        ->capture_default_str()
        ->check(CLI::Range(16, 4096));
    app.add_option("--views", options.views, "pictures that take turns")
        ->capture_default_str()
        ->check(CLI::Range(1, 64));
    app.add_option("--seconds", options.seconds, "how long to measure")->capture_default_str();
    app.add_flag("--head", options.head, "steps on frames of a video, all of the head learned too");
    app.add_flag("--deterministic", options.deterministic, "the same results each time, on a GPU");
    app.add_option("--batch", options.batches, "frames a step, with --head (1, 4 and 8)")->check(CLI::Range(1, 32));
    CLI11_PARSE(app, argc, argv);

    const auto splats = load_splat_ply(options.file);
    const auto device = choose_device(options.device);
    const auto scene = splats ? bench::anchored_scene(bench::of_count(*splats, std::size_t(options.gaussians)))
                              : Result<Scene>(splats.error());
    if (!device || !scene) {
        std::cerr << "likeness-bench: " << (device ? scene.error() : device.error()).message << '\n';
        return 1;
    }
    const auto line_of = [&](int batch, const nlohmann::ordered_json& results) {
        nlohmann::ordered_json line = {{"bench", options.head ? "train-step --head" : "train-step"},
                                       {"scene", std::filesystem::path(options.file).stem().string()},
                                       {"images_per_second", results["images_per_second"]},
                                       {"gaussians", scene->gaussian_count()},
                                       {"width", options.size},
                                       {"height", options.size},
                                       {"batch", batch},
                                       {"device", device->name},
                                       {"machine", device->hardware}};
        line.update(results);
        std::cout << line.dump() << std::endl;
    };
    if (options.head) {
        for (const int batch : options.batches) {
            const auto engine = make_engine(*device, options.deterministic);
            const int count = std::max(16, 2 * batch);
            engine->load(scene->avatar, everything());
            for (const TrainingView& view : video_views(*scene, options.size, count)) engine->add_view(view);
            nlohmann::ordered_json results = time_steps(*engine, *device, count, batch, options.seconds);
            results["deterministic"] = options.deterministic;
            line_of(batch, results);
        }
        return 0;
    }
    const auto engine = make_engine(*device, options.deterministic);
    engine->load(scene->avatar, splat_groups());
    for (const TrainingView& view : portrait_views(*scene, options)) engine->add_view(view);
    nlohmann::ordered_json results = time_steps(*engine, *device, options.views, 1, options.seconds);
    const auto [here, on_processor] = time_densifying(*engine, *scene, options.views);
    results["densify_ms"] = rounded(here, 1e-3);
    results["densify_on_processor_ms"] = rounded(on_processor, 1e-3);
    line_of(1, results);
    return 0;
}

// Steps of the trainer's engine on avatars made of a file's Gaussians: deform, rasterize, L1 and SSIM and alpha loss,
// backward, pulls towards the seed, Adam. Views of several poses and cameras take turns, as in training; their targets
// are the avatar's own pictures with other colours. With --head the head moves too, and batches of a video's frames are
// learned from: poses, expressions, identity and vertices are unknown as well (bench/video_steps.h). One JSON line a
// case; docs/measures.md defines the numbers.
#include "bench/train_step_bench.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench/splat_scene.h"
#include "bench/viewer_bench.h"
#include "core/formats/splat_ply.h"
#ifdef LIKENESS_HAVE_CUDA
#include "bench/video_steps.h"
#endif

namespace {

using namespace likeness;

struct Options {
    std::string file, device = "auto";
    int gaussians = 50000, size = 512, views = 4;
    double seconds = 3;
    bool head = false, repeatable = false;
    std::vector<int> batches = {1, 4, 8};
};

std::vector<TrainingView> make_views(const Scene& scene, const Options& options) {
    const auto rasterizer = make_cpu_rasterizer();
    const Eigen::Vector3f middle = head_middle(*scene.avatar);
    std::vector<TrainingView> views;
    for (int k = 0; k < options.views; ++k) {
        TrainingView view;
        HeadPose pose = scene.pose;
        if (const int jaw = scene.avatar->model->control("jawOpen"); jaw >= 0)
            pose.controls[jaw] = 0.5f * float(k) / float(options.views);
        view.frames = splat_frames(*scene.avatar, *scene.gaussians, pose);
        view.camera.width = view.camera.height = options.size;
        view.camera.fx = view.camera.fy = float(options.size) * 1.1f / 0.4f;
        view.camera.cx = view.camera.cy = 0.5f * float(options.size);
        const float turn = 0.3f * (float(k) / float(options.views) - 0.5f);
        view.camera.world_to_camera =
            look_at(middle + 1.1f * Eigen::Vector3f(std::sin(turn), 0, std::cos(turn)), middle);
        SplatSet posed;
        deform(*scene.gaussians, view.frames, posed);
        for (float& c : posed.colors) c = 0.8f * c + 0.1f;
        Frame frame;
        rasterizer->forward(posed, view.camera, {}, frame);
        view.target.color = std::move(frame.color);
        view.target.alpha = std::move(frame.alpha);
        views.push_back(std::move(view));
    }
    return views;
}

// Milliseconds of densifying where the engine has its Gaussians, and of doing it on the processor: fetch, choose and
// split, load. Medians of five, each after some steps that leave gradients.
std::pair<double, double> time_densifying(StepEngine& engine, const Scene& scene,
                                          const std::vector<TrainingView>& views) {
    const SplatFrames at_rest = splat_frames(*scene.avatar, *scene.gaussians, HeadPose::neutral(*scene.avatar->model));
    const DensifyOptions options{10'000'000, 1};
    const auto time = [&](const auto& work) {
        std::vector<double> times;
        for (int round = 0; round < 5; ++round) {
            engine.load(*scene.gaussians);
            for (const TrainingView& view : views) engine.step(view, {0.5f, 0.5f, 0.5f}, {});
            engine.screen_gradient();  // also waits
            const auto begin = std::chrono::steady_clock::now();
            work();
            times.push_back(
                std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
        }
        std::nth_element(times.begin(), times.begin() + 2, times.end());
        return times[2];
    };
    const double here = time([&] { engine.densify(at_rest, options); });
    return {here, time([&] {
                AnchoredSplats splats = engine.fetch();
                densify(splats, engine.screen_gradient(), at_rest, options);
                engine.load(splats);
            })};
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
    app.add_flag("--head", options.head, "steps on frames of a video, all of the head unknown too (GPU)");
    app.add_flag("--repeatable", options.repeatable, "the same results each time, with --head");
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
                                       {"gaussians", scene->gaussians->count},
                                       {"width", options.size},
                                       {"height", options.size},
                                       {"batch", batch},
                                       {"device", device->name},
                                       {"machine", device->hardware}};
        line.update(results);
        std::cout << line.dump() << std::endl;
    };
    if (options.head) {
#ifdef LIKENESS_HAVE_CUDA
        if (device->name == "cuda") {
            for (const int batch : options.batches)
                line_of(batch,
                        bench::time_video_steps(*scene, options.size, batch, options.seconds, options.repeatable));
            return 0;
        }
#endif
        std::cerr << "likeness-bench: steps on frames of a video need a GPU\n";
        return 1;
    }
    const auto engine = device->make_step_engine();
    if (!engine) {
        std::cerr << "likeness-bench: no training on this device\n";
        return 1;
    }
    const std::vector<TrainingView> views = make_views(*scene, options);
    engine->load(*scene->gaussians);
    const auto step = [&](int number) {
        return engine->step(views[std::size_t(number) % views.size()], {0.5f, 0.5f, 0.5f}, {});
    };
    using Clock = std::chrono::steady_clock;
    int steps = 0;
    const double first = step(steps++).total;
    const int warm_up = engine->name() == "cuda" ? 200 : 4;
    while (steps < warm_up) step(steps++);
    engine->fetch();  // also waits
    const auto begin = Clock::now();
    const auto passed = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
    int measured = 0;
    LossValue last;
    while (passed() < options.seconds) {
        last = step(steps++);
        ++measured;
    }
    engine->fetch();
    const std::vector<StageTime> stages = engine->stages();
    const double rate = measured / passed();
    const auto [here, on_processor] = time_densifying(*engine, *scene, views);
    nlohmann::ordered_json results = {
        {"images_per_second", std::round(rate * 10) / 10}, {"first_loss", first}, {"last_loss", last.total}};
    results["densify_ms"] = std::round(here * 1000) / 1000;
    results["densify_on_processor_ms"] = std::round(on_processor * 1000) / 1000;
    for (const StageTime& stage : stages)
        results["stages_ms"][stage.stage] = std::round(stage.milliseconds * 1e4) / 1e4;
    line_of(1, results);
    return 0;
}

#include "bench/video_steps.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>

#include "core/learning/video_step.h"
#include "cuda/cuda_video_engine.h"
#include "likeness/cuda/check.h"

namespace likeness::bench {
namespace {

std::vector<TrainingFrame> make_frames(const Scene& scene, int size, int count) {
    const auto rasterizer = make_cpu_rasterizer();
    const Eigen::Vector3f middle = head_middle(*scene.avatar);
    std::vector<TrainingFrame> frames;
    for (int k = 0; k < count; ++k) {
        const float t = float(k) / float(count);
        TrainingFrame frame;
        frame.pose = scene.pose;
        for (Eigen::Index c = 0; c < frame.pose.controls.size(); ++c)
            frame.pose.controls[c] = 0.1f + 0.1f * std::sin(6.3f * t + float(c));
        frame.pose.joints(1, 2) = 0.3f * std::sin(6.3f * t);
        Camera& camera = frame.camera;
        camera.width = camera.height = size;
        camera.fx = camera.fy = float(size) * 1.1f / 0.4f;
        camera.cx = camera.cy = 0.5f * float(size);
        camera.world_to_camera = look_at(middle + 1.1f * Eigen::Vector3f(0.1f * t, 0, 1), middle);
        HeadPose shown = frame.pose;
        shown.joints(0, 2) += 0.02f;
        SplatSet posed;
        deform(*scene.gaussians, splat_frames(*scene.avatar, *scene.gaussians, shown), posed);
        for (float& c : posed.colors) c = 0.8f * c + 0.1f;
        Frame picture;
        rasterizer->forward(posed, camera, {}, picture);
        for (std::size_t i = 0; i < picture.alpha.pixels.size(); ++i) {
            const float alpha = std::max(picture.alpha.pixels[i], 1e-6f);
            const auto byte = [](float v) {
                return static_cast<unsigned char>(std::clamp(v, 0.0f, 1.0f) * 255 + 0.5f);
            };
            for (std::size_t c = 0; c < 3; ++c) frame.rgba.push_back(byte(picture.color.pixels[3 * i + c] / alpha));
            frame.rgba.push_back(byte(picture.alpha.pixels[i]));
        }
        frames.push_back(std::move(frame));
    }
    return frames;
}

// What the program holds of the GPU's memory.
double memory_mib() {
    cudaMemPool_t pool = nullptr;
    std::uint64_t bytes = 0;
    cuda::check(cudaDeviceGetDefaultMemPool(&pool, 0), "memory");
    cuda::check(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrUsedMemCurrent, &bytes), "memory");
    return double(bytes) / 1048576;
}

double rounded(double value) { return std::round(value * 1e5) / 1e5; }

}  // namespace

nlohmann::ordered_json time_video_steps(const Scene& scene, int size, int batch, double seconds, bool repeatable) {
    const auto engine = make_cuda_video_engine({.repeatable = repeatable});
    if (!engine) throw std::runtime_error("no GPU that can be used");
    Avatar avatar = *scene.avatar;
    avatar.splats = *scene.gaussians;
    engine->load(avatar, {{true, true, true, true, true, true}, {}});
    const int count = std::max(16, 2 * batch);
    for (const TrainingFrame& frame : make_frames(scene, size, count)) engine->add_frame(frame);
    int steps = 0;
    const auto next = [&] {
        std::vector<int> frames;
        for (int k = 0; k < batch; ++k) frames.push_back((steps * batch + k) % count);
        ++steps;
        return frames;
    };
    constexpr std::array<float, 3> grey = {0.5f, 0.5f, 0.5f};
    std::optional<VideoLoss> first, last;
    while (steps < 100 || !first) {
        last = engine->step(next(), grey, {});
        if (!first) first = last;
    }
    engine->pose(0);  // waits
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    const auto passed = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
    int measured = 0;
    while (passed() < seconds) {
        last = engine->step(next(), grey, {});
        ++measured;
    }
    engine->pose(0);
    nlohmann::ordered_json line;
    line["images_per_second"] = std::round(10 * measured * batch / passed()) / 10;
    line["repeatable"] = repeatable;
    line["first_loss"] = first->mean.total;
    line["last_loss"] = last->mean.total;
    line["memory_mib"] = std::round(10 * memory_mib()) / 10;  // with the frames
    std::vector<std::pair<std::string, std::vector<double>>> stages;
    for (int round = 0; round < 51; ++round) {
        const std::vector<StageTime> times = engine->timed_step(next(), grey, {});
        stages.resize(times.size());
        for (std::size_t k = 0; k < times.size(); ++k) {
            stages[k].first = times[k].stage;
            stages[k].second.push_back(times[k].milliseconds / batch);
        }
    }
    for (auto& [name, times] : stages) {
        std::nth_element(times.begin(), times.begin() + long(times.size() / 2), times.end());
        line["stages_ms"][name] = rounded(times[times.size() / 2]);
    }
    return line;
}

}  // namespace likeness::bench

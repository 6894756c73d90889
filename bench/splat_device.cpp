#include "bench/splat_device.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "bench/splat_scene.h"
#include "cuda/lap.h"
#include "likeness/cuda/device_rasterizer.h"
#include "likeness/cuda/loss.h"
#include "likeness/cuda/stream.h"

namespace likeness::bench {
namespace {

using cuda::check;
using cuda::DeviceBuffer;

constexpr int warm_ups = 50;

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + long(values.size() / 2), values.end());
    return values[values.size() / 2];
}

// Captures the work and replays it.
template <class Work>
double median_replay(cudaStream_t stream, int rounds, const Work& work) {
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t replay = nullptr;
    check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "capture");
    work();
    check(cudaStreamEndCapture(stream, &graph), "capture");
    check(cudaGraphInstantiate(&replay, graph, 0), "instantiate");
    std::vector<double> times;
    for (int i = -warm_ups; i < rounds; ++i) {
        cuda::Lap lap(stream);
        check(cudaGraphLaunch(replay, stream), "replay");
        lap.mark("replay");
        const double time = lap.times()[0].milliseconds;
        if (i >= 0) times.push_back(time);
    }
    cudaGraphExecDestroy(replay);
    cudaGraphDestroy(graph);
    return median(std::move(times));
}

}  // namespace

nlohmann::ordered_json time_on_device(const SplatSet& splats, int size, int batch, int rounds) {
    cuda::Stream stream;
    const auto upload = [&](const std::vector<float>& values) {
        DeviceBuffer<float> buffer(stream);
        buffer.upload(values);
        return buffer;
    };
    const std::size_t n = splats.count, pixels = std::size_t(batch) * std::size_t(size) * std::size_t(size);
    const auto means = upload(splats.means), scales = upload(splats.scales), rotations = upload(splats.rotations),
               colors = upload(splats.colors), opacities = upload(splats.opacities);
    const cuda::DeviceSplats device{
        int(n), 0, {means.data(), scales.data(), rotations.data(), colors.data(), opacities.data(), nullptr}};
    DeviceBuffer<float> color(stream, 3 * pixels), alpha(stream, pixels), grad_color(stream, 3 * pixels),
        grad_alpha(stream, pixels);
    DeviceBuffer<float> grad_means(stream, 3 * n), grad_scales(stream, 3 * n), grad_rotations(stream, 4 * n),
        grad_colors(stream, 3 * n), grad_opacities(stream, n);
    DeviceBuffer<cuda::LossTerms> terms(stream, 1);
    DeviceBuffer<unsigned char> target(stream);
    std::mt19937 random(1);
    std::vector<unsigned char> noise(4 * pixels);
    for (auto& value : noise) value = static_cast<unsigned char>(random());
    target.upload(noise);

    std::vector<Camera> cameras;
    for (int k = 0; k < batch; ++k) {
        Camera camera = default_view(splats, size);
        const float turn = 0.0175f * (float(k) - 0.5f * float(batch - 1));
        const Eigen::Vector3f eye = camera.position(), middle(0, eye.y(), 0);
        camera.world_to_camera = look_at(middle + eye.z() * Eigen::Vector3f(std::sin(turn), 0, std::cos(turn)), middle);
        cameras.push_back(camera);
    }
    RasterOptions options;
    options.background = {1, 1, 1};
    const cuda::RasterOutputs outputs{color.data(), alpha.data(), nullptr, nullptr, nullptr};
    const cuda::RasterInputGradients gradients{grad_means.data(),
                                               grad_scales.data(),
                                               grad_rotations.data(),
                                               grad_colors.data(),
                                               grad_opacities.data(),
                                               nullptr,
                                               nullptr};
    cuda::LossOptions l1;
    l1.width = size;
    l1.height = size * batch;  // without a window over pixels, a batch is one tall picture
    l1.dssim = false;
    cuda::LossImage image;
    image.target = target.data();
    image.dssim_weight = image.alpha_weight = 0;
    image.scale = 1 / float(pixels);
    DeviceBuffer<cuda::LossImage> to_match(stream);
    to_match.upload({image});
    terms.fill_zero();
    DeviceBuffer<char> workspace(stream, cuda::loss_workspace_bytes(l1));

    cuda::DeviceRasterizer rasterizer(stream);
    cuda::RasterCounters counters;
    do {
        rasterizer.prepare(device, cameras, true, options);
        rasterizer.render(outputs);
        counters = rasterizer.counters();
    } while (counters.instances > rasterizer.instance_capacity());
    const auto forward = [&] { rasterizer.render(outputs); };
    const auto loss = [&] {
        cuda::picture_loss(l1, {color.data(), alpha.data(), to_match.data(), rasterizer.view()->background},
                           workspace.data(), {terms.data(), grad_color.data(), grad_alpha.data()}, stream);
    };
    const auto backward = [&] { rasterizer.backward({grad_color.data()}, gradients); };
    const double images = batch;
    nlohmann::ordered_json line;
    const auto rounded = [](double value) { return std::round(value * 1e5) / 1e5; };
    line["forward_ms"] = rounded(median_replay(stream, rounds, forward) / images);
    line["forward_backward_ms"] = rounded(median_replay(stream, rounds,
                                                        [&] {
                                                            forward();
                                                            loss();
                                                            backward();
                                                        }) /
                                          images);
    line["backward_ms"] = rounded(median_replay(stream, rounds, backward) / images);

    std::vector<std::pair<std::string, std::vector<double>>> stages;
    for (int i = -10; i < 50; ++i) {
        cuda::Lap lap(stream);
        const cuda::Marked marked(rasterizer, [&](const char* stage) { lap.mark(stage); });
        forward();
        backward();
        const std::vector<StageTime> times = lap.times();
        for (std::size_t k = 0; k < times.size(); ++k) {
            if (stages.size() <= k) stages.push_back({times[k].stage, {}});
            if (i >= 0) stages[k].second.push_back(times[k].milliseconds);
        }
    }
    for (auto& [name, times] : stages) line["stages_ms"][name] = rounded(median(times) / images);
    line["instances"] = counters.instances / unsigned(batch);
    line["visible"] = counters.visible / unsigned(batch);
    line["workspace_mib"] = std::round(double(rasterizer.workspace_bytes()) / 1048576 * 10) / 10;
    return line;
}

}  // namespace likeness::bench

// Times of the CUDA rasterizer as JSON lines: median of 200 after 50 warm-ups, CUDA events, for each PLY named on the
// command line (or a made-up head) at 512^2 and 1024^2. Camera as in docs: 1.1 m in front, 0.40 m across the picture,
// white background; "forward+backward" has the gradient of an L1 loss to noise in between.
#include <algorithm>
#include <cstdio>
#include <random>

#include "core/formats/splat_ply.h"
#include "likeness/cuda/device.h"
#include "likeness/cuda/device_rasterizer.h"
#include "likeness/cuda/loss.h"
#include "likeness/cuda/stream.h"
#include "tests/cuda/scenes.h"

namespace likeness {
namespace {

using cuda::check;
using cuda::DeviceBuffer;

constexpr int warm_ups = 50, repetitions = 200;

template <class Work>
double median_ms(cudaStream_t stream, const Work& work) {
    cudaEvent_t begin = nullptr, end = nullptr;
    check(cudaEventCreate(&begin), "event");
    check(cudaEventCreate(&end), "event");
    std::vector<float> times;
    for (int i = 0; i < warm_ups + repetitions; ++i) {
        check(cudaEventRecord(begin, stream), "event");
        work();
        check(cudaEventRecord(end, stream), "event");
        check(cudaEventSynchronize(end), "event");
        float milliseconds = 0;
        check(cudaEventElapsedTime(&milliseconds, begin, end), "event");
        if (i >= warm_ups) times.push_back(milliseconds);
    }
    cudaEventDestroy(begin);
    cudaEventDestroy(end);
    std::nth_element(times.begin(), times.begin() + repetitions / 2, times.end());
    return double(times[repetitions / 2]);
}

template <class Work>
double median_replay_ms(cudaStream_t stream, const Work& work) {
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t replay = nullptr;
    check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "capture");
    work();
    check(cudaStreamEndCapture(stream, &graph), "capture");
    check(cudaGraphInstantiate(&replay, graph, 0), "instantiate");
    const double time = median_ms(stream, [&] { check(cudaGraphLaunch(replay, stream), "replay"); });
    cudaGraphExecDestroy(replay);
    cudaGraphDestroy(graph);
    return time;
}

Camera bench_camera(const SplatSet& splats, int size) {
    Eigen::Vector3f low = Eigen::Vector3f::Constant(1e9f), high = -low;
    for (std::size_t i = 0; i < splats.count; ++i) {
        const Eigen::Vector3f mean(&splats.means[3 * i]);
        low = low.cwiseMin(mean);
        high = high.cwiseMax(mean);
    }
    const Eigen::Vector3f centre = 0.5f * (low + high);
    Camera camera;
    camera.width = camera.height = size;
    camera.fx = camera.fy = float(size) * 1.1f / 0.4f;
    camera.cx = camera.cy = 0.5f * float(size);
    camera.world_to_camera = look_at(centre + Eigen::Vector3f(0, 0, 1.1f), centre);
    return camera;
}

void measure(const char* name, const SplatSet& splats, int size) {
    cuda::Stream stream;
    const auto upload = [&](const std::vector<float>& values) {
        DeviceBuffer<float> buffer(stream);
        buffer.upload(values);
        return buffer;
    };
    const std::size_t n = splats.count, pixels = std::size_t(size) * std::size_t(size);
    const auto means = upload(splats.means), scales = upload(splats.scales), rotations = upload(splats.rotations),
               colors = upload(splats.colors), opacities = upload(splats.opacities);
    const cuda::DeviceSplats device{
        int(n), 0, {means.data(), scales.data(), rotations.data(), colors.data(), opacities.data(), nullptr}};
    DeviceBuffer<float> color(stream, 3 * pixels), alpha(stream, pixels), by_color(stream, 3 * pixels),
        by_alpha(stream, pixels);
    DeviceBuffer<float> by_means(stream, 3 * n), by_scales(stream, 3 * n), by_rotations(stream, 4 * n),
        by_colors(stream, 3 * n), by_opacities(stream, n);
    DeviceBuffer<cuda::LossTerms> terms(stream, 1);
    DeviceBuffer<unsigned char> target(stream);
    std::mt19937 random(1);
    std::vector<unsigned char> noise(4 * pixels);
    for (auto& value : noise) value = static_cast<unsigned char>(random());
    target.upload(noise);

    const Camera camera = bench_camera(splats, size);
    RasterOptions options;
    options.background = {1, 1, 1};
    const cuda::RasterOutputs outputs{color.data(), alpha.data(), nullptr, nullptr, nullptr};
    const cuda::RasterInputGradients gradients{by_means.data(),  by_scales.data(),    by_rotations.data(),
                                               by_colors.data(), by_opacities.data(), nullptr,
                                               nullptr};
    cuda::LossOptions l1;
    l1.width = l1.height = size;
    l1.dssim_weight = l1.alpha_weight = 0;
    cuda::LossOptions full = l1;
    full.dssim_weight = 0.2f;
    DeviceBuffer<char> workspace(stream, cuda::loss_workspace_bytes(full));

    cuda::DeviceRasterizer rasterizer(stream);
    rasterizer.forward(device, camera, options, outputs);
    cuda::RasterCounters counters = rasterizer.counters();
    rasterizer.reserve_instances((counters.instances * 5 / 4 + 4095) / 4096 * 4096);
    rasterizer.prepare(device, camera, options);
    const auto loss = [&](const cuda::LossOptions& which) {
        cuda::picture_loss(which, {color.data(), alpha.data(), target.data(), nullptr, rasterizer.view()->background},
                           workspace.data(), {terms.data(), by_color.data(), by_alpha.data()}, stream);
    };
    const auto forward = [&] { rasterizer.render(outputs); };
    const auto backward = [&] { rasterizer.backward({by_color.data()}, gradients); };
    const auto both = [&] {
        forward();
        loss(l1);
        backward();
    };
    const double forward_ms = median_ms(stream, forward);
    const double both_ms = median_ms(stream, both);
    const double forward_graph = median_replay_ms(stream, forward);
    const double both_graph = median_replay_ms(stream, both);
    const double backward_graph = median_replay_ms(stream, backward);
    const double loss_graph = median_replay_ms(stream, [&] { loss(full); });
    std::printf(
        "{\"scene\": \"%s\", \"splats\": %zu, \"size\": %d, \"visible\": %u, \"instances\": %u, \"capacity\": %u, "
        "\"forward_ms\": %.4f, \"forward_backward_ms\": %.4f, \"graph_forward_ms\": %.4f, "
        "\"graph_forward_backward_ms\": %.4f, \"graph_backward_ms\": %.4f, \"graph_full_loss_ms\": %.4f}\n",
        name, n, size, counters.visible, counters.instances, rasterizer.instance_capacity(), forward_ms, both_ms,
        forward_graph, both_graph, backward_graph, loss_graph);
    std::fflush(stdout);
}

int run(int argc, char** argv) {
    const auto device = cuda::find_device();
    if (!device) {
        std::fprintf(stderr, "%s\n", device.error().message.c_str());
        return 1;
    }
    std::printf("{\"device\": \"%s\"}\n", device->name.c_str());
    if (argc < 2) measure("made-up head", cuda_tests::head_scene(20000, 0, 1), 512);
    for (int i = 1; i < argc; ++i) {
        const auto splats = load_splat_ply(argv[i]);
        if (!splats) {
            std::fprintf(stderr, "%s\n", splats.error().message.c_str());
            return 1;
        }
        for (const int size : {512, 1024}) measure(argv[i], *splats, size);
    }
    return 0;
}

}  // namespace
}  // namespace likeness

int main(int argc, char** argv) { return likeness::run(argc, argv); }

// The rasterizer as a trainer uses it: on its own stream, without host copies, in a graph, with too small buffers.
#include "likeness/cuda/device_rasterizer.h"

#include "cuda/cuda_rasterizer.h"
#include "tests/cuda/gpu_test.h"
#include "tests/cuda/scenes.h"

namespace likeness::cuda_tests {
namespace {

using cuda::DeviceBuffer;

class DeviceRasterizerTest : public GpuTest {
  protected:
    struct Scene {
        DeviceBuffer<float> means, scales, rotations, colors, opacities;
        int count;
        cuda::DeviceSplats splats() const {
            return {
                count, 0, {means.data(), scales.data(), rotations.data(), colors.data(), opacities.data(), nullptr}};
        }
    };
    Scene upload_scene(const SplatSet& s) const {
        return {upload(s.means),  upload(s.scales),    upload(s.rotations),
                upload(s.colors), upload(s.opacities), int(s.count)};
    }
};

std::vector<float> picture_of(const SplatSet& splats, const Camera& camera) {
    Frame frame;
    make_cuda_rasterizer()->forward(splats, camera, {}, frame);
    return frame.color.pixels;
}

TEST_F(DeviceRasterizerTest, overflow_is_counted_and_healed_at_the_next_step) {
    SplatSet splats = head_scene(30000, 0, 4);
    for (float& scale : splats.scales) scale *= 6;
    const Camera camera = front_camera(512, 512);
    const Scene scene = upload_scene(splats);
    const std::size_t pixels = 512 * 512;
    auto color = poisoned(3 * pixels), alpha = poisoned(pixels);

    cuda::DeviceRasterizer rasterizer(stream());
    rasterizer.reserve_instances(5000);
    rasterizer.forward(scene.splats(), camera, {}, {color.data(), alpha.data(), nullptr, nullptr, nullptr});
    const cuda::RasterCounters counters = rasterizer.counters();
    EXPECT_EQ(rasterizer.instance_capacity(), 5000u);
    EXPECT_GT(counters.instances, 100000u);
    EXPECT_GT(counters.visible, 10000u);
    EXPECT_LE(counters.visible, 30000u);
    for (const float value : color.download()) ASSERT_TRUE(std::isfinite(value));

    // The incomplete picture has gradients, too.
    const std::size_t n = splats.count;
    auto ones = upload(std::vector<float>(3 * pixels, 1.0f));
    auto means = poisoned(3 * n), scales = poisoned(3 * n), rotations = poisoned(4 * n), colors = poisoned(3 * n),
         opacities = poisoned(n);
    rasterizer.backward({ones.data()},
                        {means.data(), scales.data(), rotations.data(), colors.data(), opacities.data()});
    for (const float value : means.download()) ASSERT_TRUE(std::isfinite(value));

    rasterizer.forward(scene.splats(), camera, {}, {color.data(), alpha.data(), nullptr, nullptr, nullptr});
    EXPECT_GE(rasterizer.instance_capacity(), counters.instances);
    EXPECT_EQ(rasterizer.counters().instances, counters.instances);
    EXPECT_EQ(color.download(), picture_of(splats, camera));
}

TEST_F(DeviceRasterizerTest, a_captured_graph_replays_with_new_views_and_values) {
    const SplatSet splats = head_scene(5000, 0, 5);
    Scene scene = upload_scene(splats);
    const Camera camera = front_camera(200, 160);
    const std::size_t pixels = 200 * 160, n = splats.count;
    auto color = poisoned(3 * pixels), alpha = poisoned(pixels);
    auto ones = upload(std::vector<float>(3 * pixels, 1.0f));
    auto means = poisoned(3 * n), colors = poisoned(3 * n);

    cuda::DeviceRasterizer rasterizer(stream());
    rasterizer.prepare(scene.splats(), camera, {});
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t replay = nullptr;
    cuda::check(cudaStreamBeginCapture(stream(), cudaStreamCaptureModeThreadLocal), "capture");
    rasterizer.render({color.data(), alpha.data(), nullptr, nullptr, nullptr});
    cuda::RasterInputGradients gradients;
    gradients.means = means.data();
    gradients.colors = colors.data();
    rasterizer.backward({ones.data()}, gradients);
    cuda::check(cudaStreamEndCapture(stream(), &graph), "capture");
    cuda::check(cudaGraphInstantiate(&replay, graph, 0), "instantiate");
    for (int turn = 0; turn < 3; ++turn) {
        const Camera turned = orbit(camera, {0, 0, 0}, 0.5f * float(turn), 0.1f);
        rasterizer.set_camera(turned, {});
        cuda::check(cudaGraphLaunch(replay, stream()), "replay");
        EXPECT_EQ(color.download(), picture_of(splats, turned)) << turn;
        for (const float value : means.download()) ASSERT_TRUE(std::isfinite(value));
    }
    cudaGraphExecDestroy(replay);
    cudaGraphDestroy(graph);
}

TEST_F(DeviceRasterizerTest, follows_changes_of_size_and_count) {
    cuda::DeviceRasterizer rasterizer(stream());
    for (const auto& [count, size] : {std::pair{100, 64}, {3000, 300}, {10, 20}, {0, 50}, {3000, 300}}) {
        const SplatSet splats = random_scene(std::size_t(count), 0, unsigned(count) + 1);
        const Scene scene = upload_scene(splats);
        const Camera camera = front_camera(size, size / 2);
        const std::size_t pixels = std::size_t(size) * std::size_t(size / 2);
        auto color = poisoned(3 * pixels), alpha = poisoned(pixels);
        rasterizer.forward(scene.splats(), camera, {}, {color.data(), alpha.data(), nullptr, nullptr, nullptr});
        EXPECT_EQ(color.download(), picture_of(splats, camera)) << count << " at " << size;
    }
}

TEST_F(DeviceRasterizerTest, reports_memory_that_cannot_be_had) {
    cuda::DeviceRasterizer rasterizer(stream());
    const SplatSet splats = random_scene(10, 0, 1);
    const Scene scene = upload_scene(splats);
    DeviceBuffer<char> buffer(stream());
    try {
        buffer.resize(std::size_t(1) << 50);
        FAIL() << "a petabyte was allocated";
    } catch (const cuda::CudaError& error) {
        EXPECT_TRUE(error.out_of_memory()) << error.what();
    }
    EXPECT_EQ(buffer.size(), 0u);
    // The device still works.
    const Camera camera = front_camera(64, 64);
    auto color = poisoned(3 * 64 * 64), alpha = poisoned(64 * 64);
    rasterizer.forward(scene.splats(), camera, {}, {color.data(), alpha.data(), nullptr, nullptr, nullptr});
    EXPECT_EQ(color.download(), picture_of(splats, camera));
}

}  // namespace
}  // namespace likeness::cuda_tests

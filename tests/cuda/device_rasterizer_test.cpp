// The rasterizer as a trainer uses it: on its own stream, without host copies, in a graph, with too small buffers.
#include "likeness/cuda/device_rasterizer.h"

#include "core/base/task.h"
#include "cuda/bands.h"
#include "cuda/cuda_rasterizer.h"
#include "tests/cuda/gpu_test.h"
#include "tests/cuda/reference_rasterizer.h"
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

// Bands of a tile's height, of some tiles, and one: the picture that is drawn at once, within rounding of the places of
// rows. The workspace stays what one band needs.
TEST_F(DeviceRasterizerTest, bands_give_the_whole_picture) {
    SplatSet splats = head_scene(20000, 0, 6);
    for (float& scale : splats.scales) scale *= 4;
    const Camera camera = front_camera(333, 205);
    const Scene scene = upload_scene(splats);
    const std::size_t pixels = 333 * 205;
    RasterOptions options;
    options.depth = options.normal = true;
    const auto expected = [&] {
        Frame frame;
        make_cuda_rasterizer()->forward(splats, camera, options, frame);
        return frame;
    }();
    std::uint32_t whole_needs = 0;
    for (const std::uint32_t most : {0xffffffffu, 60000u, 1000u}) {
        auto color = poisoned(3 * pixels), alpha = poisoned(pixels), depth = poisoned(pixels),
             normal = poisoned(3 * pixels);
        cuda::DeviceRasterizer rasterizer(stream());
        rasterizer.limit_instances(most);
        rasterizer.reserve_instances(1000);
        cuda::draw_bands(rasterizer, scene.splats(), camera, options,
                         {color.data(), alpha.data(), depth.data(), normal.data(), nullptr}, most, 0, 205);
        EXPECT_LT(relative_distance(color.download(), expected.color.pixels), 1e-4) << most;
        EXPECT_LT(relative_distance(alpha.download(), expected.alpha.pixels), 1e-4) << most;
        EXPECT_LT(relative_distance(depth.download(), expected.depth.pixels), 1e-4) << most;
        EXPECT_LT(relative_distance(normal.download(), expected.normal.pixels), 1e-4) << most;
        if (most == 0xffffffffu)
            whole_needs = rasterizer.instance_capacity();
        else
            EXPECT_LT(rasterizer.instance_capacity(), whole_needs) << most;
    }
    std::atomic<bool> stop = true;
    options.stop = &stop;
    cuda::DeviceRasterizer rasterizer(stream());
    auto color = poisoned(3 * pixels), alpha = poisoned(pixels);
    EXPECT_THROW(cuda::draw_bands(rasterizer, scene.splats(), camera, options,
                                  {color.data(), alpha.data(), nullptr, nullptr, nullptr}, 1000, 0, 205),
                 Cancelled);
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

TEST_F(DeviceRasterizerTest, a_batch_is_its_views_one_by_one) {
    constexpr int views = 3, width = 150, height = 90;
    const std::size_t pixels = width * height;
    std::vector<Camera> cameras;
    for (int v = 0; v < views; ++v)
        cameras.push_back(orbit(front_camera(width, height), {0, 0, 0}, 0.3f * float(v), 0.1f));
    Random numbers(9);
    const std::vector<float> grad_color = numbers.normals(3 * pixels * views),
                             grad_alpha = numbers.normals(pixels * views);
    for (const bool shared : {true, false}) {
        std::vector<SplatSet> sets;
        for (int v = 0; v < views; ++v) sets.push_back(head_scene(4000, 0, shared ? 1u : unsigned(v) + 1));
        const std::size_t n = sets[0].count, rows = shared ? n : n * views;
        SplatSet all = sets[0];
        if (!shared) {
            for (int v = 1; v < views; ++v) {
                for (const auto part : {&SplatSet::means, &SplatSet::scales, &SplatSet::rotations, &SplatSet::colors,
                                        &SplatSet::opacities}) {
                    const std::vector<float>& more = sets[std::size_t(v)].*part;
                    (all.*part).insert((all.*part).end(), more.begin(), more.end());
                }
            }
        }
        Scene scene = upload_scene(all);
        scene.count = int(n);
        auto color = poisoned(3 * pixels * views), alpha = poisoned(pixels * views);
        auto means = poisoned(3 * rows), rotations = poisoned(4 * rows), colors = poisoned(3 * rows),
             opacities = poisoned(rows);
        cuda::DeviceBuffer<float> screen(stream(), n);
        screen.fill_zero();
        const auto device_by_color = upload(grad_color), device_by_alpha = upload(grad_alpha);
        cuda::DeviceRasterizer rasterizer(stream());
        rasterizer.prepare(scene.splats(), cameras, shared, {});
        rasterizer.render({color.data(), alpha.data(), nullptr, nullptr, nullptr});
        cuda::RasterInputGradients gradients{means.data(), nullptr, rotations.data(), colors.data(), opacities.data()};
        gradients.screen = screen.data();
        rasterizer.backward({device_by_color.data(), device_by_alpha.data()}, gradients);

        const std::vector<float> pictures = color.download();
        std::vector<float> want_means(3 * rows), want_rotations(4 * rows), want_colors(3 * rows), want_opacities(rows),
            want_screen(n);
        for (int v = 0; v < views; ++v) {
            const auto one = make_cuda_rasterizer();
            Frame frame, by;
            one->forward(sets[std::size_t(v)], cameras[std::size_t(v)], {}, frame);
            const std::size_t first = std::size_t(v) * pixels;
            EXPECT_EQ(
                std::vector<float>(pictures.begin() + long(3 * first), pictures.begin() + long(3 * (first + pixels))),
                frame.color.pixels);
            by.color = Image(width, height, 3);
            by.alpha = Image(width, height, 1);
            std::copy_n(grad_color.begin() + long(3 * first), 3 * pixels, by.color.pixels.begin());
            std::copy_n(grad_alpha.begin() + long(first), pixels, by.alpha.pixels.begin());
            SplatGradients g;
            std::vector<float> moved(n, 0.0f);
            one->backward(by, g, &moved);
            const auto add = [&](std::vector<float>& to, const std::vector<float>& from) {
                const std::size_t at = shared ? 0 : std::size_t(v) * from.size();
                for (std::size_t i = 0; i < from.size(); ++i) to[at + i] += from[i];
            };
            add(want_means, g.means);
            add(want_rotations, g.rotations);
            add(want_colors, g.colors);
            add(want_opacities, g.opacities);
            for (std::size_t i = 0; i < n; ++i) want_screen[i] += moved[i];
        }
        EXPECT_LT(relative_distance(means.download(), want_means), 1e-4) << shared;
        EXPECT_LT(relative_distance(rotations.download(), want_rotations), 1e-4);
        EXPECT_LT(relative_distance(colors.download(), want_colors), 1e-4);
        EXPECT_LT(relative_distance(opacities.download(), want_opacities), 1e-4);
        EXPECT_LT(relative_distance(screen.download(), want_screen), 1e-4);
    }
}

TEST_F(DeviceRasterizerTest, a_whole_head_is_that_of_the_processor) {
    const SplatSet splats = head_scene(30000, 0, 6);
    const Camera camera = front_camera(500, 400);
    Random numbers(12);
    FrameGradients by;
    by.color = Image(500, 400, 3);
    by.color.pixels = numbers.normals(by.color.pixels.size());
    Frame frames[2];
    SplatGradients gradients[2];
    const std::unique_ptr<Rasterizer> both[2] = {make_cpu_rasterizer(), make_cuda_rasterizer()};
    for (int k = 0; k < 2; ++k) {
        both[k]->forward(splats, camera, {}, frames[k]);
        both[k]->backward(by, gradients[k], nullptr);
    }
    EXPECT_LT(relative_distance(frames[1].color.pixels, frames[0].color.pixels), 1e-5);
    EXPECT_LT(relative_distance(frames[1].alpha.pixels, frames[0].alpha.pixels), 1e-5);
    EXPECT_LT(relative_distance(gradients[1].colors, gradients[0].colors), 1e-4);
    EXPECT_LT(relative_distance(gradients[1].means, gradients[0].means), 1e-3);
    // Not one Gaussian that the processor draws is left out.
    std::size_t lost = 0;
    for (std::size_t i = 0; i < splats.count; ++i) {
        double on_cpu = 0, on_gpu = 0;
        for (std::size_t c = 0; c < 3; ++c) {
            on_cpu += std::abs(double(gradients[0].colors[3 * i + c]));
            on_gpu += std::abs(double(gradients[1].colors[3 * i + c]));
        }
        lost += on_cpu > 1e-3 && on_gpu == 0;
    }
    EXPECT_EQ(lost, 0u);
}

// Float numbers hold a needle's edge only so well, so the double precision of the reference judges both: the GPU may
// not be much further from it than the processor is.
TEST_F(DeviceRasterizerTest, needles_are_whole) {
    for (const float length : {0.02f, 0.08f, 0.3f}) {
        SplatSet splats = head_scene(400, 0, 6);
        for (std::size_t i = 0; i < splats.count; ++i) {
            splats.scales[3 * i] = length;
            splats.scales[3 * i + 1] = splats.scales[3 * i + 2] = 0.0003f;
            splats.opacities[i] *= 0.3f;
        }
        const Camera camera = front_camera(300, 200);
        const ReferenceFrame reference = render_reference(ReferenceSplats(splats), camera, {});
        std::vector<float> truth;
        for (std::size_t i = 0; i < reference.values.size(); i += std::size_t(reference.channels))
            for (std::size_t c = 0; c < 3; ++c) truth.push_back(float(reference.values[i + c]));
        Frame cpu;
        make_cpu_rasterizer()->forward(splats, camera, {}, cpu);
        const double on_cpu = relative_distance(cpu.color.pixels, truth),
                     on_gpu = relative_distance(picture_of(splats, camera), truth);
        EXPECT_LT(on_gpu, std::max(1e-5, 2 * on_cpu)) << length;
    }
}

// Lists of one, of a few thousand and of tens of thousands of Gaussians in a tile are sorted in different ways.
TEST_F(DeviceRasterizerTest, deep_tiles_are_in_order) {
    for (const std::size_t count : {1u, 2u, 700u, 1024u, 1025u, 5000u, 8193u, 20000u, 50000u}) {
        Random numbers{unsigned(count)};
        SplatSet splats;
        splats.resize(count);
        for (std::size_t i = 0; i < count; ++i) {
            for (std::size_t k = 0; k < 2; ++k) splats.means[3 * i + k] = numbers.uniform(-0.01f, 0.01f);
            splats.means[3 * i + 2] = std::round(numbers.uniform(-100, 100)) * 1e-3f;  // many at the same depth
            for (std::size_t k = 0; k < 3; ++k) {
                splats.scales[3 * i + k] = numbers.uniform(0.002f, 0.01f);
                splats.colors[3 * i + k] = numbers.uniform(0, 1);
            }
            splats.rotations[4 * i] = 1;
            splats.opacities[i] = 0.01f + 2.0f / float(count);
        }
        const Camera camera = front_camera(48, 48);
        Frame expected;
        make_cpu_rasterizer()->forward(splats, camera, {}, expected);
        const std::vector<float> found = picture_of(splats, camera);
        EXPECT_LT(relative_distance(found, expected.color.pixels), 1e-4) << count;
        EXPECT_EQ(picture_of(splats, camera), found) << count;
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

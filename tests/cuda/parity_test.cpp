// The CPU and the CUDA rasterizer give equal results (99.99 % of pixels within 2e-3, none above 0.02; gradients
// within 1e-3 by relative L2 norm for each attribute).
#include <algorithm>

#include "cuda/cuda_rasterizer.h"
#include "tests/cuda/gpu_test.h"
#include "tests/cuda/scenes.h"

namespace likeness::cuda_tests {
namespace {

class RasterizerParityTest : public GpuTest {};

void expect_equal_images(const char* name, const Image& cpu, const Image& gpu) {
    ASSERT_EQ(cpu.empty(), gpu.empty()) << name;
    if (cpu.empty()) return;
    ASSERT_EQ(cpu.width, gpu.width) << name;
    ASSERT_EQ(cpu.height, gpu.height) << name;
    ASSERT_EQ(cpu.channels, gpu.channels) << name;
    const std::size_t channels = std::size_t(cpu.channels);
    const std::size_t pixels = cpu.pixels.size() / std::max<std::size_t>(channels, 1);
    std::size_t off = 0;
    float largest = 0;
    for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
        float worst = 0;
        for (std::size_t c = 0; c < channels; ++c) {
            const float difference = std::abs(cpu.pixels[pixel * channels + c] - gpu.pixels[pixel * channels + c]);
            ASSERT_TRUE(std::isfinite(difference)) << name;
            worst = std::max(worst, difference);
        }
        off += worst > 2e-3f;
        largest = std::max(largest, worst);
    }
    EXPECT_LE(double(off), 1e-4 * double(pixels)) << name;
    EXPECT_LE(largest, 0.02f) << name;
}

// Takes the pixels where the two rasterizers crossed a threshold (1/255, 1e-4) differently out of the loss: there the
// pictures differ by little, but their gradients jump. Returns how many.
std::size_t leave_out_crossings(const Frame& cpu, const Frame& gpu, FrameGradients& gradients) {
    std::size_t count = 0;
    const Image* const images[][2] = {{&cpu.color, &gpu.color},
                                      {&cpu.alpha, &gpu.alpha},
                                      {&cpu.depth, &gpu.depth},
                                      {&cpu.normal, &gpu.normal},
                                      {&cpu.extra, &gpu.extra}};
    for (std::size_t pixel = 0; pixel < cpu.alpha.pixels.size(); ++pixel) {
        bool differs = false;
        for (const auto& [a, b] : images) {
            const std::size_t channels = std::size_t(a->channels);
            for (std::size_t i = pixel * channels; i < (pixel + 1) * channels; ++i) {
                differs |= std::abs(a->pixels[i] - b->pixels[i]) > 2e-5f;
            }
        }
        if (!differs) continue;
        ++count;
        for (Image* g : {&gradients.color, &gradients.alpha, &gradients.depth, &gradients.normal, &gradients.extra}) {
            const std::size_t channels = std::size_t(g->channels);
            std::fill_n(g->pixels.begin() + std::ptrdiff_t(pixel * channels), channels, 0.0f);
        }
    }
    return count;
}

// In a small scene one crossing is a large part of a Gaussian's gradient; in a large one all pixels count.
enum class Crossings { count, leave_out };

void compare(const SplatSet& splats, const Camera& camera, const RasterOptions& options,
             Crossings crossings = Crossings::count) {
    const auto cpu = make_cpu_rasterizer();
    const auto gpu = make_cuda_rasterizer();
    Frame cpu_frame, gpu_frame;
    cpu->forward(splats, camera, options, cpu_frame);
    gpu->forward(splats, camera, options, gpu_frame);
    expect_equal_images("color", cpu_frame.color, gpu_frame.color);
    expect_equal_images("alpha", cpu_frame.alpha, gpu_frame.alpha);
    expect_equal_images("depth", cpu_frame.depth, gpu_frame.depth);
    expect_equal_images("normal", cpu_frame.normal, gpu_frame.normal);
    expect_equal_images("extra", cpu_frame.extra, gpu_frame.extra);

    FrameGradients frame_gradients = random_gradients(cpu_frame, 21);
    if (crossings == Crossings::leave_out) {
        EXPECT_LE(double(leave_out_crossings(cpu_frame, gpu_frame, frame_gradients)),
                  1e-3 * double(cpu_frame.alpha.pixels.size()));
    }
    SplatGradients from_cpu, from_gpu;
    std::vector<float> cpu_screen(splats.count, 0.0f), gpu_screen(splats.count, 0.0f);
    cpu->backward(frame_gradients, from_cpu, &cpu_screen);
    gpu->backward(frame_gradients, from_gpu, &gpu_screen);
    EXPECT_LT(relative_distance(from_gpu.means, from_cpu.means), 1e-3);
    EXPECT_LT(relative_distance(from_gpu.scales, from_cpu.scales), 1e-3);
    EXPECT_LT(relative_distance(from_gpu.rotations, from_cpu.rotations), 1e-3);
    EXPECT_LT(relative_distance(from_gpu.colors, from_cpu.colors), 1e-3);
    EXPECT_LT(relative_distance(from_gpu.opacities, from_cpu.opacities), 1e-3);
    EXPECT_LT(relative_distance(from_gpu.extra, from_cpu.extra), 1e-3);
    EXPECT_LT(relative_distance(gpu_screen, cpu_screen), 1e-3);
}

RasterOptions with_everything() {
    RasterOptions options;
    options.background = {1, 0.5f, 0};
    options.depth = options.normal = true;
    return options;
}

TEST_F(RasterizerParityTest, random_scenes) {
    for (unsigned seed = 1; seed <= 6; ++seed) {
        SCOPED_TRACE(seed);
        compare(random_scene(1500, 0, seed), front_camera(200 + int(seed), 151), {}, Crossings::leave_out);
        compare(random_scene(1500, int(seed), seed), front_camera(97, 64 + int(seed)), with_everything(),
                Crossings::leave_out);
    }
}

TEST_F(RasterizerParityTest, a_head_of_20000_gaussians) {
    compare(head_scene(20000, 0, 1), front_camera(512, 512), {});
    compare(head_scene(24000, 4, 2), front_camera(500, 509), with_everything());
}

// Finer than a pixel, as paint is, behind others that are not filtered.
TEST_F(RasterizerParityTest, filtered_gaussians) {
    SplatSet splats = head_scene(20000, 0, 4);
    splats.filtered_from = 9001;
    splats.leading_from = 12345;
    for (std::size_t i = 3 * splats.filtered_from; i < splats.scales.size(); ++i) splats.scales[i] *= 0.1f;
    Frame cpu, gpu;
    const auto cuda = make_cuda_rasterizer();
    make_cpu_rasterizer()->forward(splats, front_camera(512, 512), {}, cpu);
    cuda->forward(splats, front_camera(512, 512), {}, gpu);
    expect_equal_images("color", cpu.color, gpu.color);
    expect_equal_images("alpha", cpu.alpha, gpu.alpha);
    SplatGradients gradients;
    EXPECT_THROW(cuda->backward(gpu, gradients), std::invalid_argument);
    Frame other;
    splats.leading_from = SplatSet::none_filtered;
    cuda->forward(splats, front_camera(512, 512), {}, other);
    EXPECT_NE(other.color.pixels, gpu.color.pixels);
    gpu = other;
    splats.filtered_from = SplatSet::none_filtered;
    cuda->forward(splats, front_camera(512, 512), {}, other);
    EXPECT_NE(other.color.pixels, gpu.color.pixels);
}

TEST_F(RasterizerParityTest, a_head_of_100000_gaussians) {
    compare(head_scene(100000, 0, 3), front_camera(512, 512), {});
}

}  // namespace
}  // namespace likeness::cuda_tests

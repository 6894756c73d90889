// Scenes drawn by the GPU against the processor's pictures.
#include "core/splat/harmonics.h"
#include "cuda/cuda_scene_renderer.h"
#include "likeness/cuda/device_rasterizer.h"
#include "likeness/cuda/pixels.h"
#include "tests/avatar/avatar_fixtures.h"
#include "tests/cuda/gpu_test.h"

namespace likeness::cuda_tests {
namespace {

class SceneRendererTest : public GpuTest {};

Camera camera_for(int width, int height) {
    Camera camera;
    camera.width = width;
    camera.height = height;
    camera.fx = camera.fy = float(height) * 1.1f / 0.4f;
    camera.cx = 0.5f * float(width);
    camera.cy = 0.5f * float(height);
    camera.world_to_camera = look_at({0.2f, 0.05f, 1.08f}, {0, 0, 0});
    return camera;
}

Scene ball_scene(bool hair) {
    Avatar avatar = test::ball_avatar(7, 100, hair);
    test::cover(avatar, 0.004f);
    Scene scene;
    scene.version = 1;
    test::Random random(8);
    scene.pose = test::random_pose(*avatar.model, random, 0.4f);
    scene.avatar = std::move(avatar);
    return scene;
}

std::vector<std::uint8_t> picture(SceneRenderer& renderer, const Camera& camera, FrameContent content) {
    std::vector<std::uint8_t> pixels(std::size_t(camera.width) * std::size_t(camera.height) * 4, 77);
    renderer.draw(camera, content, {pixels.data(), false});
    return pixels;
}

// Mean difference in levels, and how many of the bytes differ by more than 3.
void expect_alike(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b, double mean, double share) {
    ASSERT_EQ(a.size(), b.size());
    double sum = 0, far = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const int d = std::abs(int(a[i]) - int(b[i]));
        sum += d;
        far += d > 3;
    }
    EXPECT_LT(sum / double(a.size()), mean);
    EXPECT_LT(far / double(a.size()), share);
}

TEST_F(SceneRendererTest, pictures_are_those_of_the_processor) {
    const auto gpu = make_cuda_scene_renderer(), cpu = make_cpu_scene_renderer();
    ASSERT_TRUE(gpu);
    EXPECT_TRUE(gpu->draws_on_device());
    const Camera camera = camera_for(301, 203);
    for (const bool hair : {false, true}) {
        Scene scene = ball_scene(hair);
        for (const bool hidden : {false, true}) {
            scene.visible[std::size_t(SplatPart::eyes)] = !hidden;
            gpu->pose(scene);
            cpu->pose(scene);
            for (const FrameContent content :
                 {FrameContent::color, FrameContent::alpha, FrameContent::depth, FrameContent::normals}) {
                const auto expected = picture(*cpu, camera, content);
                EXPECT_GT(*std::max_element(expected.begin(), expected.end()), 100);
                expect_alike(picture(*gpu, camera, content), expected, 0.1,
                             content == FrameContent::normals ? 0.02 : 0.004);
            }
        }
    }
}

TEST_F(SceneRendererTest, the_pose_moves_the_picture_and_files_are_shown_too) {
    const auto gpu = make_cuda_scene_renderer(), cpu = make_cpu_scene_renderer();
    ASSERT_TRUE(gpu);
    const Camera camera = camera_for(160, 160);
    Scene scene = ball_scene(true);
    gpu->pose(scene);
    const auto before = picture(*gpu, camera, FrameContent::color);
    EXPECT_EQ(picture(*gpu, camera, FrameContent::color), before);
    scene.pose = HeadPose::neutral(*scene.avatar.model);
    scene.pose.translation.y() = 0.05f;
    gpu->pose(scene);
    cpu->pose(scene);
    const auto after = picture(*gpu, camera, FrameContent::color);
    EXPECT_NE(before, after);
    expect_alike(after, picture(*cpu, camera, FrameContent::color), 0.1, 0.004);

    // Fewer Gaussians than before, then none.
    auto file = std::make_shared<SplatSet>();
    file->resize(1);
    file->means = {0, 0, 0};
    file->scales = {0.03f, 0.02f, 0.01f};
    file->rotations = {1, 0, 0, 0};
    file->colors = {0.9f, 0.5f, 0.1f};
    file->opacities = {0.8f};
    Scene other;
    other.version = 2;
    other.splats = file;
    gpu->pose(other);
    cpu->pose(other);
    expect_alike(picture(*gpu, camera, FrameContent::color), picture(*cpu, camera, FrameContent::color), 0.1, 0.004);
    gpu->pose({});
    const auto nothing = picture(*gpu, camera, FrameContent::color);
    EXPECT_EQ(*std::max_element(nothing.begin(), nothing.end()), 0);
}

TEST_F(SceneRendererTest, colors_of_files_depend_on_the_view) {
    const auto gpu = make_cuda_scene_renderer(), cpu = make_cpu_scene_renderer();
    ASSERT_TRUE(gpu);
    Random random(3);
    for (int degree = 1; degree <= 3; ++degree) {
        Scene scene = ball_scene(true);
        auto file = std::make_shared<SplatSet>();
        pose_scene(scene, *file);
        auto harmonics = std::make_shared<Harmonics>();
        harmonics->degree = degree;
        harmonics->values.resize(file->count * std::size_t(harmonic_count(degree)) * 3);
        for (float& v : harmonics->values) v = 0.2f * random.normal();
        file->harmonics = harmonics;
        scene = {};
        scene.version = 10 + std::uint64_t(degree);
        scene.splats = file;
        gpu->pose(scene);
        cpu->pose(scene);
        Camera camera = camera_for(160, 120);
        const auto front = picture(*gpu, camera, FrameContent::color);
        expect_alike(front, picture(*cpu, camera, FrameContent::color), 0.1, 0.004);
        camera.world_to_camera = look_at({-0.9f, 0.3f, 0.6f}, {0, 0, 0});
        expect_alike(picture(*gpu, camera, FrameContent::color), picture(*cpu, camera, FrameContent::color), 0.1, 0.004);
        auto plain = std::make_shared<SplatSet>(*file);
        plain->harmonics.reset();
        scene.splats = plain;
        ++scene.version;
        gpu->pose(scene);
        EXPECT_NE(picture(*gpu, camera_for(160, 120), FrameContent::color), front);
    }
}

// More pairs of tiles and Gaussians than a picture may have at a time.
TEST_F(SceneRendererTest, pictures_of_huge_gaussians_are_whole) {
    const auto gpu = make_cuda_scene_renderer(), cpu = make_cpu_scene_renderer();
    ASSERT_TRUE(gpu);
    auto file = std::make_shared<SplatSet>();
    file->resize(40000);
    Random random(5);
    for (std::size_t i = 0; i < file->count; ++i) {
        for (std::size_t c = 0; c < 3; ++c) {
            file->means[3 * i + c] = 0.1f * random.normal();
            file->scales[3 * i + c] = 0.4f;
            file->colors[3 * i + c] = std::abs(random.normal());
        }
        file->rotations[4 * i] = 1;
        file->opacities[i] = 0.02f;
    }
    Scene scene;
    scene.version = 1;
    scene.splats = file;
    gpu->pose(scene);
    cpu->pose(scene);
    const Camera camera = camera_for(640, 400);  // 1,000 tiles
    expect_alike(picture(*gpu, camera, FrameContent::color), picture(*cpu, camera, FrameContent::color), 0.3, 0.004);
}

TEST_F(SceneRendererTest, pictures_into_gpu_memory_are_the_same) {
    const auto gpu = make_cuda_scene_renderer();
    ASSERT_TRUE(gpu);
    gpu->pose(ball_scene(true));
    const Camera camera = camera_for(128, 96);
    cuda::DeviceBuffer<std::uint8_t> target(stream(), 128 * 96 * 4);
    cuda::check(cudaStreamSynchronize(stream()), "wait");
    gpu->draw(camera, FrameContent::color, {target.data(), true});
    EXPECT_EQ(target.download(), picture(*gpu, camera, FrameContent::color));
}

// The viewer keeps Gaussians as half floats. Beside the picture of the same Gaussians as floats, no level of color is
// more than two away, and one in three thousand more than one.
TEST_F(SceneRendererTest, half_floats_change_few_levels_by_one) {
    const auto gpu = make_cuda_scene_renderer();
    ASSERT_TRUE(gpu);
    const Camera camera = camera_for(640, 480);
    Scene scene = ball_scene(true);
    for (const bool file : {false, true}) {
        auto posed = std::make_shared<SplatSet>();
        pose_scene(scene, *posed);
        if (file) {
            scene = {};
            scene.splats = posed;
        }
        cuda::DeviceRasterizer rasterizer(stream());
        const cuda::DeviceBuffer<float> means = upload(posed->means), scales = upload(posed->scales),
                                        rotations = upload(posed->rotations), colors = upload(posed->colors),
                                        opacities = upload(posed->opacities);
        cuda::DeviceBuffer<float> color(stream(), 3 * 640 * 480), alpha(stream(), 640 * 480);
        cuda::DeviceBuffer<std::uint32_t> pixels(stream(), 640 * 480);
        cuda::DeviceBuffer<unsigned> range(stream(), 2);
        const cuda::RasterOutputs images{color.data(), alpha.data()};
        cuda::DeviceSplats splats{
            int(posed->count), 0, {means.data(), scales.data(), rotations.data(), colors.data(), opacities.data()}};
        do {
            rasterizer.forward(splats, camera, {}, images);
        } while (rasterizer.counters().instances > rasterizer.instance_capacity());
        cuda::to_pixels(cuda::PixelContent::color, images, rasterizer.view(), 640, 480, range.data(), pixels.data(),
                        stream());
        const std::vector<std::uint32_t> words = pixels.download();
        const auto* const floats = reinterpret_cast<const std::uint8_t*>(words.data());
        gpu->pose(scene);
        const std::vector<std::uint8_t> halves = picture(*gpu, camera, FrameContent::color);
        EXPECT_GT(*std::max_element(halves.begin(), halves.end()), 100);
        int largest = 0, differ = 0, far = 0;
        for (std::size_t i = 0; i < halves.size(); ++i) {
            const int d = std::abs(int(halves[i]) - int(floats[i]));
            largest = std::max(largest, d);
            differ += d > 0;
            far += d > 1;
        }
        EXPECT_GT(differ, 0) << "the two are not the same path";
        EXPECT_LE(largest, 2);
        EXPECT_LT(far, int(halves.size() / 3000));
        RecordProperty(file ? "file_differ" : "avatar_differ", differ);
        RecordProperty(file ? "file_far" : "avatar_far", far);
        RecordProperty(file ? "file_largest" : "avatar_largest", largest);
    }
}

}  // namespace
}  // namespace likeness::cuda_tests

// CUDA's pictures in OpenGL's textures, on the context that a machine without a display gives. Skipped where OpenGL
// does not run on CUDA's GPU.
#include "cuda/gl_frame_store.h"

#include <imgui.h>

#include <atomic>
#include <thread>

#include "core/learning/trainer.h"
#include "cuda/cuda_scene_renderer.h"
#include "cuda/cuda_training_engine.h"
#include "render/frame_renderer.h"
#include "render/surface.h"
#include "tests/avatar/avatar_fixtures.h"
#include "tests/cuda/gpu_test.h"

namespace likeness::cuda_tests {
namespace {

class GlFrameStoreTest : public GpuTest {
  protected:
    void SetUp() override {
        GpuTest::SetUp();
        if (IsSkipped()) return;
        context_ = ImGui::CreateContext();
        auto surface = open_offscreen({.width = 64, .height = 64});
        if (!surface) GTEST_SKIP() << surface.error().message << " [" << surface.error().detail << "]";
        surface_ = *std::move(surface);
        register_gl_frame_store();
        std::string reason;
        store_ = make_frame_store(StoreKind::device, true, reason);
        if (store_->name() != "stays on the GPU") GTEST_SKIP() << reason << " (" << surface_->description() << ")";
        EXPECT_EQ(reason, "chosen by hand");
    }
    void TearDown() override {
        store_.reset();
        surface_.reset();
        if (context_) ImGui::DestroyContext(context_);
    }

    static std::vector<std::uint8_t> shown(const FrameRenderer& frames) {
        const FrameInfo& info = *frames.shown();
        std::vector<std::uint8_t> pixels(std::size_t(info.width) * std::size_t(info.height) * 4);
        glGetTextureSubImage(frames.store().texture(), 0, 0, 0, 0, info.width, info.height, 1, GL_RGBA,
                             GL_UNSIGNED_BYTE, GLsizei(pixels.size()), pixels.data());
        return pixels;
    }
    static void show(FrameRenderer& frames, const FrameRequest& request) {
        frames.request(request);
        while (!frames.update()) std::this_thread::yield();
    }

    ImGuiContext* context_ = nullptr;
    std::unique_ptr<Surface> surface_;
    std::unique_ptr<FrameStore> store_;
};

FrameRequest request_of(const Avatar& avatar, int width, int height) {
    FrameRequest request;
    request.scene.version = 1;
    request.scene.avatar = avatar;
    request.scene.pose = HeadPose::neutral(*avatar.model);
    request.camera.width = width;
    request.camera.height = height;
    request.camera.fx = request.camera.fy = float(height) * 1.1f / 0.4f;
    request.camera.cx = 0.5f * float(width);
    request.camera.cy = 0.5f * float(height);
    request.camera.world_to_camera = look_at({0, 0, 1.1f}, {0, 0, 0});
    return request;
}

TEST_F(GlFrameStoreTest, shows_what_the_host_path_shows_at_any_size) {
    Avatar avatar = test::ball_avatar(3, 100, true);
    test::cover(avatar, 0.004f);
    FrameRenderer frames(std::move(store_), make_cuda_scene_renderer, [] {});
    std::string reason;
    FrameRenderer copied(make_frame_store(StoreKind::host, true, reason), make_cuda_scene_renderer, [] {});
    FrameRequest request = request_of(avatar, 200, 100);
    for (const auto& [width, height] :
         {std::pair(200, 100), std::pair(97, 203), std::pair(640, 480), std::pair(64, 64)}) {
        request.camera = request_of(avatar, width, height).camera;
        ++request.scene.version;
        request.scene.pose.joints(1, 2) += 0.1f;
        show(frames, request);
        show(copied, request);
        EXPECT_EQ(frames.store().name(), "stays on the GPU");
        const auto pixels = shown(frames);
        EXPECT_EQ(pixels, shown(copied));
        EXPECT_GT(*std::max_element(pixels.begin(), pixels.end()), 100);
        EXPECT_EQ(glGetError(), GLenum(GL_NO_ERROR));
    }
    EXPECT_FALSE(frames.device_failed());
}

TEST_F(GlFrameStoreTest, a_renderer_on_the_processor_is_refused_and_told) {
    FrameRenderer frames(std::move(store_), make_cuda_scene_renderer, [] {});
    const Avatar avatar = test::ball_avatar(3, 100, false);
    show(frames, request_of(avatar, 64, 64));
    EXPECT_FALSE(frames.device_failed());
    std::string reason;
    EXPECT_NE(make_frame_store(StoreKind::device, false, reason)->name(), "stays on the GPU");
    EXPECT_NE(reason.find("the processor draws"), std::string::npos);
    frames.replace(make_frame_store(StoreKind::automatic, false, reason),
                   [] { return std::unique_ptr<SceneRenderer>(); });
    frames.request(request_of(avatar, 64, 64));
    for (int i = 0; i < 2000 && !frames.device_failed(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_TRUE(frames.device_failed());
}

// What the studio does at its busiest: the trainer steps, grows and publishes while the view turns at full rate.
TEST_F(GlFrameStoreTest, draws_at_full_rate_while_the_trainer_densifies) {
    Avatar avatar = test::ball_avatar(5, 100, false);
    test::cover(avatar, 0.006f);
    const Frame truth = test::render(avatar, HeadPose::neutral(*avatar.model), request_of(avatar, 128, 128).camera);
    auto engine = make_cuda_training_engine();
    ASSERT_TRUE(engine);
    engine->load(avatar, splat_groups());
    TrainingView view;
    view.pose = HeadPose::neutral(*avatar.model);
    view.camera = request_of(avatar, 128, 128).camera;
    view.target = loss_picture({truth.color, truth.alpha, {}});
    const int number = engine->add_view(view);

    FrameRenderer frames(std::move(store_), make_cuda_scene_renderer, [] {});
    std::mutex mutex;
    Part<AnchoredSplats> newest = avatar.splats;
    std::uint64_t version = 1;
    std::atomic<bool> trained = false;
    std::jthread trainer([&] {
        AnchoredSplats splats = *avatar.splats;
        for (int round = 0; round < 12; ++round) {
            engine->load_splats(splats);
            for (int step = 0; step < 25; ++step) engine->step({&number, 1}, {0, 0, 0});
            splats = engine->splats();
            // Every fourth one twice: what densification does to sizes.
            AnchoredSplats grown = splats;
            grown.resize(splats.count + splats.count / 4);
            for (std::size_t k = splats.count; k < grown.count; ++k) {
                const std::size_t i = 4 * (k - splats.count);
                grown.atlas[k] = splats.atlas[i];
                grown.part[k] = splats.part[i];
                grown.anchor[k] = splats.anchor[i];
                const auto copy = [&](std::vector<float>& to, const std::vector<float>& from, std::size_t width) {
                    std::copy_n(from.begin() + long(i * width), width, to.begin() + long(k * width));
                };
                copy(grown.offset, splats.offset, 3);
                copy(grown.log_scale, splats.log_scale, 3);
                copy(grown.rotation, splats.rotation, 4);
                copy(grown.albedo, splats.albedo, 3);
                copy(grown.opacity_logit, splats.opacity_logit, 1);
            }
            splats = grown;
            const std::lock_guard lock(mutex);
            newest = splats;
            ++version;
        }
        trained = true;
    });
    FrameRequest request = request_of(avatar, 512, 384);
    int pictures = 0;
    float angle = 0;
    while (!trained) {
        {
            const std::lock_guard lock(mutex);
            request.scene.avatar.splats = newest;
            request.scene.version = 1000 * version + std::uint64_t(pictures);
        }
        angle += 0.02f;
        request.scene.pose.joints(1, 2) = 0.3f * std::sin(angle);
        request.camera.world_to_camera = look_at({1.1f * std::sin(angle), 0, 1.1f * std::cos(angle)}, {0, 0, 0});
        show(frames, request);
        ++pictures;
        ASSERT_FALSE(frames.device_failed());
    }
    EXPECT_GT(pictures, 20);
    const auto pixels = shown(frames);
    EXPECT_GT(*std::max_element(pixels.begin(), pixels.end()), 100);
    EXPECT_EQ(glGetError(), GLenum(GL_NO_ERROR));
}

}  // namespace
}  // namespace likeness::cuda_tests

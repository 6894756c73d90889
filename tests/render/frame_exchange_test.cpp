// Three threads as in the studio: a trainer publishes snapshots, the viewport renders them, a window asks for pictures
// and takes them. Meant to run under ThreadSanitizer as well.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "core/base/task.h"
#include "core/learning/snapshot.h"
#include "render/frame_renderer.h"

namespace likeness::test {
namespace {

// Pictures in memory; upload() is what OpenGL would read.
class MemoryStore : public FrameStore {
  public:
    std::string name() const override { return "memory"; }
    void reserve(std::size_t bytes) override {
        for (int i = 0; i < slot_count; ++i) {
            memory_[i].resize(std::max(bytes, memory_[i].size()));
            slots_[i].pixels = memory_[i].data();
            slots_[i].capacity = memory_[i].size();
        }
    }
    void upload(int index) override {
        const FrameSlot& from = slot(index);
        shown.assign(from.pixels, from.pixels + std::size_t(from.width) * std::size_t(from.height) * 4);
        pending_[index] = 2;
    }
    // As a GPU's copy: some frames later.
    bool released(int index) override { return --pending_[index] <= 0; }

    std::vector<std::uint8_t> shown;

  private:
    std::vector<std::uint8_t> memory_[slot_count];
    int pending_[slot_count] = {};
};

// A sheet of Gaussians over the whole picture; its grey names the version, so that a torn picture shows.
Scene sheet(int version) {
    constexpr std::size_t side = 10;
    auto sheet = std::make_shared<SplatSet>();
    SplatSet& splats = *sheet;
    splats.resize(side * side);
    for (std::size_t i = 0; i < splats.count; ++i) {
        const float at[3] = {0.1f * (float(i % side) - 4.5f), 0.1f * (float(i / side) - 4.5f), 0};
        for (std::size_t k = 0; k < 3; ++k) {
            splats.means[i * 3 + k] = at[k];
            splats.scales[i * 3 + k] = 0.08f;
            splats.colors[i * 3 + k] = 0.1f + 0.1f * float(version % 8);
        }
        splats.rotations[i * 4] = 1;
        splats.opacities[i] = 0.999f;
    }
    Scene scene;
    scene.version = std::uint64_t(version);
    scene.splats = std::move(sheet);
    return scene;
}

Camera camera_of(int width, int height, float turn) {
    Camera camera;
    camera.width = width;
    camera.height = height;
    camera.fx = camera.fy = float(height);
    camera.cx = 0.5f * float(width);
    camera.cy = 0.5f * float(height);
    camera.world_to_camera.setIdentity();
    camera.world_to_camera(0, 3) = 0.02f * turn;
    camera.world_to_camera(2, 3) = 1;
    return camera;
}

template <class Condition>
bool wait_for(const Condition& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

TEST(FrameExchange, NewestPictureArrivesWholeWhileOthersAreMade) {
    auto owned = std::make_unique<MemoryStore>();
    MemoryStore* store = owned.get();
    std::atomic<int> woken = 0;
    FrameRenderer frames(std::move(owned), make_cpu_scene_renderer, [&] { ++woken; });
    SnapshotSlot slot;
    std::jthread trainer([&](const std::stop_token& stop) {
        for (int step = 1; !stop.stop_requested(); ++step) {
            auto snapshot = std::make_shared<AvatarSnapshot>();
            snapshot->step = step;
            slot.publish(std::move(snapshot));
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    });
    ASSERT_TRUE(wait_for([&] { return slot.latest() != nullptr; }));

    int pictures = 0;
    std::uint64_t last_number = 0;
    const auto take = [&] {
        if (!frames.update()) return;
        ++pictures;
        const FrameInfo& info = *frames.shown();
        EXPECT_GT(info.number, last_number) << "never an older picture";
        last_number = info.number;
        ASSERT_EQ(store->shown.size(), std::size_t(info.width) * std::size_t(info.height) * 4);
        // Its middle is of one grey, that of its version.
        const float grey = 255 * (0.1f + 0.1f * float(info.version % 8));
        for (int y = info.height * 2 / 5; y < info.height * 3 / 5; ++y)
            for (int x = info.width * 2 / 5; x < info.width * 3 / 5; ++x)
                ASSERT_NEAR(float(store->shown[(std::size_t(y) * std::size_t(info.width) + std::size_t(x)) * 4]), grey,
                            6)
                    << info.number;
    };
    const auto ask = [&](int width, int height, float turn, bool moving) {
        const auto seen = slot.latest();
        FrameRequest request;
        request.scene = sheet(seen->step);
        request.camera = camera_of(width, height, turn);
        request.moving = moving;
        frames.request(std::move(request));
        return std::uint64_t(seen->step);
    };
    for (int i = 0; i < 150; ++i) {
        // The view turns, rests, and its panel grows and shrinks.
        const int width = 48 + 16 * (i / 30), height = 40 + 8 * (i % 30 / 15);
        ask(width, height, float(i % 10), i % 5 != 0);
        if (i == 50) frames.set_pace(4, 6);
        if (i == 90 || i == 110) {
            auto other = std::make_unique<MemoryStore>();
            store = other.get();
            frames.replace(std::move(other), i == 90 ? MakeSceneRenderer(make_cpu_scene_renderer) : nullptr);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(i % 3));
        take();
    }
    const std::uint64_t wanted = ask(64, 64, 0, false);
    ASSERT_TRUE(wait_for([&] {
        take();
        return frames.shown() && frames.shown()->version == wanted && frames.shown()->scale == 1;
    }));
    EXPECT_GT(pictures, 5);
    EXPECT_GE(woken, pictures);
}

TEST(FrameExchange, PacedPicturesLeaveTimeBetweenThemAndAStillOneDoesNotWait) {
    FrameRenderer frames(std::make_unique<MemoryStore>(), make_cpu_scene_renderer, {});
    frames.set_pace(28, 1e6f);  // none but the first moves within this test
    const auto ask = [&](std::uint64_t version, bool moving) {
        FrameRequest request;
        request.scene = sheet(int(version));
        request.camera = camera_of(32, 32, 0);
        request.moving = moving;
        frames.request(std::move(request));
    };
    const auto shows = [&](std::uint64_t version) {
        return wait_for([&] {
            frames.update();
            return frames.shown() && frames.shown()->version == version;
        });
    };
    ask(1, true);
    ASSERT_TRUE(shows(1));
    ask(2, true);
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    EXPECT_FALSE(frames.update()) << "too soon for another one";
    EXPECT_TRUE(frames.busy());
    ask(3, false);
    EXPECT_TRUE(shows(3));
    ask(4, true);  // and ending does not wait either
}

// Pictures wider than 8 pixels take until they are given up.
class Endless : public SceneRenderer {
  public:
    explicit Endless(std::atomic<int>& begun) : begun_(begun) {}
    std::string name() const override { return "endless"; }
    void pose(const Scene&) override {}
    DrawTimes draw(const Camera& camera, FrameContent, const PixelTarget&) override {
        if (camera.width <= 8) return {};
        ++begun_;
        while (!stop_ || !*stop_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        throw Cancelled();
    }

  private:
    std::atomic<int>& begun_;
};

TEST(FrameExchange, APictureThatTakesLongIsGivenUp) {
    using namespace std::chrono_literals;
    std::atomic<int> begun = 0;
    FrameRenderer frames(std::make_unique<MemoryStore>(), [&] { return std::make_unique<Endless>(begun); }, {});
    const auto ask = [&](int width) {
        FrameRequest request;
        request.scene = sheet(1);
        request.camera = camera_of(width, 8, 0);
        frames.request(std::move(request));
    };
    ask(16);
    ASSERT_TRUE(wait_for([&] { return begun == 1; }));
    ask(8);
    EXPECT_TRUE(frames.busy()) << "in its first second a picture is not given up for another";
    std::this_thread::sleep_for(1100ms);
    EXPECT_FALSE(frames.update());
    ask(8);
    ASSERT_TRUE(wait_for([&] { return frames.update(); }));
    EXPECT_EQ(frames.shown()->width, 8);
    EXPECT_FALSE(frames.device_failed());
    // Two in a row are not given up: a trainer's states may come faster than pictures are made.
    ask(16);
    ASSERT_TRUE(wait_for([&] { return begun == 2; }));
    std::this_thread::sleep_for(1100ms);
    ask(16);
    ASSERT_TRUE(wait_for([&] { return begun == 3; }));
    std::this_thread::sleep_for(1100ms);
    ask(8);
    std::this_thread::sleep_for(100ms);
    EXPECT_FALSE(frames.update());
    frames.cancel();
    EXPECT_TRUE(wait_for([&] { return !frames.busy(); }));
    ask(16);
    ASSERT_TRUE(wait_for([&] { return begun == 4; }));  // its end does not wait for the picture's
}

}  // namespace
}  // namespace likeness::test

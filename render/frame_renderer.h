// Renders pictures of Gaussians on a thread of its own: the newest request wins, the picture shown is at most one
// behind. While the view moves, resolution follows the time it takes; a still view settles to full resolution.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "core/geometry/camera.h"
#include "core/view/scene.h"
#include "core/view/scene_renderer.h"
#include "render/frame_store.h"

namespace likeness {

struct FrameRequest {
    Scene scene;    // posed again only when its version differs
    Camera camera;  // at full resolution
    FrameContent content = FrameContent::color;
    bool blend = true;     // false: only the surface is wanted
    bool surface = false;  // the surface is wanted with the picture, not only when somebody asks for it
    bool moving = false;   // may be of reduced resolution
};

// What a finished picture shows, and what it cost in milliseconds.
struct FrameInfo {
    Camera camera;              // at full resolution: where overlays belong
    int width = 0, height = 0;  // of the picture itself; 0: no Gaussians were wanted
    float scale = 1;
    std::uint64_t version = 0, number = 0;
    std::shared_ptr<const SceneSurface> surface;
    std::size_t gaussians = 0;  // of the avatar
    FinePaint paint;
    float pose_ms = 0, raster_ms = 0, convert_ms = 0;
};

class FrameRenderer {
  public:
    // `wake` is called from the renderer's thread whenever a picture is done.
    FrameRenderer(std::unique_ptr<FrameStore> store, MakeSceneRenderer make_renderer, std::function<void()> wake);
    ~FrameRenderer();
    FrameRenderer(const FrameRenderer&) = delete;
    FrameRenderer& operator=(const FrameRenderer&) = delete;

    // OpenGL's thread. Never waits. A picture that has taken more than a second by then is given up for the new one,
    // but not two in a row: something is shown however slow pictures are.
    void request(FrameRequest request);
    // Gives up the picture in hand and the one that waits.
    void cancel();
    // Takes a finished picture into the texture; true when there is a new one.
    bool update();
    const std::optional<FrameInfo>& shown() const { return shown_; }
    const FrameStore& store() const { return *store_; }
    // The last request has not been begun.
    bool waiting() const;
    // Something is being rendered or waits for it.
    bool busy() const;
    float moving_scale() const;
    // A renderer that draws on a device could not be made, or could not draw: time for another.
    bool device_failed() const;
    // While the view moves: milliseconds that a picture may take, and the least from one's beginning to the next one's,
    // 0 for none. What lies between belongs to others (a trainer on the same processor).
    void set_pace(float budget, float interval);
    // From now on another store, and pictures by another device when `make_renderer` is not empty. What does not draw
    // on a device needs a store in the processor's memory.
    void replace(std::unique_ptr<FrameStore> store, MakeSceneRenderer make_renderer);

  private:
    void loop(const std::stop_token& stop);
    void render(const FrameRequest& request, float scale, int slot, FrameInfo& info);
    void adapt(float milliseconds, float scale);
    int free_slot() const;  // -1: none; precondition: mutex_ is held
    void pause();
    void resume();

    enum class SlotState { free, writing, ready, uploading };

    std::unique_ptr<FrameStore> store_;
    std::function<void()> wake_;
    std::optional<FrameInfo> shown_;
    std::size_t largest_ = 0;  // bytes of a slot

    mutable std::mutex mutex_;  // guards what follows; held for no work
    std::condition_variable_any changed_;
    std::optional<FrameRequest> wanted_;
    SlotState states_[FrameStore::slot_count] = {};
    std::optional<std::pair<int, FrameInfo>> finished_;  // newest; slot -1: a surface alone
    MakeSceneRenderer make_renderer_;
    bool new_renderer_ = true, working_ = false, paused_ = false, device_failed_ = false;
    float moving_scale_ = 0.75f, budget_ = 28, interval_ = 0;
    std::chrono::steady_clock::time_point begun_{};  // the last picture of a moving view
    std::chrono::steady_clock::time_point drawing_since_{};
    std::atomic<bool> stop_drawing_ = false;
    bool gave_up_ = false;  // the last picture

    // The renderer's thread only.
    std::unique_ptr<SceneRenderer> renderer_;
    std::uint64_t numbers_ = 0;
    std::optional<std::uint64_t> posed_version_, surface_version_;
    std::shared_ptr<const SceneSurface> surface_;

    std::jthread thread_;  // last: it uses all of the above
};

}  // namespace likeness

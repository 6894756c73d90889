#include "render/frame_renderer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>

#include "core/base/log.h"
#include "core/base/parallel.h"
#include "core/base/task.h"

namespace likeness {
namespace {

constexpr float least_scale = 0.2f;
// Pictures use all cores for a while: the window's own thread must not wait for them, the trainer (10) for both.
constexpr int behind_the_window = 4;
// What a picture may take without being given up for a newer one.
constexpr std::chrono::seconds long_drawing{1};

float milliseconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<float, std::milli>(std::chrono::steady_clock::now() - start).count();
}

int scaled(int side, float scale) { return std::max(1, int(std::lround(float(side) * scale))); }

}  // namespace

FrameRenderer::FrameRenderer(std::unique_ptr<FrameStore> store, MakeSceneRenderer make_renderer,
                             std::function<void()> wake)
    : store_(std::move(store)), wake_(std::move(wake)), make_renderer_(std::move(make_renderer)) {
    thread_ = std::jthread([this](const std::stop_token& stop) { loop(stop); });
}

FrameRenderer::~FrameRenderer() {
    thread_.request_stop();
    stop_drawing_ = true;
    changed_.notify_all();
}

void FrameRenderer::cancel() {
    const std::lock_guard lock(mutex_);
    wanted_.reset();
    stop_drawing_ = true;
}

void FrameRenderer::request(FrameRequest request) {
    const std::size_t bytes = std::size_t(request.camera.width) * std::size_t(request.camera.height) * 4;
    if (bytes > largest_) {
        // Slots grow only while the thread rests; it is asked for the new size right after.
        pause();
        largest_ = bytes + bytes / 4;
        store_->reserve(largest_);
        resume();
    }
    {
        const std::lock_guard lock(mutex_);
        wanted_ = std::move(request);
        const auto taken = std::chrono::steady_clock::now() - drawing_since_;
        if (working_ && !gave_up_ && taken > long_drawing) gave_up_ = stop_drawing_ = true;
    }
    changed_.notify_all();
}

void FrameRenderer::pause() {
    std::unique_lock lock(mutex_);
    paused_ = true;
    stop_drawing_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !working_; });
    finished_.reset();
    std::fill(std::begin(states_), std::end(states_), SlotState::free);
}

void FrameRenderer::resume() {
    const std::lock_guard lock(mutex_);
    paused_ = false;
}

void FrameRenderer::replace(std::unique_ptr<FrameStore> store, MakeSceneRenderer make_renderer) {
    pause();
    store_ = std::move(store);
    store_->reserve(std::max<std::size_t>(largest_, 4));
    shown_.reset();
    if (make_renderer) {
        make_renderer_ = std::move(make_renderer);
        new_renderer_ = true;
        device_failed_ = false;
    }
    resume();
}

bool FrameRenderer::update() {
    std::optional<std::pair<int, FrameInfo>> taken;
    bool freed = false;
    {
        const std::lock_guard lock(mutex_);
        for (int i = 0; i < FrameStore::slot_count; ++i)
            if (states_[i] == SlotState::uploading && store_->released(i)) {
                states_[i] = SlotState::free;
                freed = true;
            }
        taken = std::exchange(finished_, std::nullopt);
        if (taken && taken->first >= 0) states_[taken->first] = SlotState::uploading;
    }
    if (freed) changed_.notify_all();
    if (!taken) return false;
    if (taken->first >= 0) store_->upload(taken->first);
    shown_ = std::move(taken->second);
    return true;
}

bool FrameRenderer::busy() const {
    const std::lock_guard lock(mutex_);
    return wanted_ || working_ || finished_;
}

bool FrameRenderer::waiting() const {
    const std::lock_guard lock(mutex_);
    return wanted_.has_value();
}

float FrameRenderer::moving_scale() const {
    const std::lock_guard lock(mutex_);
    return moving_scale_;
}

bool FrameRenderer::device_failed() const {
    const std::lock_guard lock(mutex_);
    return device_failed_;
}

void FrameRenderer::set_pace(float budget, float interval) {
    const std::lock_guard lock(mutex_);
    budget_ = budget;
    interval_ = interval;
}

int FrameRenderer::free_slot() const {
    for (int i = 0; i < FrameStore::slot_count; ++i)
        if (states_[i] == SlotState::free) return i;
    return -1;
}

void FrameRenderer::loop(const std::stop_token& stop) {
    lower_thread_priority(behind_the_window);
    while (true) {
        FrameRequest request;
        MakeSceneRenderer make;
        int slot = -1;
        float scale = 1;
        {
            std::unique_lock lock(mutex_);
            const bool go =
                changed_.wait(lock, stop, [&] { return !paused_ && wanted_ && (!wanted_->blend || free_slot() >= 0); });
            if (!go) return;
            if (wanted_->moving) {
                // A newer request may replace this one meanwhile; a still view's does not wait.
                const auto due = begun_ + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                              std::chrono::duration<float, std::milli>(interval_));
                changed_.wait_until(lock, stop, due, [&] { return paused_ || !wanted_ || !wanted_->moving; });
                if (stop.stop_requested()) return;
                if (paused_ || !wanted_ || (wanted_->blend && free_slot() < 0)) continue;
                begun_ = std::chrono::steady_clock::now();
            }
            request = *std::exchange(wanted_, std::nullopt);
            working_ = true;
            drawing_since_ = std::chrono::steady_clock::now();
            stop_drawing_ = stop.stop_requested();
            if (request.blend) states_[slot = free_slot()] = SlotState::writing;
            if (request.moving) scale = moving_scale_;
            if (std::exchange(new_renderer_, false)) make = make_renderer_;
        }
        FrameInfo info;
        bool good = true, given_up = false, on_device = true;
        try {
            if (make) {
                renderer_ = nullptr;
                posed_version_.reset();
                renderer_ = make();
                if (renderer_) renderer_->set_stop(&stop_drawing_);
            }
            if (!renderer_) throw std::runtime_error("no device to draw with");
            on_device = renderer_->draws_on_device();
            // A GPU's own streams have their precedence; the processor's work stands back for a picture.
            std::optional<ForegroundWork> precedence;
            if (!on_device) precedence.emplace();
            render(request, scale, slot, info);
        } catch (const Cancelled&) {
            good = false;
            given_up = true;
        } catch (const std::exception& failure) {
            good = false;
            spdlog::error("The view could not be rendered: {}", failure.what());
        }
        {
            const std::lock_guard lock(mutex_);
            working_ = false;
            if (good) {
                gave_up_ = false;
                if (finished_ && finished_->first >= 0) states_[finished_->first] = SlotState::free;
                if (slot >= 0) states_[slot] = SlotState::ready;
                finished_.emplace(slot, std::move(info));
            } else {
                if (slot >= 0) states_[slot] = SlotState::free;
                device_failed_ = device_failed_ || (on_device && !given_up);
            }
        }
        changed_.notify_all();
        if (wake_) wake_();
    }
}

void FrameRenderer::render(const FrameRequest& request, float scale, int slot, FrameInfo& info) {
    const auto begin = std::chrono::steady_clock::now();
    info.camera = request.camera;
    info.version = request.scene.version;
    info.number = ++numbers_;
    info.scale = scale;
    if (request.scene.version != surface_version_) {
        surface_ = request.scene.has_avatar() ? std::make_shared<const SceneSurface>(request.scene) : nullptr;
        surface_version_ = request.scene.version;
    }
    if (surface_ && request.surface) surface_->get();
    info.surface = surface_;
    info.gaussians = request.scene.gaussian_count();
    if (!request.blend) return;

    if (request.scene.version != posed_version_) {
        posed_version_.reset();  // should it fail half-way
        renderer_->pose(request.scene);
        posed_version_ = request.scene.version;
    }
    if (request.scene.has_avatar()) info.paint = renderer_->fine_paint();
    info.pose_ms = milliseconds_since(begin);
    const Camera camera =
        scale == 1 ? request.camera
                   : request.camera.resized(scaled(request.camera.width, scale), scaled(request.camera.height, scale));
    FrameSlot& target = store_->slot(slot);
    const DrawTimes times = renderer_->draw(camera, request.content, target);
    info.raster_ms = times.raster;
    info.convert_ms = times.convert;
    target.width = info.width = camera.width;
    target.height = info.height = camera.height;
    if (request.moving) adapt(milliseconds_since(begin), scale);
}

// Part of the time does not depend on the resolution, so steps are small and meet at the budget.
void FrameRenderer::adapt(float milliseconds, float scale) {
    const std::lock_guard lock(mutex_);
    const float wanted = scale * std::sqrt(budget_ / std::max(milliseconds, 0.5f));
    moving_scale_ = std::clamp(moving_scale_ + 0.35f * (wanted - moving_scale_), least_scale, 1.0f);
    if (moving_scale_ > 0.95f) moving_scale_ = 1;
}

}  // namespace likeness

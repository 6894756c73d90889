#include "render/frame_renderer.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/base/log.h"
#include "core/base/parallel.h"
#include "render/frame_pixels.h"

namespace likeness {
namespace {

constexpr float least_scale = 0.2f;
// Pictures use all cores for a while: the window's own thread must not wait for them, the trainer (10) for both.
constexpr int behind_the_window = 4;

float milliseconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<float, std::milli>(std::chrono::steady_clock::now() - start).count();
}

int scaled(int side, float scale) { return std::max(1, int(std::lround(float(side) * scale))); }

}  // namespace

FrameRenderer::FrameRenderer(std::unique_ptr<FrameStore> store,
                             std::function<std::unique_ptr<Rasterizer>()> make_rasterizer, std::function<void()> wake)
    : store_(std::move(store)), wake_(std::move(wake)), make_rasterizer_(std::move(make_rasterizer)) {
    thread_ = std::jthread([this](const std::stop_token& stop) { loop(stop); });
}

FrameRenderer::~FrameRenderer() {
    thread_.request_stop();
    changed_.notify_all();
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
    }
    changed_.notify_all();
}

void FrameRenderer::pause() {
    std::unique_lock lock(mutex_);
    paused_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !working_; });
    finished_.reset();
    std::fill(std::begin(states_), std::end(states_), SlotState::free);
}

void FrameRenderer::resume() {
    const std::lock_guard lock(mutex_);
    paused_ = false;
}

void FrameRenderer::replace_store(std::unique_ptr<FrameStore> store) {
    pause();
    store_ = std::move(store);
    store_->reserve(std::max<std::size_t>(largest_, 4));
    shown_.reset();
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

float FrameRenderer::moving_scale() const {
    const std::lock_guard lock(mutex_);
    return moving_scale_;
}

void FrameRenderer::set_pace(float budget, float interval) {
    const std::lock_guard lock(mutex_);
    budget_ = budget;
    interval_ = interval;
}

void FrameRenderer::set_rasterizer(std::function<std::unique_ptr<Rasterizer>()> make_rasterizer) {
    const std::lock_guard lock(mutex_);
    make_rasterizer_ = std::move(make_rasterizer);
    new_rasterizer_ = true;
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
        std::function<std::unique_ptr<Rasterizer>()> make;
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
            if (request.blend) states_[slot = free_slot()] = SlotState::writing;
            if (request.moving) scale = moving_scale_;
            if (std::exchange(new_rasterizer_, false)) make = make_rasterizer_;
        }
        FrameInfo info;
        bool good = true;
        try {
            const ForegroundWork precedence;
            if (make) rasterizer_ = make();
            if (!rasterizer_) rasterizer_ = make_cpu_rasterizer();  // a device that failed must not leave nothing
            render(request, scale, slot, info);
        } catch (const std::exception& failure) {
            good = false;
            spdlog::error("The view could not be rendered: {}", failure.what());
        }
        {
            const std::lock_guard lock(mutex_);
            working_ = false;
            if (good) {
                if (finished_ && finished_->first >= 0) states_[finished_->first] = SlotState::free;
                if (slot >= 0) states_[slot] = SlotState::ready;
                finished_.emplace(slot, std::move(info));
            } else if (slot >= 0) {
                states_[slot] = SlotState::free;
            }
        }
        changed_.notify_all();
        if (wake_) wake_();
    }
}

void FrameRenderer::render(const FrameRequest& request, float scale, int slot, FrameInfo& info) {
    const auto begin = std::chrono::steady_clock::now();
    info.camera = request.camera;
    info.version = request.version;
    info.number = ++numbers_;
    info.scale = scale;
    if (request.version != posed_version_) {
        surface_ = request.surface ? request.surface() : nullptr;
        if (request.splats)
            request.splats(posed_);
        else
            posed_.resize(0);
        posed_version_ = request.version;
    }
    info.surface = surface_;
    info.gaussians = posed_.count;
    info.pose_ms = milliseconds_since(begin);
    if (!request.blend) return;

    const auto raster_begin = std::chrono::steady_clock::now();
    const Camera camera =
        scale == 1 ? request.camera
                   : request.camera.resized(scaled(request.camera.width, scale), scaled(request.camera.height, scale));
    RasterOptions options;
    options.depth = request.content == FrameContent::depth;
    options.normal = request.content == FrameContent::normals;
    rasterizer_->forward(posed_, camera, options, frame_);
    info.raster_ms = milliseconds_since(raster_begin);

    const auto convert_begin = std::chrono::steady_clock::now();
    FrameSlot& target = store_->slot(slot);
    to_pixels(frame_, request.content, camera, target.pixels);
    target.width = info.width = camera.width;
    target.height = info.height = camera.height;
    info.convert_ms = milliseconds_since(convert_begin);
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

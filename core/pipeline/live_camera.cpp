#include "core/pipeline/live_camera.h"

#include <algorithm>

namespace likeness {

LiveCamera::LiveCamera(std::unique_ptr<LiveSource> camera, std::shared_ptr<PortraitTools> tools,
                       const LiveOptions& options)
    : frames_(std::move(camera)) {
    auto driver = std::make_shared<LiveDriver>(std::move(tools), 30, options);
    driver_ = driver;
    thread_ = std::jthread([this, driver = std::move(driver)](const std::stop_token& stop) { run(driver, stop); });
}

LiveCamera::~LiveCamera() {
    thread_.request_stop();
    thread_.join();
}

Status LiveCamera::outcome() const {
    const std::lock_guard lock(mutex_);
    return outcome_;
}

void LiveCamera::run(const std::shared_ptr<LiveDriver>& driver, const std::stop_token& stop) {
    using Clock = std::chrono::steady_clock;
    Status outcome;
    auto before = Clock::now();
    try {
        while (!stop.stop_requested()) {
            const auto frame = frames_.next();
            if (!frame) outcome = frame.error();
            if (!frame || !*frame) break;
            outcome = driver->add((*frame)->picture, (*frame)->seconds, (*frame)->captured);
            if (!outcome) break;
            const auto now = Clock::now();
            const double took = std::max(std::chrono::duration<double>(now - before).count(), 1e-3);
            fps_ = fps_ == 0 ? 1 / took : 1 / (0.9 / fps_ + 0.1 * took);
            before = now;
        }
    } catch (const std::exception& failure) {
        outcome = Error{ErrorCode::internal, "The camera could not be followed.", failure.what()};
    }
    const std::lock_guard lock(mutex_);
    outcome_ = std::move(outcome);
    ended_ = true;
}

}  // namespace likeness

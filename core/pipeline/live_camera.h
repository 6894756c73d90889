// A camera that drives: its frames are tracked on a thread of their own, the newest wins.
#pragma once

#include <atomic>
#include <thread>

#include "core/media/camera.h"
#include "core/pipeline/live_driver.h"

namespace likeness {

class LiveCamera {
  public:
    LiveCamera(std::unique_ptr<LiveSource> camera, std::shared_ptr<PortraitTools> tools,
               const LiveOptions& options = {});
    ~LiveCamera();  // the camera is off afterwards
    LiveCamera(const LiveCamera&) = delete;
    LiveCamera& operator=(const LiveCamera&) = delete;

    const std::shared_ptr<const LiveDriver>& driver() const { return driver_; }
    // It has ended: an error (unplugged, ...), or nothing where the camera just stopped.
    bool ended() const { return ended_; }
    Status outcome() const;                      // once it has ended
    double tracked_fps() const { return fps_; }  // a mean over the last second or so
    std::int64_t dropped() const { return frames_.dropped(); }

  private:
    void run(const std::shared_ptr<LiveDriver>& driver, const std::stop_token& stop);

    CameraFrames frames_;
    std::shared_ptr<const LiveDriver> driver_;
    std::atomic<bool> ended_ = false;
    std::atomic<double> fps_ = 0;
    mutable std::mutex mutex_;
    Status outcome_;
    std::jthread thread_;  // the last: it uses all others
};

}  // namespace likeness

// A camera drives the avatar: opened by a job, played as a live motion; off while the window is hidden.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "core/commands/command.h"
#include "core/pipeline/live_camera.h"
#include "core/studio/jobs.h"
#include "core/studio/live_neutral.h"

namespace likeness {

class Studio;

class CameraService {
  public:
    explicit CameraService(Studio& studio) : studio_(studio) {}
    void add_commands(CommandRegistry& registry);
    void drain();  // each frame, after the motion's
    // A picture of the scene of that version is on the screen.
    void picture_shown(std::uint64_t version);
    void set_hidden(bool hidden);

    // Null while no camera drives: none was opened, it is still being opened, or off while hidden.
    const LiveCamera* camera() const { return camera_.get(); }
    bool opening() const { return job_.running(); }
    const std::string& name() const { return name_; }
    // From when a frame was taken to when the avatar's picture of it was on the screen, seconds: the median of the last
    // ones; nothing before there are some.
    std::optional<double> latency() const;

  private:
    struct Wanted {
        std::string device;
        CameraOptions options;
    };
    struct Opened {
        std::unique_ptr<LiveSource> source;
        std::shared_ptr<PortraitTools> tools;
        std::string name;
    };
    void open();
    void close();

    Studio& studio_;
    JobHandle job_;
    std::optional<Wanted> wanted_;  // while it is to drive, also while it is off
    std::unique_ptr<LiveCamera> camera_;
    std::string name_;
    bool hidden_ = false;
    LiveNeutral neutral_;
    std::uint64_t arrived_ = 0;
    struct Asked {
        std::uint64_t version = 0;
        std::chrono::steady_clock::time_point taken;
    };
    std::deque<Asked> asked_;  // scenes that were not on the screen yet
    std::deque<double> delays_;
};

}  // namespace likeness

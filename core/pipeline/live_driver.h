// A live picture as a source of poses: frames in, the newest pose out.
#pragma once

#include <chrono>
#include <mutex>

#include "core/motion/tracked_motion.h"
#include "core/pipeline/live_tracker.h"
#include "core/pipeline/track_options.h"

namespace likeness {

class LiveDriver : public PoseSource {
  public:
    // `tools` is used by nobody else meanwhile. `rate`: frames a second, as a guess.
    LiveDriver(std::shared_ptr<PortraitTools> tools, double rate, const LiveOptions& options = {});

    // The next frame; from one thread, others may sample meanwhile. Frames in which nobody is tracked leave the pose as
    // it was. Errors: LiveTracker's.
    Status add(const Image& frame, double seconds, std::chrono::steady_clock::time_point taken);
    // Instead of frames: what a tracker of a whole video has looked at so far. Of the tools only the head is used.
    void add(const TrackPreview& preview);
    TrackPreview view() const;  // of the newest frame; landmarks where somebody is tracked
    bool knows_person() const;  // beyond the mean head
    double seconds() const;     // of the newest pose's frame

    const std::vector<std::string>& names() const override { return tools_->head->control_names; }
    bool moves_head() const override { return true; }
    bool moves_body() const override { return true; }
    double rate() const override { return rate_; }
    std::optional<double> duration() const override { return std::nullopt; }
    bool sample(double seconds, PoseSample& sample) const override;
    std::uint64_t arrived() const override;
    // When the frame of the newest pose was taken.
    std::chrono::steady_clock::time_point taken() const;

  private:
    void show(const TrackedFrame& seen, TrackPreview view, std::chrono::steady_clock::time_point taken);

    const std::shared_ptr<PortraitTools> tools_;
    const double rate_;
    // Of the thread that adds:
    LiveTracker tracker_;
    std::unique_ptr<TrackedPerson> person_;
    std::size_t frames_ = 0;
    int person_fits_ = 0;                           // of the tracker, when it was read from there
    std::optional<Eigen::Matrix4f> torso_at_rest_;  // the first that was seen

    mutable std::mutex mutex_;
    std::optional<PoseSample> newest_;
    std::uint64_t arrived_ = 0;
    std::chrono::steady_clock::time_point taken_;
    TrackPreview view_;
    bool knows_person_ = false;
    double seconds_ = 0;
};

}  // namespace likeness

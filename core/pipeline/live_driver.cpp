#include "core/pipeline/live_driver.h"

#include "core/pipeline/video_looks.h"

namespace likeness {
LiveDriver::LiveDriver(std::shared_ptr<PortraitTools> tools, double rate, const LiveOptions& options)
    : tools_(std::move(tools)), rate_(rate), tracker_(*tools_, options) {}

Status LiveDriver::add(const Image& frame, double seconds, std::chrono::steady_clock::time_point taken) {
    const auto seen = tracker_.next(frame, seconds);
    if (!seen) return seen.error();
    const bool tracked = seen->state == FrameState::tracked;
    show(*seen, preview_of(frame, tracked ? &seen->landmarks : nullptr, frames_++, seconds), taken);
    return {};
}

void LiveDriver::add(const TrackPreview& preview) {
    const Image& picture = *preview.picture;
    show(tracker_.follow(preview.landmarks, preview.begins, picture.width, picture.height, preview.seconds), preview,
         std::chrono::steady_clock::now());
}

void LiveDriver::show(const TrackedFrame& seen, TrackPreview view, std::chrono::steady_clock::time_point taken) {
    const FaceTrack& about = tracker_.about();
    const double seconds = seen.seconds;
    std::optional<PoseSample> sample;
    if (seen.state == FrameState::tracked) {
        if (!person_ || person_fits_ != tracker_.person_fits()) {
            person_ = std::make_unique<TrackedPerson>(about, tools_->head.get());
            person_fits_ = tracker_.person_fits();
        }
        if (!torso_at_rest_ || seen.cut) torso_at_rest_ = seen.world_to_camera;
        sample = person_->sample(seen, about.camera(seen), *torso_at_rest_);
    }
    const std::lock_guard lock(mutex_);
    view_ = std::move(view);
    knows_person_ = tracker_.person_fits() > 0;
    if (!sample) return;
    newest_ = std::move(sample);
    seconds_ = seconds;
    taken_ = taken;
    ++arrived_;
}

TrackPreview LiveDriver::view() const {
    const std::lock_guard lock(mutex_);
    return view_;
}

bool LiveDriver::knows_person() const {
    const std::lock_guard lock(mutex_);
    return knows_person_;
}

double LiveDriver::seconds() const {
    const std::lock_guard lock(mutex_);
    return seconds_;
}

bool LiveDriver::sample(double, PoseSample& sample) const {
    const std::lock_guard lock(mutex_);
    if (!newest_) return false;
    sample = *newest_;
    return true;
}

std::uint64_t LiveDriver::arrived() const {
    const std::lock_guard lock(mutex_);
    return arrived_;
}

std::chrono::steady_clock::time_point LiveDriver::taken() const {
    const std::lock_guard lock(mutex_);
    return taken_;
}

}  // namespace likeness

#include "core/pipeline/live_driver.h"

#include <algorithm>

#include "core/image/ops.h"

namespace likeness {
namespace {

constexpr int view_side = 480;
constexpr double person_seconds = 0.25;  // a fit of the person takes over gradually; between its steps the head is kept

}  // namespace

LiveDriver::LiveDriver(std::shared_ptr<PortraitTools> tools, double rate, const LiveOptions& options)
    : tools_(std::move(tools)), rate_(rate), tracker_(*tools_, options) {}

Status LiveDriver::add(const Image& frame, double seconds, std::chrono::steady_clock::time_point taken) {
    const auto seen = tracker_.next(frame, seconds);
    if (!seen) return seen.error();
    const FaceTrack& about = tracker_.about();
    TrackPreview view;
    const float scale = std::min(1.0f, float(view_side) / float(std::max(frame.width, frame.height)));
    view.picture = std::make_shared<const Image>(
        scale < 1 ? resize(frame, int(float(frame.width) * scale), int(float(frame.height) * scale)) : frame);
    view.seconds = seconds;
    if (seen->state == FrameState::tracked) {
        view.landmarks = seen->landmarks;
        for (Eigen::Vector3f& p : *view.landmarks) p *= scale;
    }

    std::optional<PoseSample> sample;
    if (seen->state == FrameState::tracked) {
        if (!person_ || seconds - person_since_ > person_seconds || seconds < person_since_) {
            person_ = std::make_unique<TrackedPerson>(about.joints, tools_->head.get(), about.person(*tools_->head));
            person_since_ = seconds;
        }
        if (!torso_at_rest_ || seen->cut) torso_at_rest_ = seen->world_to_camera;
        sample = person_->sample(*seen, about.camera(*seen), *torso_at_rest_);
    }
    const std::lock_guard lock(mutex_);
    view.number = view_.number + 1;
    view_ = std::move(view);
    knows_person_ = tracker_.person_fits() > 0;
    if (!sample) return {};
    newest_ = std::move(sample);
    taken_ = taken;
    ++arrived_;
    return {};
}

TrackPreview LiveDriver::view() const {
    const std::lock_guard lock(mutex_);
    return view_;
}

bool LiveDriver::knows_person() const {
    const std::lock_guard lock(mutex_);
    return knows_person_;
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

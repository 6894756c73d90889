#include "core/motion/playback_rate.h"

namespace likeness {
namespace {

constexpr double window_seconds = 2;

}  // namespace

void PlaybackRate::shown(double now, std::int64_t frame) {
    if (frames_ > 0 && frame <= last_) return;
    if (frames_ > 0) dropped_ += std::uint64_t(frame - last_ - 1);
    last_ = frame;
    ++frames_;
    times_.push_back(now);
    while (times_.size() > 2 && now - times_.front() > window_seconds) times_.pop_front();
}

double PlaybackRate::per_second(double now) const {
    // From the first to the last, or until now where the next is overdue.
    if (times_.size() < 2) return 0;
    const double count = double(times_.size() - 1), known = times_.back() - times_.front();
    const double overdue = now - times_.back();
    const double seconds = overdue > 2 * known / count ? known + overdue : known;
    return seconds > 0 ? count / seconds : 0;
}

}  // namespace likeness

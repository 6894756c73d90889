#include "core/studio/motion_player.h"

#include <algorithm>
#include <cmath>

namespace likeness {

void MotionPlayer::open(std::shared_ptr<const MotionTrack> track, std::filesystem::path file) {
    track_ = std::move(track);
    file_ = std::move(file);
    time_ = 0;
    playing_ = false;
    shown_ = true;
}

void MotionPlayer::close() {
    track_.reset();
    file_.clear();
    time_ = 0;
    playing_ = shown_ = false;
}

void MotionPlayer::play() {
    if (!track_) return;
    if (!loop && time_ >= track_->times.back()) time_ = 0;
    playing_ = shown_ = true;
}

void MotionPlayer::seek(double seconds) {
    if (!track_) return;
    time_ = std::clamp(seconds, 0.0, duration());
    shown_ = true;
}

void MotionPlayer::advance(double seconds) {
    if (!track_ || !playing_) return;
    time_ += seconds * speed;
    if (time_ < duration()) return;
    if (loop) {
        time_ = std::fmod(time_, duration());
    } else {
        time_ = track_->times.back();
        playing_ = false;
    }
}

void MotionPlayer::apply(const HeadModel& model, HeadPose& pose) const {
    if (shown()) track_->apply(model, time_, pose);
}

}  // namespace likeness

#include "core/studio/motion_player.h"

#include <algorithm>
#include <cmath>

namespace likeness {

void MotionPlayer::open(std::shared_ptr<const PoseSource> source, std::string title) {
    close();
    source_ = std::move(source);
    title_ = std::move(title);
    arrived_ = source_->arrived();
    playing_ = live();
    count_anew();
    look();
}

void MotionPlayer::exchange(std::shared_ptr<const PoseSource> source) {
    source_ = std::move(source);
    sampled_ = false;
    if (!live()) time_ = std::min(time_, duration());
    look();
}

void MotionPlayer::set_range(double in, double out) {
    in_ = in;
    out_ = out;
}

double MotionPlayer::out() const { return std::min(out_, duration()); }
// At least a frame stays between them, also where the motion became shorter than its points.
double MotionPlayer::in() const { return source_ ? std::max(0.0, std::min(in_, out() - 1 / source_->rate())) : 0; }

void MotionPlayer::close() {
    source_.reset();
    title_.clear();
    time_ = 0;
    set_range(0, std::numeric_limits<double>::infinity());
    playing_ = sampled_ = false;
}

void MotionPlayer::count_anew() {
    frames_ = 0;
    rate_.restart();
}

void MotionPlayer::play() {
    if (!source_) return;
    if (!live() && (time_ < in() || time_ >= out() || (!loop && time_ >= last_pose()))) time_ = in();
    if (!playing_) count_anew();
    playing_ = true;
    look();
}

void MotionPlayer::seek(double seconds) {
    if (!source_ || live()) return;
    time_ = std::clamp(seconds, 0.0, duration());
    count_anew();
    look();
}

bool MotionPlayer::advance(double seconds) {
    if (!source_ || !playing_) return false;
    if (live()) {
        if (source_->arrived() == arrived_) return false;
        frames_ += double(source_->arrived() - arrived_);
        arrived_ = source_->arrived();
        look();
        return true;
    }
    time_ += seconds * speed;
    frames_ += seconds * speed * source_->rate();
    if (time_ >= out()) {
        if (loop) {
            time_ = in() + std::fmod(time_ - in(), played());
        } else {
            time_ = last_pose();
            playing_ = false;
        }
    }
    look();
    return true;
}

void MotionPlayer::apply(const HeadModel& model, HeadPose& pose) const {
    if (has_pose()) apply_sample(source_->names(), sample_, model, pose);
}

}  // namespace likeness

// Plays a source of poses between its in and out points: time, loop, speed; of a source without an end, its newest
// pose.
#pragma once

#include <algorithm>
#include <limits>
#include <memory>
#include <string>

#include "core/motion/playback_rate.h"
#include "core/motion/pose_source.h"

namespace likeness {

class MotionPlayer {
  public:
    // `title`: a file's path, a camera's name. Live sources play at once.
    void open(std::shared_ptr<const PoseSource> source, std::string title);
    void close();
    // The same motion made otherwise: all that is shown of it is taken anew, time and playing stay.
    void exchange(std::shared_ptr<const PoseSource> source);
    // Seconds between which it plays, kept within its time; one can still look at what lies outside.
    void set_range(double in, double out);
    void play();
    void pause() { playing_ = false; }  // holds what is shown
    void seek(double seconds);          // clamped to the source's time; a live one has none
    // Moves on by that much of the clock; false when what is shown stays the same.
    bool advance(double seconds);

    bool loaded() const { return source_ != nullptr; }
    bool live() const { return source_ && !source_->duration(); }
    bool playing() const { return playing_; }
    bool has_pose() const { return source_ && sampled_; }  // a live source may have none yet
    double time() const { return time_; }
    double duration() const { return source_ ? source_->duration().value_or(0) : 0; }
    double in() const;
    double out() const;
    double played() const { return out() - in(); }        // seconds
    const PoseSample& sample() const { return sample_; }  // that is shown; precondition: has_pose()
    std::uint64_t looks() const { return looks_; }        // grows whenever it may be another
    const PoseSource* source() const { return source_.get(); }
    const std::shared_ptr<const PoseSource>& shared_source() const { return source_; }
    const std::string& title() const { return title_; }

    // The newest of its poses, counted from when it began to play, over its end and on.
    std::int64_t frame() const { return std::int64_t(frames_); }
    // A picture of that frame is on the screen.
    void picture_shown(double now, std::int64_t frame) { rate_.shown(now, frame); }
    const PlaybackRate& rate() const { return rate_; }  // since it began to play

    // Overwrites what the source moves; the rest of `pose` stays.
    void apply(const HeadModel& model, HeadPose& pose) const;

    bool loop = true;
    double speed = 1;  // 0.05..8

  private:
    void count_anew();
    void look() {
        sampled_ = source_->sample(time_, sample_) || sampled_;
        ++looks_;
    }
    double last_pose() const { return std::max(in(), out() - 1 / source_->rate()); }

    std::shared_ptr<const PoseSource> source_;
    std::string title_;
    PoseSample sample_;  // what is shown
    std::uint64_t arrived_ = 0, looks_ = 0;
    double time_ = 0, frames_ = 0;
    double in_ = 0, out_ = std::numeric_limits<double>::infinity();
    PlaybackRate rate_;
    bool playing_ = false, sampled_ = false;
};

}  // namespace likeness

// Plays a motion track on the document: time, loop, speed. The pose shown is the document's own with the track's
// controls and head in their place; editing the pose starts from what is shown and ends that.
#pragma once

#include <filesystem>
#include <memory>

#include "core/motion/motion_track.h"

namespace likeness {

class MotionPlayer {
  public:
    void open(std::shared_ptr<const MotionTrack> track, std::filesystem::path file);
    void close();
    void play();
    void pause() { playing_ = false; }
    void seek(double seconds);  // clamped to the track
    // Moves on by that much of the clock.
    void advance(double seconds);

    bool loaded() const { return track_ != nullptr; }
    bool playing() const { return playing_; }
    bool shown() const { return track_ && shown_; }  // the track's pose replaces the document's
    void hide() { shown_ = playing_ = false; }
    double time() const { return time_; }
    double duration() const { return track_ ? track_->duration() : 0; }
    const MotionTrack* track() const { return track_.get(); }
    const std::filesystem::path& file() const { return file_; }

    // Overwrites what the track moves; the rest of `pose` stays.
    void apply(const HeadModel& model, HeadPose& pose) const;

    bool loop = true;
    double speed = 1;  // 0.05..8

  private:
    std::shared_ptr<const MotionTrack> track_;
    std::filesystem::path file_;
    double time_ = 0;
    bool playing_ = false, shown_ = false;
};

}  // namespace likeness

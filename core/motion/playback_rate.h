// How a motion really plays: how many of its frames are shown, and how many are not because pictures take too long.
#pragma once

#include <cstdint>
#include <deque>

namespace likeness {

class PlaybackRate {
  public:
    void restart() { *this = {}; }  // playing begins, or jumps
    // A picture of that frame is on the screen. Frames count up from the restart on, over the motion's end and on.
    void shown(double now, std::int64_t frame);
    double per_second(double now) const;                // different frames shown, over the last two seconds at most
    std::uint64_t frames() const { return frames_; }    // shown since the restart
    std::uint64_t dropped() const { return dropped_; }  // between them

  private:
    std::deque<double> times_;  // of the last frames
    std::int64_t last_ = -1;
    std::uint64_t frames_ = 0, dropped_ = 0;
};

}  // namespace likeness

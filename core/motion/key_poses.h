// Poses set by hand at some times, and the motion that blends them.
//
// Between two keys each value is a cubic that stays between theirs (Fritsch and Butland 1984), so nothing overshoots;
// before the first and after the last key it rests.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "core/motion/motion_track.h"

namespace likeness {

struct KeyPose {
    double seconds = 0;
    HeadPose pose;
    bool operator==(const KeyPose&) const = default;
};

inline constexpr double most_key_seconds = 3600;
inline constexpr std::size_t most_keys = 10'000;
inline constexpr double same_key_seconds = 1.0 / 60;  // nearer ones are one key

// A part of the document: undone and saved.
struct KeyPoses {
    double length = 5;          // seconds that they play, at least to the last key
    std::vector<KeyPose> keys;  // in the order of their times
    bool operator==(const KeyPoses&) const = default;

    // The key at a time; keys.size() when there is none.
    std::size_t at(double seconds) const;
    // In the place of a key that is there already. The length grows to hold it. False when there are too many.
    bool put(double seconds, HeadPose pose);
    // Precondition: index < keys.size(). At its new time it takes another's place.
    void move(std::size_t index, double seconds);
};

// Moves all controls, neck and head, and the body if a key does. Other joints stay a person's own.
class KeyedMotion : public PoseSource {
  public:
    // Keys of another head's size are left out.
    KeyedMotion(const HeadModel& model, const KeyPoses& poses);
    const std::vector<std::string>& names() const override { return track_.names; }
    bool moves_head() const override { return true; }
    bool moves_body() const override { return body_; }
    double rate() const override { return 1 / track_.frame_seconds; }
    std::optional<double> duration() const override { return length_; }
    bool sample(double seconds, PoseSample& sample) const override;
    const MotionTrack* track() const override { return track_.times.empty() ? nullptr : &track_; }

  private:
    void evaluate(double seconds, Eigen::VectorXf& values) const;

    double length_ = 0;
    bool body_ = false;
    std::vector<double> times_;
    Eigen::MatrixXf values_, slopes_;  // [values, keys]; slopes a second
    MotionTrack track_;                // 30 times a second, for curves
};

}  // namespace likeness

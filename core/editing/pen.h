// A pen on a tablet: what its axes say, as pressure and tilt.
#pragma once

#include <Eigen/Core>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace likeness {

// An axis of an input device ("valuator" of the X Input Extension) and the range of its values.
struct PenAxis {
    int number = -1;  // -1: the device has none
    double low = 0, high = 0;
};

struct PenDevice {
    int id = 0;
    PenAxis pressure, tilt_x, tilt_y;
    bool eraser = false;  // the other end of a pen is a device of its own
};

// What the device that moved last says.
struct PenState {
    bool pen = false;  // else a mouse, which presses in full
    bool eraser = false;
    float pressure = 1;                              // [0, 1]
    Eigen::Vector2f tilt = Eigen::Vector2f::Zero();  // radians from upright, to the right and towards the person
};

// Where a value lies in its axis' range, in [0, 1]; 1 for an axis without a range and for what is no number.
float axis_share(const PenAxis& axis, double value);
// A pressure as a person feels it: its power `curve`, above 1 softer, below 1 firmer. `pressure` in [0, 1].
float pen_curve(float pressure, float curve);

// Follows a stream of events.
class PenReader {
  public:
    // The devices that there are now; others are mice.
    void set_devices(std::vector<PenDevice> devices);
    const std::vector<PenDevice>& devices() const { return devices_; }
    // A device has moved; the axes that an event does not name stay as they were.
    void moved(int device, std::span<const std::pair<int, double>> axes);
    const PenState& state() const { return state_; }

  private:
    std::vector<PenDevice> devices_;
    int device_ = 0;  // that moved last
    PenState state_;
};

}  // namespace likeness

#include "core/editing/pen.h"

#include <algorithm>
#include <cmath>

namespace likeness {
namespace {

// How far pens lean at the ends of their tilt axes: 64 degrees of those of Wacom's protocol and of libinput's.
constexpr float most_tilt = 64 * 3.14159265f / 180;

}  // namespace

float axis_share(const PenAxis& axis, double value) {
    const double range = axis.high - axis.low;
    if (!(range > 0) || !std::isfinite(value)) return 1;
    return float(std::clamp((value - axis.low) / range, 0.0, 1.0));
}

float pen_curve(float pressure, float curve) {
    return std::pow(std::clamp(pressure, 0.0f, 1.0f), std::clamp(curve, 0.1f, 10.0f));
}

void PenReader::set_devices(std::vector<PenDevice> devices) {
    devices_ = std::move(devices);
    device_ = 0;
    state_ = {};
}

void PenReader::moved(int device, std::span<const std::pair<int, double>> axes) {
    const auto found =
        std::find_if(devices_.begin(), devices_.end(), [&](const PenDevice& d) { return d.id == device; });
    if (found == devices_.end() || found->pressure.number < 0) {
        device_ = device;
        state_ = {};
        return;
    }
    if (device_ != device) state_ = {.pen = true, .eraser = found->eraser, .pressure = 0};
    device_ = device;
    for (const auto& [number, value] : axes) {
        if (number == found->pressure.number) state_.pressure = axis_share(found->pressure, value);
        const auto tilt = [&](const PenAxis& axis) {
            return axis.high > axis.low ? (2 * axis_share(axis, value) - 1) * most_tilt : 0.0f;
        };
        if (number == found->tilt_x.number) state_.tilt.x() = tilt(found->tilt_x);
        if (number == found->tilt_y.number) state_.tilt.y() = tilt(found->tilt_y);
    }
}

}  // namespace likeness

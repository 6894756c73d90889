// What panels and commands do with poses: text for the clipboard, chance, gaze, ready-made expressions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/head/head_model.h"

namespace likeness {

// How far a control goes: 0 is neutral, 1 is full, a little more or less exaggerates.
inline constexpr float least_control = -1, most_control = 2;
// Errors of both: invalid_argument (no control or joint of that name, a value outside a control's range).
Status set_control(const HeadModel& model, const std::string& name, float value, HeadPose& pose);
// Turns a joint about the axes that are given, axis-angle in radians, as far as its limits allow.
Status set_joint(const HeadModel& model, const std::string& name, const std::array<std::optional<float>, 3>& axis_angle,
                 HeadPose& pose);

// {"controls": {"jawOpen": 0.5}, "joints": {"head": [x, y, z]}, "translation": [x, y, z]}: what is not zero; joints
// as axis-angle in radians, translation in metres.
std::string pose_to_text(const HeadModel& model, const HeadPose& pose);
// Names that the model does not have are left out; joints are kept within their limits.
// Errors: bad_input (no such text, values that are no numbers or far out of range).
Result<HeadPose> pose_from_text(const HeadModel& model, const std::string& text);

// A plausible face by chance: some expressions in moderation, the head a little turned. The same for a seed.
HeadPose random_pose(const HeadModel& model, std::uint64_t seed, float strength);

// The eyes' look controls; x > 0 to the subject's left, y > 0 up, both in [-1, 1].
void set_gaze(const HeadModel& model, float x, float y, HeadPose& pose);
Eigen::Vector2f gaze_of(const HeadModel& model, const HeadPose& pose);

// A joint's rotation within its limits.
Eigen::Vector3f within_limits(const HeadModel& model, int joint, const Eigen::Vector3f& axis_angle);
// Turns the head by a whole rotation, shared by neck and head as in a portrait's fit. Radians: yaw > 0 to the
// subject's left, pitch > 0 up, roll > 0 towards the subject's left shoulder.
void set_head(const HeadModel& model, float yaw, float pitch, float roll, HeadPose& pose);

struct BuiltInPose {
    std::string name;
    std::vector<std::pair<std::string, float>> controls;
};
const std::vector<BuiltInPose>& built_in_poses();

}  // namespace likeness

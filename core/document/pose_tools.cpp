#include "core/document/pose_tools.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>
#include <random>

#include "core/formats/json_file.h"

namespace likeness {
namespace {

using nlohmann::json;

// Where the head has it.
void move_control(const HeadModel& model, const std::string& name, float value, HeadPose& pose) {
    if (const int control = model.control(name); control >= 0) pose.controls[control] = value;
}

float control_value(const HeadModel& model, const HeadPose& pose, const std::string& name) {
    const int control = model.control(name);
    return control >= 0 ? pose.controls[control] : 0.0f;
}

std::optional<float> finite(const json& value, float most) {
    if (!value.is_number()) return {};
    const double x = value.get<double>();
    if (!(std::abs(x) <= double(most))) return {};
    return float(x);
}

std::optional<Eigen::Vector3f> three(const json& value, float most) {
    if (!value.is_array() || value.size() != 3) return {};
    Eigen::Vector3f v;
    for (int k = 0; k < 3; ++k) {
        const auto x = finite(value[std::size_t(k)], most);
        if (!x) return {};
        v[k] = *x;
    }
    return v;
}

}  // namespace

Status set_control(const HeadModel& model, const std::string& name, float value, HeadPose& pose) {
    const int control = model.control(name);
    if (control < 0) return Error{ErrorCode::invalid_argument, "This head has no expression '" + name + "'.", ""};
    if (!(value >= least_control && value <= most_control))
        return Error{ErrorCode::invalid_argument, "The expression '" + name + "' goes from -1 to 2.", ""};
    pose.controls[control] = value;
    return {};
}

Status set_joint(const HeadModel& model, const std::string& name, const std::array<std::optional<float>, 3>& axis_angle,
                 HeadPose& pose) {
    const int joint = model.joint(name);
    if (joint < 0) return Error{ErrorCode::invalid_argument, "This head has no joint '" + name + "'.", ""};
    Eigen::Vector3f turn = pose.joints.col(joint);
    for (int k = 0; k < 3; ++k) turn[k] = axis_angle[std::size_t(k)].value_or(turn[k]);
    pose.joints.col(joint) = within_limits(model, joint, turn);
    return {};
}

std::string pose_to_text(const HeadModel& model, const HeadPose& pose) {
    json controls = json::object(), joints = json::object();
    for (int c = 0; c < model.control_count(); ++c)
        if (pose.controls[c] != 0) controls[model.control_names[std::size_t(c)]] = pose.controls[c];
    for (int j = 0; j < model.joint_count(); ++j)
        if (!pose.joints.col(j).isZero(0))
            joints[model.joint_names[std::size_t(j)]] = {pose.joints(0, j), pose.joints(1, j), pose.joints(2, j)};
    const Eigen::Vector3f& t = pose.translation;
    return json{{"controls", controls}, {"joints", joints}, {"translation", {t.x(), t.y(), t.z()}}}.dump();
}

Result<HeadPose> pose_from_text(const HeadModel& model, const std::string& text) {
    const auto bad = [](const std::string& what) {
        return Error{ErrorCode::bad_input, "This text is no pose: " + what + "; copy a pose first.", ""};
    };
    JsonLimits limits;
    limits.max_bytes = 1 << 20;
    const auto from = parse_json(text, "the pose", limits);
    if (!from) return bad("it is not JSON");
    if (!from->is_object() || (!from->contains("controls") && !from->contains("joints")))
        return bad("it names no controls");
    HeadPose pose = HeadPose::neutral(model);
    for (const char* part : {"controls", "joints"}) {
        const auto it = from->find(part);
        if (it == from->end()) continue;
        if (!it->is_object()) return bad("its " + std::string(part) + " are no names with values");
        for (const auto& [name, value] : it->items()) {
            if (std::string(part) == "controls") {
                const auto x = finite(value, 10);
                if (!x) return bad("the value of " + name + " is unusable");
                if (const int c = model.control(name); c >= 0) pose.controls[c] = *x;
            } else {
                const auto turn = three(value, 10);
                if (!turn) return bad("the rotation of " + name + " is not three numbers");
                if (const int j = model.joint(name); j >= 0) pose.joints.col(j) = within_limits(model, j, *turn);
            }
        }
    }
    if (const auto it = from->find("translation"); it != from->end()) {
        const auto move = three(*it, 10);
        if (!move) return bad("its translation is not three numbers");
        pose.translation = *move;
    }
    return pose;
}

HeadPose random_pose(const HeadModel& model, std::uint64_t seed, float strength) {
    std::mt19937_64 random(seed);
    const auto uniform = [&random](float low, float high) {
        return low + (high - low) * float(random() >> 40) * 0x1p-24f;
    };
    HeadPose pose = HeadPose::neutral(model);
    // Each group is used or not; both sides move together, nearly.
    struct Group {
        std::vector<const char*> controls;
        float chance, most;
    };
    static const std::vector<Group> groups = {
        {{"browInnerUp", "browOuterUpLeft", "browOuterUpRight"}, 0.35f, 0.9f},
        {{"browDownLeft", "browDownRight"}, 0.25f, 0.8f},
        {{"eyeBlinkLeft", "eyeBlinkRight"}, 0.2f, 0.6f},
        {{"eyeSquintLeft", "eyeSquintRight", "cheekSquintLeft", "cheekSquintRight"}, 0.3f, 0.8f},
        {{"eyeWideLeft", "eyeWideRight"}, 0.2f, 0.8f},
        {{"jawOpen"}, 0.4f, 0.6f},
        {{"mouthSmileLeft", "mouthSmileRight", "mouthDimpleLeft", "mouthDimpleRight"}, 0.4f, 0.9f},
        {{"mouthFrownLeft", "mouthFrownRight"}, 0.2f, 0.8f},
        {{"mouthPucker"}, 0.15f, 0.8f},
        {{"mouthFunnel"}, 0.15f, 0.6f},
        {{"mouthLeft"}, 0.1f, 0.6f},
        {{"mouthRight"}, 0.1f, 0.6f},
        {{"mouthPressLeft", "mouthPressRight"}, 0.15f, 0.7f},
        {{"mouthUpperUpLeft", "mouthUpperUpRight", "noseSneerLeft", "noseSneerRight"}, 0.15f, 0.7f},
        {{"cheekPuff"}, 0.1f, 0.7f},
    };
    for (const Group& group : groups) {
        const bool used = uniform(0, 1) < group.chance;
        const float amount = strength * uniform(0.2f, group.most);
        for (const char* name : group.controls) {
            const float own = uniform(0.85f, 1.0f);
            if (used) move_control(model, name, std::clamp(amount * own, 0.0f, 1.0f), pose);
        }
    }
    const float x = uniform(-0.6f, 0.6f), y = uniform(-0.4f, 0.4f);
    set_gaze(model, strength * x, strength * y, pose);
    const float yaw = uniform(-0.35f, 0.35f), pitch = uniform(-0.2f, 0.2f), roll = uniform(-0.15f, 0.15f);
    set_head(model, strength * yaw, strength * pitch, strength * roll, pose);
    return pose;
}

void set_gaze(const HeadModel& model, float x, float y, HeadPose& pose) {
    const float left = std::clamp(x, 0.0f, 1.0f), right = std::clamp(-x, 0.0f, 1.0f);
    const float up = std::clamp(y, 0.0f, 1.0f), down = std::clamp(-y, 0.0f, 1.0f);
    move_control(model, "eyeLookOutLeft", left, pose);
    move_control(model, "eyeLookInRight", left, pose);
    move_control(model, "eyeLookInLeft", right, pose);
    move_control(model, "eyeLookOutRight", right, pose);
    for (const char* side : {"Left", "Right"}) {
        move_control(model, std::string("eyeLookUp") + side, up, pose);
        move_control(model, std::string("eyeLookDown") + side, down, pose);
    }
}

Eigen::Vector2f gaze_of(const HeadModel& model, const HeadPose& pose) {
    const auto value = [&](const char* name) { return control_value(model, pose, name); };
    return {
        0.5f * (value("eyeLookOutLeft") + value("eyeLookInRight") - value("eyeLookInLeft") - value("eyeLookOutRight")),
        0.5f *
            (value("eyeLookUpLeft") + value("eyeLookUpRight") - value("eyeLookDownLeft") - value("eyeLookDownRight"))};
}

Eigen::Vector3f within_limits(const HeadModel& model, int joint, const Eigen::Vector3f& axis_angle) {
    return axis_angle.cwiseMax(model.joint_low.col(joint)).cwiseMin(model.joint_high.col(joint));
}

void set_head(const HeadModel& model, float yaw, float pitch, float roll, HeadPose& pose) {
    const Eigen::Matrix3f turn =
        (Eigen::AngleAxisf(yaw, Eigen::Vector3f::UnitY()) * Eigen::AngleAxisf(-pitch, Eigen::Vector3f::UnitX()) *
         Eigen::AngleAxisf(-roll, Eigen::Vector3f::UnitZ()))
            .toRotationMatrix();
    const Eigen::AngleAxisf whole(turn);
    const Eigen::Vector3f rotation = whole.angle() * whole.axis();
    turn_head(model, rotation, pose);
    for (const int joint : {model.joints.neck, model.joints.head})
        pose.joints.col(joint) = within_limits(model, joint, pose.joints.col(joint));
}

const std::vector<BuiltInPose>& built_in_poses() {
    static const std::vector<BuiltInPose> poses = {
        {"Smile",
         {{"mouthSmileLeft", 0.8f},
          {"mouthSmileRight", 0.8f},
          {"cheekSquintLeft", 0.5f},
          {"cheekSquintRight", 0.5f},
          {"eyeSquintLeft", 0.2f},
          {"eyeSquintRight", 0.2f}}},
        {"Smile with teeth",
         {{"mouthSmileLeft", 0.95f},
          {"mouthSmileRight", 0.95f},
          {"mouthUpperUpLeft", 0.55f},
          {"mouthUpperUpRight", 0.55f},
          {"mouthLowerDownLeft", 0.4f},
          {"mouthLowerDownRight", 0.4f},
          {"jawOpen", 0.3f},
          {"cheekSquintLeft", 0.5f},
          {"cheekSquintRight", 0.5f},
          {"eyeSquintLeft", 0.25f},
          {"eyeSquintRight", 0.25f}}},
        {"Laugh",
         {{"mouthSmileLeft", 1.0f},
          {"mouthSmileRight", 1.0f},
          {"mouthUpperUpLeft", 0.5f},
          {"mouthUpperUpRight", 0.5f},
          {"jawOpen", 0.6f},
          {"browInnerUp", 0.2f},
          {"cheekSquintLeft", 0.8f},
          {"cheekSquintRight", 0.8f},
          {"eyeSquintLeft", 0.7f},
          {"eyeSquintRight", 0.7f}}},
        {"Surprise",
         {{"jawOpen", 0.5f},
          {"mouthFunnel", 0.4f},
          {"browInnerUp", 0.9f},
          {"browOuterUpLeft", 0.8f},
          {"browOuterUpRight", 0.8f},
          {"eyeWideLeft", 0.8f},
          {"eyeWideRight", 0.8f}}},
        {"Sad",
         {{"mouthFrownLeft", 1.2f},
          {"mouthFrownRight", 1.2f},
          {"browInnerUp", 1.0f},
          {"mouthShrugLower", 0.6f},
          {"eyeBlinkLeft", 0.25f},
          {"eyeBlinkRight", 0.25f}}},
        {"Angry",
         {{"browDownLeft", 1.2f},
          {"browDownRight", 1.2f},
          {"noseSneerLeft", 0.6f},
          {"noseSneerRight", 0.6f},
          {"mouthPressLeft", 0.5f},
          {"mouthPressRight", 0.5f},
          {"mouthFrownLeft", 0.6f},
          {"mouthFrownRight", 0.6f},
          {"eyeSquintLeft", 0.5f},
          {"eyeSquintRight", 0.5f}}},
        {"Disgust",
         {{"noseSneerLeft", 1.2f},
          {"noseSneerRight", 1.2f},
          {"mouthUpperUpLeft", 0.6f},
          {"mouthUpperUpRight", 0.6f},
          {"browDownLeft", 0.6f},
          {"browDownRight", 0.6f},
          {"mouthFrownLeft", 0.7f},
          {"mouthFrownRight", 0.7f},
          {"eyeSquintLeft", 0.5f},
          {"eyeSquintRight", 0.5f}}},
        {"Kiss",
         {{"mouthPucker", 1.6f},
          {"mouthFunnel", 0.6f},
          {"mouthPressLeft", 0.5f},
          {"mouthPressRight", 0.5f},
          {"eyeBlinkLeft", 0.4f},
          {"eyeBlinkRight", 0.4f}}},
        {"Wink",
         {{"eyeBlinkLeft", 1.0f}, {"mouthSmileLeft", 0.8f}, {"mouthSmileRight", 0.3f}, {"cheekSquintLeft", 0.6f}}},
        {"Eyes closed", {{"eyeBlinkLeft", 1.0f}, {"eyeBlinkRight", 1.0f}}},
        {"Tongue out", {{"jawOpen", 0.4f}, {"tongueOut", 1.0f}}},
    };
    return poses;
}

}  // namespace likeness

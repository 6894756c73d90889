#include "core/document/session_file.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/document/pose_tools.h"

namespace likeness {

using nlohmann::json;

namespace {

constexpr std::size_t most_offsets = 256;  // motions that a file keeps something for

// An empty object when there is none.
json session_of(const Avatar& avatar) {
    const json document = json::parse(avatar.kept->document, nullptr, false);
    if (!document.is_object() || !document.contains("studio") || !document["studio"].is_object()) return json::object();
    return document["studio"];
}

// ---- what was made of motions ----

constexpr float most_gain = 3;
constexpr double most_seconds = 1e6;
constexpr std::size_t most_ranges = 100'000, most_neutral_names = 1000;

json vector_json(const Eigen::Vector3f& v) { return {v.x(), v.y(), v.z()}; }

// Points, lids, lips.
std::vector<float> face_values(const FaceShape& face) {
    std::vector<float> values(face.points.data(), face.points.data() + face.points.size());
    values.insert(values.end(), {face.left_lids, face.right_lids, face.lips});
    return values;
}

std::optional<FaceShape> face_of_values(const json& from) {
    FaceShape face;
    const auto points = std::size_t(face.points.size());
    if (!from.is_array() || from.size() != points + 3) return {};
    for (std::size_t i = 0; i < from.size(); ++i) {
        if (!from[i].is_number() || !(std::abs(from[i].get<double>()) < 100)) return {};
        const float value = from[i].get<float>();
        if (i < points)
            face.points.data()[i] = value;
        else
            (i == points ? face.left_lids : i == points + 1 ? face.right_lids : face.lips) = value;
    }
    return face;
}

json neutral_json(const KeptNeutral& neutral) {
    const PoseSample& sample = neutral.sample;
    json out = {{"controls", json::object()}};
    for (std::size_t i = 0; i < neutral.names.size(); ++i) out["controls"][neutral.names[i]] = sample.weights[i];
    if (sample.head) out["head"] = vector_json(*sample.head);
    if (sample.neck) out["neck"] = vector_json(*sample.neck);
    if (sample.body) out["body"] = {vector_json(sample.body->turn), vector_json(sample.body->shift)};
    if (sample.face) out["face"] = face_values(sample.face->now);
    return out;
}

json edit_json(const MotionEdit& edit) {
    json out = json::object();
    if (edit.retarget) {
        out["relative"] = edit.retarget->relative;
        out["smoothing"] = edit.retarget->smoothing;
        for (std::size_t g = 0; g < motion_group_names.size(); ++g) {
            out["gain"][motion_group_names[g]] = edit.retarget->gain[g];
            out["thawed"][motion_group_names[g]] = edit.thawed[g];
        }
    }
    if (edit.neutral) out["neutral"] = neutral_json(*edit.neutral);
    if (edit.in > 0) out["in"] = edit.in;
    if (std::isfinite(edit.out)) out["out"] = edit.out;
    if (!edit.dropped.empty()) out["dropped"] = edit.dropped;
    if (!edit.refitted.empty()) out["refitted"] = edit.refitted;
    return out;
}

// A number of that range; the fallback where there is none.
template <class T>
T number_of(const json& from, const char* name, T low, T high, T fallback) {
    const auto it = from.find(name);
    if (it == from.end() || !it->is_number()) return fallback;
    const double value = it->get<double>();
    return std::isfinite(value) ? std::clamp(T(value), low, high) : fallback;
}

std::optional<Eigen::Vector3f> vector_of(const json& from) {
    if (!from.is_array() || from.size() != 3) return {};
    Eigen::Vector3f v;
    for (int k = 0; k < 3; ++k) {
        const json& value = from[std::size_t(k)];
        if (!value.is_number() || !(std::abs(value.get<double>()) < 10)) return {};
        v[k] = value.get<float>();
    }
    return v;
}

std::optional<KeptNeutral> neutral_of_json(const json& from) {
    if (!from.is_object() || !from.contains("controls") || !from["controls"].is_object()) return {};
    KeptNeutral neutral;
    for (const auto& [name, value] : from["controls"].items()) {
        if (!value.is_number() || neutral.names.size() >= most_neutral_names) return {};
        neutral.names.push_back(name);
        neutral.sample.weights.push_back(float(std::clamp(value.get<double>(), -1.0, 2.0)));
    }
    const auto member = [&](const char* name) { return from.contains(name) ? vector_of(from[name]) : std::nullopt; };
    neutral.sample.head = member("head");
    neutral.sample.neck = member("neck");
    if (from.contains("face"))
        if (const auto face = face_of_values(from["face"])) neutral.sample.face = {*face, *face};
    if (from.contains("body") && from["body"].is_array() && from["body"].size() == 2)
        if (const auto turn = vector_of(from["body"][0]), shift = vector_of(from["body"][1]); turn && shift)
            neutral.sample.body = {*turn, *shift};
    return neutral;
}

MotionEdit edit_of_json(const json& from) {
    MotionEdit edit;
    if (from.contains("relative") && from["relative"].is_boolean()) {
        RetargetOptions& options = edit.retarget.emplace();
        options.relative = from["relative"].get<bool>();
        options.smoothing = number_of(from, "smoothing", 0.0f, 1.0f, 0.0f);
        const auto gains = [&](const char* name, auto& to) {
            if (!from.contains(name) || !from[name].is_object()) return;
            for (std::size_t g = 0; g < motion_group_names.size(); ++g)
                to[g] = number_of(from[name], motion_group_names[g], 0.0f, most_gain, 1.0f);
        };
        gains("gain", options.gain);
        gains("thawed", edit.thawed);
    }
    if (from.contains("neutral")) edit.neutral = neutral_of_json(from["neutral"]);
    edit.in = number_of(from, "in", 0.0, most_seconds, edit.in);
    edit.out = number_of(from, "out", 0.0, most_seconds, edit.out);
    if (edit.out <= edit.in) edit.out = std::numeric_limits<double>::infinity();
    const auto ranges = [&](const char* name, std::vector<std::array<int, 2>>& to) {
        if (!from.contains(name) || !from[name].is_array() || from[name].size() > most_ranges) return;
        for (const json& range : from[name]) {
            if (!range.is_array() || range.size() != 2 || !range[0].is_number() || !range[1].is_number()) continue;
            const double begin = range[0].get<double>(), end = range[1].get<double>();
            const double before = to.empty() ? 0 : to.back()[1];
            if (begin >= before && end > begin && end < 1e9) to.push_back({int(begin), int(end)});
        }
    };
    ranges("dropped", edit.dropped);
    ranges("refitted", edit.refitted);
    return edit;
}

void read_motions(const json& session, DocumentState& state) {
    if (const auto it = session.find("motion_edits"); it != session.end() && it->is_object()) {
        MotionEdits edits;
        for (const auto& [motion, of] : it->items())
            if (of.is_object() && edits.of.size() < most_offsets) edits.of[motion] = edit_of_json(of);
        state.motions = std::move(edits);
    }
    const auto it = session.find("key_poses");
    if (it == session.end() || !it->is_object()) return;
    KeyPoses poses;
    poses.length = number_of(*it, "length", 0.1, most_key_seconds, poses.length);
    if (const auto keys = it->find("keys"); keys != it->end() && keys->is_array())
        for (const json& key : *keys) {
            if (!key.is_object() || !key.contains("pose") || poses.keys.size() >= most_keys) continue;
            const double seconds = number_of(key, "seconds", 0.0, most_key_seconds, 0.0);
            if (!poses.keys.empty() && seconds < poses.keys.back().seconds + same_key_seconds) continue;
            if (auto pose = pose_from_text(*state.avatar.model, key["pose"].dump()))
                poses.keys.push_back({seconds, *std::move(pose)});
        }
    if (!poses.keys.empty()) poses.length = std::max(poses.length, poses.keys.back().seconds);
    state.keys = std::move(poses);
}

}  // namespace

DocumentState neutral_state(Avatar avatar) {
    DocumentState state;
    state.pose = HeadPose::neutral(*avatar.model);
    state.avatar = std::move(avatar);
    return state;
}

Avatar write_session(const DocumentState& state) {
    Avatar avatar = state.avatar;
    json document = json::parse(avatar.kept->document, nullptr, false);
    if (!document.is_object()) document = json::object();
    json session = session_of(avatar);
    session["pose"] = json::parse(pose_to_text(*avatar.model, *state.pose));
    session.erase("motion_offsets");
    for (const auto& [motion, offset] : state.offsets->of)
        session["motion_offsets"][motion] = json::parse(pose_to_text(*avatar.model, offset));
    session.erase("motion_edits");
    for (const auto& [motion, edit] : state.motions->of)
        if (!(edit == MotionEdit{})) session["motion_edits"][motion] = edit_json(edit);
    session.erase("key_poses");
    if (!(*state.keys == KeyPoses{})) {
        json& keys = session["key_poses"] = {{"length", state.keys->length}, {"keys", json::array()}};
        for (const KeyPose& key : state.keys->keys)
            keys["keys"].push_back(
                {{"seconds", key.seconds}, {"pose", json::parse(pose_to_text(*avatar.model, key.pose))}});
    }
    session["hidden_layers"] = json::array();
    for (std::size_t i = 0; i < splat_part_count; ++i)
        if (state.parts->hidden[i]) session["hidden_layers"].push_back(splat_part_names[i]);
    document["studio"] = std::move(session);
    // A motion's name is as its file's, of any bytes.
    avatar.kept.edit().document = document.dump(-1, ' ', false, json::error_handler_t::replace);
    return avatar;
}

DocumentState read_session(Avatar avatar) {
    const json session = session_of(avatar);
    const PartFlags shown = shown_parts(avatar);
    DocumentState state = neutral_state(std::move(avatar));
    if (const auto it = session.find("pose"); it != session.end())
        if (auto pose = pose_from_text(*state.avatar.model, it->dump())) state.pose = *std::move(pose);
    if (const auto it = session.find("motion_offsets"); it != session.end() && it->is_object()) {
        MotionOffsets offsets;
        for (const auto& [motion, text] : it->items()) {
            if (offsets.of.size() >= most_offsets) break;
            if (auto offset = pose_from_text(*state.avatar.model, text.dump())) offsets.of[motion] = *std::move(offset);
        }
        state.offsets = std::move(offsets);
    }
    read_motions(session, state);
    PartChoice choice;
    for (std::size_t i = 0; i < splat_part_count; ++i) choice.hidden[i] = !shown[i];
    state.parts = choice;
    return state;
}

PartFlags shown_parts(const Avatar& avatar) {
    PartFlags shown = all_parts;
    const json session = session_of(avatar);
    if (const auto it = session.find("hidden_layers"); it != session.end() && it->is_array())
        for (std::size_t i = 0; i < splat_part_count; ++i)
            for (const json& name : *it)
                if (name == splat_part_names[i]) shown[i] = false;
    return shown;
}

}  // namespace likeness

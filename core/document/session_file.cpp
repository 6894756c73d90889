#include "core/document/session_file.h"

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

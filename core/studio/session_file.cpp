#include "core/studio/session_file.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/studio/identity_edit.h"
#include "core/studio/pose_tools.h"

namespace likeness {

using nlohmann::json;

namespace {

// An empty object when there is none.
json session_of(const Avatar& avatar) {
    const json document = json::parse(avatar.document, nullptr, false);
    if (!document.is_object() || !document.contains("studio") || !document["studio"].is_object()) return json::object();
    return document["studio"];
}

}  // namespace

EditableState neutral_edits(const HeadModel& model) {
    EditableState edits;
    edits.pose = HeadPose::neutral(model);
    edits.identity_change = Eigen::VectorXf::Zero(model.identity_count());
    return edits;
}

void write_session(Avatar& avatar, const Eigen::VectorXf& fitted_identity, const EditableState& edits) {
    json document = json::parse(avatar.document, nullptr, false);
    if (!document.is_object()) document = json::object();
    json session = document.contains("studio") && document["studio"].is_object() ? document["studio"] : json::object();
    const HeadModel& model = *avatar.model;
    session["pose"] = json::parse(pose_to_text(model, edits.pose));
    session["identity_change"] = json::object();
    if (fitted_identity.size() == avatar.identity.size())
        for (int i = 0; i < model.identity_count(); ++i)
            if (const float change = avatar.identity[i] - fitted_identity[i]; change != 0)
                session["identity_change"][model.identity_names[std::size_t(i)]] = change;
    session["hidden_layers"] = json::array();
    for (std::size_t i = 0; i < layer_count; ++i)
        if (edits.layer_hidden[i]) session["hidden_layers"].push_back(layer_names[i]);
    document["studio"] = std::move(session);
    avatar.document = document.dump();
}

ReadSession read_session(const std::shared_ptr<const Avatar>& avatar) {
    const HeadModel& model = *avatar->model;
    ReadSession result{avatar, neutral_edits(model)};
    const json session = session_of(*avatar);
    if (const auto it = session.find("pose"); it != session.end())
        if (auto pose = pose_from_text(model, it->dump())) result.edits.pose = *std::move(pose);
    const LayerFlags shown = shown_layers(*avatar);
    for (std::size_t i = 0; i < layer_count; ++i) result.edits.layer_hidden[i] = !shown[i];
    if (const auto it = session.find("identity_change"); it != session.end() && it->is_object() && !it->empty()) {
        Eigen::VectorXf change = Eigen::VectorXf::Zero(avatar->identity.size());
        for (int i = 0; i < model.identity_count() && i < change.size(); ++i)
            if (const auto value = it->find(model.identity_names[std::size_t(i)]);
                value != it->end() && value->is_number()) {
                const float x = value->get<float>();
                if (std::isfinite(x) && std::abs(x) <= 10) change[i] = x;
            }
        if (!change.isZero(0)) {
            result.fitted = IdentityBaker::before(avatar, change);
            result.edits.identity_change = std::move(change);
        }
    }
    return result;
}

LayerFlags shown_layers(const Avatar& avatar) {
    LayerFlags shown = all_layers;
    const json session = session_of(avatar);
    if (const auto it = session.find("hidden_layers"); it != session.end() && it->is_array())
        for (std::size_t i = 0; i < layer_count; ++i)
            for (const json& name : *it)
                if (name == layer_names[i]) shown[i] = false;
    return shown;
}

}  // namespace likeness

#include "ui/expression_panel.h"

#include <algorithm>

#include "core/document/pose_tools.h"
#include "ui/icons.h"
#include "ui/theme.h"
#include "ui/widgets.h"

namespace likeness::ui {
namespace {

struct Group {
    const char* title;
    const char* prefix;  // of ARKit's names
};
constexpr std::array<Group, 7> groups = {{{"Mouth", "mouth"},
                                          {"Jaw", "jaw"},
                                          {"Brows", "brow"},
                                          {"Eyes", "eye"},
                                          {"Cheeks", "cheek"},
                                          {"Nose", "nose"},
                                          {"Tongue", "tongue"}}};

bool in_group(const std::string& name, const Group& group) { return name.rfind(group.prefix, 0) == 0; }
bool known_group(const std::string& name) {
    return std::any_of(groups.begin(), groups.end(), [&](const Group& group) { return in_group(name, group); });
}

// Without what the group's heading says already: "mouthSmileLeft" -> "Smile left".
std::string short_name(const std::string& name, const std::string& prefix) {
    const std::string rest = name.substr(name.rfind(prefix, 0) == 0 ? prefix.size() : 0);
    return readable(rest.empty() ? name : rest);
}

}  // namespace

ExpressionPanel::ExpressionPanel() : Panel("Expression", ICON_FA_FACE_SMILE, "52 named movements of the face.") {}

void ExpressionPanel::draw(Studio& studio) {
    if (!studio.document().has_avatar()) {
        empty_state(ICON_FA_FACE_SMILE, "No face to move", needs_avatar_text(studio));
        return;
    }
    search_field("##search", query_, "Search expressions");
    draw_presets(studio);
    ImGui::BeginChild("sliders", {0, 0}, ImGuiChildFlags_None);
    draw_groups(studio);
    ImGui::EndChild();
}

void ExpressionPanel::draw_presets(Studio& studio) {
    bool symmetric = studio.document().symmetric;
    if (icon_button("symmetric", ICON_FA_ARROWS_LEFT_RIGHT, symmetric,
                    "Symmetric editing: a change on one side is made on the other too."))
        studio.invoke("pose.symmetric", {{"on", !symmetric}});
    ImGui::SameLine(0, px(2));
    if (icon_button("changed", ICON_FA_FILTER, changed_only_, "List only what is not at rest."))
        changed_only_ = !changed_only_;
    ImGui::SameLine(0, px(2));
    if (icon_button("random", ICON_FA_DICE, false, "A plausible face by chance (Ctrl+R)."))
        studio.invoke("pose.random");
    ImGui::SameLine(0, px(2));
    if (icon_button("mirror", ICON_FA_RIGHT_LEFT, false, "Swap left and right (Ctrl+M).")) studio.invoke("pose.mirror");
    ImGui::SameLine(0, px(2));
    if (icon_button("photo", ICON_FA_IMAGE_PORTRAIT, false, "Take the expression and pose of the photograph."))
        studio.invoke("pose.source");
    ImGui::SameLine(0, px(2));
    if (icon_button("reset", ICON_FA_ARROW_ROTATE_LEFT, false,
                    "All expressions back to neutral; the head stays turned."))
        studio.invoke("pose.reset_expressions");
    ImGui::SameLine(0, px(6));
    if (button(ICON_FA_MASKS_THEATER "  Presets  " ICON_FA_CARET_DOWN, ButtonStyle::normal,
               "Ready-made faces, and your own.", -1))
        ImGui::OpenPopup("presets");
    // Below the button and no further to the right: the panel is often at the window's edge.
    ImGui::SetNextWindowPos({ImGui::GetItemRectMax().x, ImGui::GetItemRectMax().y + px(4)}, ImGuiCond_Always, {1, 0});
    if (!ImGui::BeginPopup("presets")) return;
    for (const BuiltInPose& pose : built_in_poses())
        if (ImGui::MenuItem(pose.name.c_str())) studio.invoke("pose.preset.apply", {{"name", pose.name}});
    const auto own = studio.settings().pose_presets;
    if (!own.empty()) ImGui::SeparatorText("Yours");
    for (const auto& [name, text] : own) {
        ImGui::PushID(name.c_str());
        if (icon_button("delete", ICON_FA_TRASH_CAN, false, "Forget this preset."))
            studio.invoke("pose.preset.delete", {{"name", name}});
        ImGui::SameLine();
        ImGui::AlignTextToFramePadding();
        if (ImGui::Selectable(name.c_str())) studio.invoke("pose.preset.apply", {{"name", name}});
        ImGui::PopID();
    }
    ImGui::Separator();
    ImGui::SetNextItemWidth(px(150));
    const bool entered = ImGui::InputTextWithHint("##name", "Name of this pose", preset_name_.data(),
                                                  preset_name_.size(), ImGuiInputTextFlags_EnterReturnsTrue);
    ImGui::SameLine();
    ImGui::BeginDisabled(preset_name_[0] == 0);
    if (button("Keep", ButtonStyle::primary, "Keep the present pose under this name.") ||
        (entered && preset_name_[0] != 0)) {
        if (studio.invoke("pose.preset.save", {{"name", preset_name_.data()}})) preset_name_ = {};
        ImGui::CloseCurrentPopup();
    }
    ImGui::EndDisabled();
    ImGui::EndPopup();
}

void ExpressionPanel::draw_groups(Studio& studio) {
    const HeadModel& model = *studio.document().model();
    const HeadPose pose = studio.shown_pose();
    bool any = false;
    const auto listed = [&](int c) {
        const std::string& name = model.control_names[std::size_t(c)];
        return (!changed_only_ || std::abs(pose.controls[c]) > 1e-4f) && matches(name + " " + readable(name), query_);
    };
    const auto draw_group = [&](const char* title, auto&& member) {
        std::vector<int> members;
        int moved = 0;
        for (int c = 0; c < model.control_count(); ++c)
            if (member(model.control_names[std::size_t(c)]) && listed(c)) {
                members.push_back(c);
                moved += std::abs(pose.controls[c]) > 1e-4f;
            }
        if (members.empty()) return;
        any = true;
        const std::string heading =
            title + (moved > 0 ? "   (" + std::to_string(moved) + ")" : std::string()) + "###" + title;
        if (!section(heading.c_str())) return;
        ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(ImGui::GetStyle().ItemSpacing.x, px(3)));
        for (const int c : members) draw_control(studio, model, c, pose);
        ImGui::PopStyleVar();
    };
    for (const Group& group : groups)
        draw_group(group.title, [&](const std::string& name) { return in_group(name, group); });
    draw_group("Other", [](const std::string& name) { return !known_group(name); });
    if (!any)
        empty_state(ICON_FA_MAGNIFYING_GLASS, "Nothing found",
                    changed_only_ ? "Everything is at rest." : "No expression has that name.");
}

void ExpressionPanel::draw_control(Studio& studio, const HeadModel& model, int control, const HeadPose& pose) {
    const std::string& name = model.control_names[std::size_t(control)];
    std::string prefix;
    for (const Group& group : groups)
        if (in_group(name, group)) prefix = group.prefix;
    float value = pose.controls[control];
    if (slider(
            studio, name.c_str(),
            {.label = short_name(name, prefix), .low = 0, .high = 1, .about = name + ": a share of the full movement."},
            value)) {
        if (value == 0 && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left))
            studio.invoke("pose.reset", {{"name", name}});  // of what a motion moves: what was added
        else
            studio.invoke("pose.set_expression", {{"name", name}, {"value", value}});
    }
}

}  // namespace likeness::ui

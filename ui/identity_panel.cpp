#include "ui/identity_panel.h"

#include <algorithm>

#include "ui/icons.h"
#include "ui/theme.h"
#include "ui/widgets.h"

namespace likeness::ui {
namespace {

// "l-eye-height1" -> "Left eye height 1"
std::string feature_name(const std::string& name) {
    std::string text = name;
    if (text.rfind("l-", 0) == 0) text = "left-" + text.substr(2);
    if (text.rfind("r-", 0) == 0) text = "right-" + text.substr(2);
    text = readable(text);
    for (std::size_t i = 1; i < text.size(); ++i)
        if (text[i] >= '0' && text[i] <= '9' && text[i - 1] >= 'a' && text[i - 1] <= 'z') text.insert(i, " ");
    return text;
}

}  // namespace

IdentityPanel::IdentityPanel() : Panel("Identity", ICON_FA_FINGERPRINT, "The shape of the head, feature by feature.") {}

void IdentityPanel::draw(Studio& studio) {
    const Document& document = studio.document();
    if (!document.has_avatar()) {
        empty_state(ICON_FA_FINGERPRINT, "No head to shape", needs_avatar_text(studio));
        return;
    }
    if (document.model()->identity_count() == 0) {
        empty_state(ICON_FA_FINGERPRINT, "No named shapes",
                    "This avatar brought its own head, which has no features to change.");
        return;
    }
    const std::vector<IdentitySlider>& sliders = document.model()->identity_sliders;
    search_field("##search", query_, "Search features");
    const float button_width = px(96);
    bool symmetric = document.symmetric;
    if (icon_button("symmetric", ICON_FA_ARROWS_LEFT_RIGHT, symmetric,
                    "Symmetric editing: a change on one side is made on the other too."))
        studio.invoke("pose.symmetric", {{"on", !symmetric}});
    ImGui::SameLine();
    ImGui::PushStyleColor(ImGuiCol_Text, palette().dim);
    ImGui::AlignTextToFramePadding();
    ImGui::TextUnformatted("0 is as fitted");
    ImGui::PopStyleColor();
    ImGui::SameLine(ImGui::GetCursorPosX() + ImGui::GetContentRegionAvail().x - button_width);
    command_button(studio, "identity.reset_all", {}, ICON_FA_ARROW_ROTATE_LEFT "  Reset", ButtonStyle::normal,
                   button_width);

    ImGui::BeginChild("features");
    std::vector<std::string> groups;
    for (const IdentitySlider& s : sliders)
        if (std::find(groups.begin(), groups.end(), s.group) == groups.end()) groups.push_back(s.group);
    bool any = false;
    for (const std::string& group : groups) {
        std::vector<const IdentitySlider*> members;
        int moved = 0;
        for (const IdentitySlider& s : sliders)
            if (s.group == group && matches(s.name + " " + feature_name(s.name), query_)) {
                members.push_back(&s);
                moved += std::abs(slider_value(s, document.avatar().identity_change->added)) > 1e-4f;
            }
        if (members.empty()) continue;
        any = true;
        const std::string heading =
            readable(group) + (moved > 0 ? "   (" + std::to_string(moved) + ")" : std::string()) + "###" + group;
        if (!query_.empty()) ImGui::SetNextItemOpen(true);
        if (!section(heading.c_str(), group == groups.front())) continue;
        ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(ImGui::GetStyle().ItemSpacing.x, px(3)));
        for (const IdentitySlider* s : members) {
            float value = slider_value(*s, document.avatar().identity_change->added);
            if (slider(studio, s->name.c_str(),
                       {.label = feature_name(s->name),
                        .low = s->low,
                        .high = s->high,
                        .about = s->name + ": change from the person as fitted, 1 is strong."},
                       value))
                studio.invoke("identity.set", {{"name", s->name}, {"value", value}});
        }
        ImGui::PopStyleVar();
    }
    if (!any) empty_state(ICON_FA_MAGNIFYING_GLASS, "Nothing found", "No feature has that name.");
    ImGui::EndChild();
}

}  // namespace likeness::ui

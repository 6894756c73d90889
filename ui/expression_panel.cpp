#include "ui/expression_panel.h"

#include <algorithm>
#include <cmath>

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

constexpr float name_size = 12.5f;  // of presets, units

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
    draw_tools(studio);
    ImGui::BeginChild("sliders", {0, 0}, ImGuiChildFlags_None);
    if (query_.empty() && !changed_only_) draw_presets(studio);
    draw_groups(studio);
    ImGui::EndChild();
}

void ExpressionPanel::draw_tools(Studio& studio) {
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
    if (icon_button("reset", ICON_FA_ARROW_ROTATE_LEFT, false, "All expressions to rest; the head stays turned."))
        studio.invoke("pose.reset_expressions");
}

void ExpressionPanel::draw_presets(Studio& studio) {
    if (!section("Presets")) return;
    Presets& presets = studio.presets();
    presets.want();
    const std::string current = presets.current();
    if (slider(studio, "strength",
               {.label = "Strength",
                .low = 0,
                .high = 1,
                .fallback = 1,
                .about = "How much of a preset is mixed into the face; of the one chosen last, at once."},
               strength_) &&
        !current.empty())
        studio.invoke("pose.preset.apply", {{"name", current}, {"strength", strength_}});
    const float room = ImGui::GetContentRegionAvail().x, gap = px(4);
    const int columns = std::max(2, int((room + gap) / (px(60) + gap)));
    const float side = std::floor((room - gap * float(columns - 1)) / float(columns));
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(gap, gap));
    ImGui::PushFont(regular_font(), name_size);
    const std::vector<std::string> names = presets.names();
    for (std::size_t first = 0; first < names.size(); first += std::size_t(columns)) {
        const std::size_t end = std::min(names.size(), first + std::size_t(columns));
        // A name that is too long for a line has two.
        float words = 0;
        for (std::size_t i = first; i < end; ++i)
            words = std::max(words, ImGui::CalcTextSize(names[i].c_str(), nullptr, false, side).y);
        words = std::min(words, 2 * ImGui::GetTextLineHeight());
        for (std::size_t i = first; i < end; ++i) {
            if (i > first) ImGui::SameLine();
            draw_preset(studio, names[i], {side, side + words + px(2)}, names[i] == current);
        }
    }
    ImGui::PopFont();
    ImGui::PopStyleVar();
    std::erase_if(pictures_, [&](const auto& shown) { return !presets.picture(shown.first); });
    ImGui::SetNextItemWidth(std::max(px(60), room - px(64)));
    const bool entered = ImGui::InputTextWithHint("##name", "Keep this face as...", preset_name_.data(),
                                                  preset_name_.size(), ImGuiInputTextFlags_EnterReturnsTrue);
    ImGui::SameLine(0, gap);
    ImGui::BeginDisabled(preset_name_[0] == 0);
    if (button("Keep", ButtonStyle::normal, "Keep the present pose under this name.", -1) ||
        (entered && preset_name_[0] != 0)) {
        if (studio.invoke("pose.preset.save", {{"name", preset_name_.data()}})) preset_name_ = {};
    }
    ImGui::EndDisabled();
    const bool photograph = studio.settings().rest == "photograph";
    if (const int chosen = choice_row("rest", {"Rest: neutral", "Rest: photograph"}, photograph ? 1 : 0,
                                      {"A face at rest is neutral.", "A face at rest is as in the photograph."});
        chosen >= 0)
        studio.invoke("pose.rest", {{"expression", chosen == 1 ? "photograph" : "neutral"}});
}

// A picture of this person with its name beneath.
void ExpressionPanel::draw_preset(Studio& studio, const std::string& name, const ImVec2& size, bool current) {
    const auto image = studio.presets().picture(name);
    Shown& shown = pictures_[name];
    if (shown.image != image) {
        shown.image = image;
        if (image)
            shown.picture.set(*image);
        else
            shown.picture.clear();
    }
    const float side = size.x, rounding = px(5);
    ImGui::PushID(name.c_str());
    const ImVec2 from = ImGui::GetCursorScreenPos(), to = from + size;
    if (ImGui::InvisibleButton("preset", size))
        studio.invoke("pose.preset.apply", {{"name", name}, {"strength", strength_}});
    const bool hot = ImGui::IsItemHovered();
    const bool own = studio.settings().pose_presets.contains(name);
    tooltip(name + (own ? "\nRight click: forget it." : ""));
    if (own && ImGui::BeginPopupContextItem("forget")) {
        if (ImGui::MenuItem("Forget this preset")) studio.invoke("pose.preset.delete", {{"name", name}});
        ImGui::EndPopup();
    }
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const ImVec2 corner = {to.x, from.y + side};
    draw.AddRectFilled(from, corner, ImGui::GetColorU32(hot ? ImGuiCol_FrameBgHovered : ImGuiCol_FrameBg), rounding);
    if (shown.picture.ready())
        draw.AddImageRounded(shown.picture.reference(), from, corner, {0, 0}, {1, 1}, IM_COL32_WHITE, rounding);
    if (current || hot)
        draw.AddRect(from, corner, u32(current ? palette().accent_strong : palette().faint), rounding, px(1.5f));
    const float width = std::min(side, ImGui::CalcTextSize(name.c_str(), nullptr, false, side).x);
    const ImVec4 clip = {from.x, corner.y, to.x, to.y};
    draw.AddText(nullptr, 0, {from.x + 0.5f * (side - width), corner.y + px(1)},
                 u32(current ? palette().text : palette().dim), name.c_str(), nullptr, side, &clip);
    ImGui::PopID();
}

void ExpressionPanel::draw_groups(Studio& studio) {
    const HeadModel& model = *studio.document().model();
    const HeadPose pose = studio.shown_pose(), rest = studio.presets().at_rest();
    bool any = false;
    const auto listed = [&](int c) {
        const std::string& name = model.control_names[std::size_t(c)];
        return (!changed_only_ || std::abs(pose.controls[c] - rest.controls[c]) > 1e-4f) &&
               matches(name + " " + readable(name), query_);
    };
    const auto draw_group = [&](const char* title, auto&& member) {
        std::vector<int> members;
        int moved = 0;
        for (int c = 0; c < model.control_count(); ++c)
            if (member(model.control_names[std::size_t(c)]) && listed(c)) {
                members.push_back(c);
                moved += std::abs(pose.controls[c] - rest.controls[c]) > 1e-4f;
            }
        if (members.empty()) return;
        any = true;
        const std::string heading =
            title + (moved > 0 ? "   (" + std::to_string(moved) + ")" : std::string()) + "###" + title;
        if (!section(heading.c_str())) return;
        ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(ImGui::GetStyle().ItemSpacing.x, px(3)));
        for (const int c : members) draw_control(studio, model, c, pose, rest.controls[c]);
        ImGui::PopStyleVar();
    };
    for (const Group& group : groups)
        draw_group(group.title, [&](const std::string& name) { return in_group(name, group); });
    draw_group("Other", [](const std::string& name) { return !known_group(name); });
    if (!any)
        empty_state(ICON_FA_MAGNIFYING_GLASS, "Nothing found",
                    changed_only_ ? "Everything is at rest." : "No expression has that name.");
}

void ExpressionPanel::draw_control(Studio& studio, const HeadModel& model, int control, const HeadPose& pose,
                                   float rest) {
    const std::string& name = model.control_names[std::size_t(control)];
    std::string prefix;
    for (const Group& group : groups)
        if (in_group(name, group)) prefix = group.prefix;
    float value = pose.controls[control];
    if (slider(studio, name.c_str(),
               {.label = short_name(name, prefix),
                .low = 0,
                .high = 1,
                .fallback = rest,
                .about = name + ": a share of the full movement."},
               value)) {
        if (value == rest && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left))
            studio.invoke("pose.reset", {{"name", name}});  // of what a motion moves: what was added
        else
            studio.invoke("pose.set_expression", {{"name", name}, {"value", value}});
    }
}

}  // namespace likeness::ui

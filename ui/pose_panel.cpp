#include "ui/pose_panel.h"

#include <algorithm>
#include <array>
#include <numbers>

#include "core/document/pose_tools.h"
#include "ui/icons.h"
#include "ui/theme.h"
#include "ui/widgets.h"

namespace likeness::ui {
namespace {

constexpr float degrees = 180 / std::numbers::pi_v<float>;

struct Axis {
    const char* name;
    const char* argument;
    const char* about;
    int index;
};
constexpr std::array<Axis, 3> axes = {{{"Turn", "y", "Positive to the subject's left.", 1},
                                       {"Nod", "x", "Positive downwards.", 0},
                                       {"Tilt", "z", "Positive towards the subject's right shoulder.", 2}}};

}  // namespace

PosePanel::PosePanel() : Panel("Pose", ICON_FA_PERSON, "Head, neck, jaw and eyes.") {}

void PosePanel::draw(Studio& studio) {
    if (!studio.document().has_avatar()) {
        empty_state(ICON_FA_PERSON, "Nothing to pose", needs_avatar_text(studio));
        return;
    }
    const HeadModel& model = *studio.document().model();
    const HeadPose pose = studio.shown_pose();
    const float half = 0.5f * (ImGui::GetContentRegionAvail().x - ImGui::GetStyle().ItemSpacing.x);
    command_button(studio, "pose.reset_joints", {}, ICON_FA_ARROW_ROTATE_LEFT "  Straight", ButtonStyle::normal, half);
    ImGui::SameLine();
    command_button(studio, "pose.source", {}, ICON_FA_IMAGE_PORTRAIT "  Photograph", ButtonStyle::normal, half);
    command_button(studio, "pose.copy", {}, ICON_FA_COPY "  Copy", ButtonStyle::normal, half);
    ImGui::SameLine();
    command_button(studio, "pose.paste", {}, ICON_FA_PASTE "  Paste", ButtonStyle::normal, half);
    ImGui::BeginChild("joints");
    for (const int joint : {model.joints.head, model.joints.neck}) draw_joint(studio, pose, joint);
    draw_gaze(studio, pose);
    for (int joint = 0; joint < model.joint_count(); ++joint)
        if (joint != model.joints.head && joint != model.joints.neck) draw_joint(studio, pose, joint);
    ImGui::EndChild();
}

void PosePanel::draw_joint(Studio& studio, const HeadPose& pose, int joint) {
    const HeadModel& model = *studio.document().model();
    const std::string& name = model.joint_names[std::size_t(joint)];
    const bool first = joint == model.joints.head || joint == model.joints.neck;
    if (!section((readable(name == "root" ? "shoulders" : name) + "###" + name).c_str(), first)) return;
    ImGui::PushID(joint);
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(ImGui::GetStyle().ItemSpacing.x, px(3)));
    for (const Axis& axis : axes) {
        const float low = model.joint_low(axis.index, joint) * degrees,
                    high = model.joint_high(axis.index, joint) * degrees;
        if (high - low < 1) continue;
        float value = pose.joints(axis.index, joint) * degrees;
        if (slider(studio, axis.argument,
                   {.label = axis.name, .low = low, .high = high, .format = "%.1f", .unit = "°", .about = axis.about},
                   value))
            studio.invoke("pose.set_joint", {{"joint", name}, {axis.argument, value}});
    }
    ImGui::PopStyleVar();
    ImGui::PopID();
}

// A field to look about in: the eyes follow the dot.
void PosePanel::draw_gaze(Studio& studio, const HeadPose& pose) {
    if (!section("Gaze")) return;
    const Eigen::Vector2f gaze = gaze_of(*studio.document().model(), pose);
    const float width = ImGui::GetContentRegionAvail().x, height = px(110);
    const ImVec2 from = ImGui::GetCursorScreenPos(), to = {from.x + width, from.y + height};
    ImGui::InvisibleButton("gaze", {width, height});
    if (ImGui::IsItemActivated()) studio.begin_gesture();
    const float inset = px(10);
    const auto at = [&](float x, float y) {
        return ImVec2(0.5f * (from.x + to.x) + x * (0.5f * width - inset),
                      0.5f * (from.y + to.y) - y * (0.5f * height - inset));
    };
    if (ImGui::IsItemActive()) {
        const ImVec2 mouse = ImGui::GetIO().MousePos;
        float x = std::clamp((mouse.x - 0.5f * (from.x + to.x)) / (0.5f * width - inset), -1.0f, 1.0f);
        float y = std::clamp(-(mouse.y - 0.5f * (from.y + to.y)) / (0.5f * height - inset), -1.0f, 1.0f);
        if (std::hypot(x, y) < 0.06f) x = y = 0;
        if (x != gaze.x() || y != gaze.y()) studio.invoke("pose.gaze", {{"x", x}, {"y", y}});
    }
    if (ImGui::IsItemHovered() && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left))
        studio.invoke("pose.gaze", {{"x", 0}, {"y", 0}});
    if (ImGui::IsItemDeactivated()) studio.end_gesture();
    tooltip(
        "Where the eyes look, seen from the front: right is the subject's left. Double-click looks straight ahead.");
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled(from, to, u32(palette().well), px(5));
    draw.AddLine(at(-1, 0), at(1, 0), u32(palette().faint, 0.5f));
    draw.AddLine(at(0, -1), at(0, 1), u32(palette().faint, 0.5f));
    const ImVec2 dot = at(gaze.x(), gaze.y());
    draw.AddCircleFilled(dot, px(9), u32(palette().raised), 24);
    draw.AddCircle(dot, px(9), u32(palette().accent), 24, px(2));
    draw.AddCircleFilled(dot, px(3.5f), u32(palette().accent), 16);
}

}  // namespace likeness::ui

#include "ui/viewport_toolbar.h"

#include <array>
#include <functional>

#include "ui/floating_bar.h"
#include "ui/icons.h"
#include "ui/view_modes.h"
#include "ui/viewport_panel.h"
#include "ui/widgets.h"

namespace likeness::ui {
namespace {


// A button with a menu, in a bar: the menu has the room of other menus, not the bar's.
void menu_button(const char* id, const std::string& label, const std::string& about,
                 const std::function<void()>& menu) {
    const bool pressed = button(label + "###" + id + "_button", ButtonStyle::flat, about);
    if (pressed) ImGui::OpenPopup(id);
    ImGui::SetNextWindowPos({ImGui::GetItemRectMin().x, ImGui::GetItemRectMax().y + px(4)});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(px(10), px(10)));
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(px(8), px(6)));
    if (ImGui::BeginPopup(id)) {
        menu();
        ImGui::EndPopup();
    }
    ImGui::PopStyleVar(2);
}

void display_menu(Studio& studio) {
    ViewState& view = studio.view();
    const bool avatar = studio.document().has_avatar();
    for (std::size_t i = 0; i < view_modes.size(); ++i) {
        const bool needs_mesh = ViewMode(i) == ViewMode::mesh || ViewMode(i) == ViewMode::wireframe;
        if (ImGui::MenuItem(view_modes[i].title, view_modes[i].keys, view.mode == ViewMode(i), avatar || !needs_mesh))
            view.mode = ViewMode(i);
        tooltip(view_modes[i].about);
    }
    ImGui::Separator();
    ImGui::MenuItem("Landmarks", "L", &view.landmarks, avatar);
    tooltip("The 478 points of the face that the fit uses, on the head as it is posed.");
    ImGui::MenuItem("Grid", "G", &view.grid);
    tooltip("A floor of 5 cm squares.");
    ImGui::MenuItem("View cube", nullptr, &view.view_cube);
    command_item(studio, "view.points", {}, "", view.name_points);
    ImGui::MenuItem("Statistics", "F3", &view.statistics);
    tooltip("Pictures a second, and the milliseconds of each stage.");
}

void background_menu(Studio& studio) {
    ViewState& view = studio.view();
    static constexpr std::array<const char*, 2> titles = {"Color", "Checker"};
    for (int i = 0; i < 2; ++i)
        if (ImGui::MenuItem(titles[std::size_t(i)], nullptr, int(view.background) == i))
            view.background = BackgroundKind(i);
    if (ImGui::MenuItem("Picture...", nullptr, view.background == BackgroundKind::picture))
        studio.invoke("view.background_picture");
    tooltip("A picture of yours behind the avatar; it covers the view.");
    ImGui::Separator();
    ImGui::SetNextItemWidth(px(180));
    if (ImGui::ColorPicker3(
            "##color", view.background_color.data(),
            ImGuiColorEditFlags_NoSidePreview | ImGuiColorEditFlags_NoSmallPreview | ImGuiColorEditFlags_DisplayHex))
        view.background = BackgroundKind::color;
    static constexpr std::array<std::array<float, 3>, 6> swatches = {{{0.2f, 0.21f, 0.23f},
                                                                      {0.05f, 0.05f, 0.06f},
                                                                      {0.5f, 0.5f, 0.5f},
                                                                      {0.86f, 0.87f, 0.88f},
                                                                      {1, 1, 1},
                                                                      {0.16f, 0.55f, 0.3f}}};
    ImGui::PushStyleVar(ImGuiStyleVar_FrameBorderSize, px(1));  // one is the color of the menu itself
    for (std::size_t i = 0; i < swatches.size(); ++i) {
        if (i > 0) ImGui::SameLine(0, px(5));
        ImGui::PushID(int(i));
        if (ImGui::ColorButton("##swatch", {swatches[i][0], swatches[i][1], swatches[i][2], 1},
                               ImGuiColorEditFlags_NoTooltip, {px(25), px(20)})) {
            view.background_color = swatches[i];
            view.background = BackgroundKind::color;
        }
        ImGui::PopID();
    }
    ImGui::PopStyleVar();
}

void camera_menu(Studio& studio, ViewportPanel& panel) {
    ViewState& view = studio.view();
    struct Preset {
        const char* title;
        const char* shortcut;
        float yaw, pitch;
    };
    static constexpr std::array<Preset, 6> presets = {{{"Front", "1", 0, 0},
                                                       {"Back", "Ctrl+1", pi, 0},
                                                       {"Left", "3", pi / 2, 0},
                                                       {"Right", "Ctrl+3", -pi / 2, 0},
                                                       {"Top", "7", 0, pi / 2},
                                                       {"Bottom", "Ctrl+7", 0, -pi / 2}}};
    for (const Preset& preset : presets)
        if (ImGui::MenuItem(preset.title, preset.shortcut)) panel.turn_to(studio, preset.yaw, preset.pitch);
    if (ImGui::MenuItem("Three quarters", "5")) panel.turn_to(studio, 35 * pi / 180, 6 * pi / 180);
    ImGui::Separator();
    if (ImGui::MenuItem("Photograph's camera", "0", view.source_camera, studio.document().has_avatar()))
        studio.invoke("view.source", {{"on", !view.source_camera}});
    tooltip("Look through the lens that took the photograph; moving the view leaves it.");
    command_item(studio, "view.frame");
    if (studio.document().splats) command_item(studio, "view.turn_over");
    ImGui::Separator();
    float degrees = view.fov * 180 / pi;
    ImGui::SetNextItemWidth(px(190));
    if (slider(studio, "fov",
               {.label = "Field of view",
                .low = 5,
                .high = 90,
                .fallback = ViewState{}.fov * 180 / pi,
                .format = "%.0f",
                .unit = "°",
                .about = "Height of what the lens sees. The head keeps its size.",
                .width = px(190)},
               degrees))
        view.fov = degrees * pi / 180;
}

void joint_menu(Studio& studio) {
    struct Joint {
        const char* title;
        const char* name;
    };
    static constexpr std::array<Joint, 7> joints = {{{"Nothing", "none"},
                                                     {"Head", "head"},
                                                     {"Neck", "neck"},
                                                     {"Jaw", "jaw"},
                                                     {"Left eye", "eye_left"},
                                                     {"Right eye", "eye_right"},
                                                     {"Shoulders", "root"}}};
    const std::string shown = studio.view().gizmo.empty() ? "none" : studio.view().gizmo;
    for (const Joint& joint : joints) {
        const bool known = studio.document().model()->joint(joint.name) >= 0 || std::string("none") == joint.name;
        const char* keys = joint.name == std::string(shown == "none" ? "head" : "none") ? "R" : nullptr;
        if (known && ImGui::MenuItem(joint.title, keys, shown == joint.name))
            studio.invoke("view.gizmo", {{"joint", joint.name}});
    }
}

void draw_buttons(Studio& studio, const ViewportOutput& output, ViewportPanel& panel, bool wide) {
    const auto label = [&](const char* icon, const char* words) {
        return wide ? std::string(icon) + "  " + words + "  " ICON_FA_CARET_DOWN : std::string(icon);
    };
    menu_button("display", label(ICON_FA_EYE, view_modes[std::size_t(studio.view().mode)].title),
                "What is drawn, and what lies over it.", [&] { display_menu(studio); });
    ImGui::SameLine();
    menu_button("background", label(ICON_FA_IMAGE, "Background"), "What is seen behind the avatar.",
                [&] { background_menu(studio); });
    ImGui::SameLine();
    menu_button("camera", label(ICON_FA_VIDEO, "View"), "Directions to look from, and the lens.",
                [&] { camera_menu(studio, panel); });
    if (studio.document().has_avatar()) {
        ImGui::SameLine();
        menu_button("joint", label(ICON_FA_ARROWS_SPIN, "Turn"),
                    "Rings that turn the head, jaw or eyes by dragging (R).", [&] { joint_menu(studio); });
        ImGui::SameLine();
        const CompareMode now = studio.view().compare;
        const std::string why_not = studio.unavailable("view.compare");
        const auto compare = [&](CompareMode mode, const char* id, const char* icon, const std::string& about) {
            if (icon_button(id, icon, now == mode, why_not.empty() ? about : why_not, why_not.empty()))
                studio.invoke("view.compare", {{"mode", now == mode ? "off" : compare_mode_names[std::size_t(mode)]}});
        };
        compare(CompareMode::wipe, "wipe", ICON_FA_CIRCLE_HALF_STROKE,
                "Wipe between the photograph and the avatar, through the photograph's camera and in its pose (C).");
        ImGui::SameLine();
        compare(CompareMode::side_by_side, "beside", ICON_FA_TABLE_COLUMNS,
                "The photograph beside the avatar, through its camera and in its pose (Shift+C).");
    }
    ImGui::SameLine();
    if (icon_button("shot", ICON_FA_CAMERA, false, "Save a picture of the view; Export has more (F12)."))
        studio.invoke("capture.screenshot");
    if (output.recording()) {
        ImGui::SameLine();
        ImGui::PushStyleColor(ImGuiCol_Text, palette().bad);
        if (button(ICON_FA_CIRCLE_STOP "  Recording##stop", ButtonStyle::flat,
                   "The view is being recorded; a click ends the recording."))
            studio.invoke("capture.record", {{"on", false}});
        ImGui::PopStyleColor();
    }
}

}  // namespace

ImVec2 viewport_toolbar(Studio& studio, const ViewportOutput& output, ViewportPanel& panel, const ImVec2& from,
                        float room) {
    {
        const FloatingBar bar("toolbar", from);
        draw_buttons(studio, output, panel, room > px(640));
    }
    return ImGui::GetItemRectMax();
}

}  // namespace likeness::ui

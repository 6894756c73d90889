#include "ui/menu_bar.h"

#include <imgui.h>

#include "core/files/file_formats.h"
#include "ui/icons.h"
#include "ui/interface.h"
#include "ui/theme.h"
#include "ui/view_modes.h"
#include "ui/widgets.h"

namespace likeness::ui {
namespace {

void file_menu(Studio& studio) {
    command_item(studio, "file.open");
    command_item(studio, "file.open_sample");
    if (ImGui::BeginMenu("Open recent", !studio.settings().recent_files.empty())) {
        const auto files = studio.settings().recent_files;
        for (std::size_t i = 0; i < files.size(); ++i) {
            ImGui::PushID(int(i));
            if (ImGui::MenuItem(std::filesystem::path(files[i]).filename().c_str()))
                studio.invoke("file.open_recent", {{"index", i}});
            tooltip(files[i]);
            ImGui::PopID();
        }
        ImGui::EndMenu();
    }
    command_item(studio, "motion.open");
    command_item(studio, "reenact.folder");
    command_item(studio, "reenact.picture");
    ImGui::Separator();
    command_item(studio, "file.save");
    command_item(studio, "file.save_as");
    for (const FileFormat* format : formats_to_write(FileContent::splats))
        command_item(studio, "file.export_" + format->id());
    ImGui::Separator();
    command_item(studio, "file.close");
    command_item(studio, "app.quit");
}

void edit_menu(Studio& studio, Interface& interface) {
    command_item(studio, "edit.undo");
    command_item(studio, "edit.redo");
    ImGui::Separator();
    command_item(studio, "pose.copy");
    command_item(studio, "pose.paste");
    ImGui::Separator();
    if (ImGui::MenuItem("Preferences...", "Ctrl+,")) interface.show_panel("Preferences");
}

void pose_menu(Studio& studio) {
    command_item(studio, "pose.reset_all");
    command_item(studio, "pose.reset_expressions");
    command_item(studio, "pose.reset_joints");
    command_item(studio, "pose.source");
    ImGui::Separator();
    if (ImGui::BeginMenu("Presets", studio.document().has_avatar())) {
        for (const std::string& name : studio.presets().names())
            if (ImGui::MenuItem(name.c_str())) studio.invoke("pose.preset.apply", {{"name", name}});
        ImGui::EndMenu();
    }
    command_item(studio, "pose.random");
    command_item(studio, "pose.mirror");
    const bool symmetric = studio.document().symmetric;
    command_item(studio, "pose.symmetric", {{"on", !symmetric}}, "", symmetric);
    ImGui::Separator();
    command_item(studio, "part.show_all");
    command_item(studio, "identity.reset_all");
}

void train_menu(Studio& studio) {
    command_item(studio, "train.start");
    command_item(studio, "train.toggle");
    command_item(studio, "train.stop");
    ImGui::Separator();
    command_item(studio, "source.refit");
    command_item(studio, "task.cancel_all");
}

void view_menu(Studio& studio, Interface& interface) {
    for (const char* id :
         {"view.front", "view.left", "view.right", "view.back", "view.top", "view.bottom", "view.three_quarters"})
        command_item(studio, id);
    const bool source = studio.view().source_camera;
    command_item(studio, "view.source", {{"on", !source}}, "", source, "0");
    command_item(studio, "view.frame");
    command_item(studio, "view.reset");
    if (studio.document().splats) command_item(studio, "view.turn_over");
    ImGui::Separator();
    for (std::size_t i = 0; i < view_modes.size(); ++i)
        command_item(studio, "view.mode", {{"mode", view_mode_names[i]}}, view_modes[i].title,
                     studio.view().mode == ViewMode(i), view_modes[i].keys);
    ImGui::Separator();
    const ViewState& view = studio.view();
    command_item(studio, "view.landmarks", {}, "", view.landmarks);
    command_item(studio, "view.grid", {}, "", view.grid);
    command_item(studio, "view.cube", {}, "", view.view_cube);
    command_item(studio, "view.points", {}, "", view.name_points);
    command_item(studio, "view.statistics", {}, "", view.statistics);
    command_item(studio, "view.compare", {{"mode", view.compare == CompareMode::wipe ? "off" : "wipe"}},
                 "Wipe with the photograph", view.compare == CompareMode::wipe, "C");
    command_item(studio, "view.compare", {{"mode", view.compare == CompareMode::side_by_side ? "off" : "side_by_side"}},
                 "Photograph beside the avatar", view.compare == CompareMode::side_by_side, "Shift+C");
    ImGui::Separator();
    if (ImGui::BeginMenu("Panels")) {
        for (const auto& panel : interface.panels()) {
            if (panel->name() == "Viewport") continue;
            if (ImGui::MenuItem(panel->name().c_str(), nullptr, panel->open)) {
                if (panel->open)
                    panel->open = false;
                else
                    interface.show_panel(panel->name());
            }
            tooltip(panel->about());
        }
        ImGui::Separator();
        if (ImGui::MenuItem("Reset layout")) interface.reset_layout();
        tooltip("Opens the usual panels and puts them where they were at first.");
        ImGui::EndMenu();
    }
    command_item(studio, "panel.hide_all", {}, interface.panels_hidden() ? "Show all panels" : "Hide all panels");
}

void capture_menu(Studio& studio, const ViewportOutput& output) {
    command_item(studio, "capture.screenshot");
    command_item(studio, "capture.window");
    ImGui::Separator();
    command_item(studio, "capture.turntable");
    command_item(studio, "capture.motion");
    if (output.recording())
        command_item(studio, "capture.record", {{"on", false}}, "End recording");
    else
        command_item(studio, "capture.record");
}

}  // namespace

void draw_menu_bar(Studio& studio, const ViewportOutput& output, Interface& interface) {
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(px(8), px(6)));
    const bool shown = ImGui::BeginMainMenuBar();
    ImGui::PopStyleVar();
    if (!shown) return;
    const auto menu = [](const char* title, auto&& content) {
        if (!ImGui::BeginMenu(title)) return;
        content();
        ImGui::EndMenu();
    };
    menu("File", [&] { file_menu(studio); });
    menu("Edit", [&] { edit_menu(studio, interface); });
    menu("Pose", [&] { pose_menu(studio); });
    menu("Train", [&] { train_menu(studio); });
    menu("View", [&] { view_menu(studio, interface); });
    menu("Capture", [&] { capture_menu(studio, output); });
    menu("Help", [&] {
        if (ImGui::MenuItem("Keyboard and mouse", "F1")) interface.shortcut_sheet().toggle();
        if (ImGui::MenuItem("Command palette", "Ctrl+P")) interface.command_palette().open();
        if (ImGui::MenuItem("Log")) interface.show_panel("Log");
    });
    // The document's name in the middle, what to find commands with on the right.
    const std::string title = studio.window_title();
    const float room = ImGui::GetWindowWidth();
    const float width = ImGui::CalcTextSize(title.c_str()).x;
    const std::string find = std::string(ICON_FA_MAGNIFYING_GLASS "  Commands");
    const float find_width = ImGui::CalcTextSize(find.c_str()).x + px(24);
    const float left = ImGui::GetCursorPosX();
    if (0.5f * (room - width) > left + px(12) && 0.5f * (room + width) < room - find_width) {
        ImGui::SetCursorPosX(0.5f * (room - width));
        ImGui::PushStyleColor(ImGuiCol_Text, palette().dim);
        ImGui::TextUnformatted(title.c_str());
        ImGui::PopStyleColor();
    }
    if (room - find_width > left) {
        ImGui::SetCursorPosX(room - find_width);
        ImGui::PushStyleColor(ImGuiCol_Text, palette().dim);
        if (ImGui::MenuItem(find.c_str())) interface.command_palette().open();
        ImGui::PopStyleColor();
        tooltip("Every command by its name (Ctrl+P).");
    }
    ImGui::EndMainMenuBar();
}

}  // namespace likeness::ui

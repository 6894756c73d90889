#include "ui/preferences_panel.h"

#include <algorithm>
#include <cmath>

#include "ui/icons.h"
#include "ui/theme.h"
#include "ui/widgets.h"

namespace likeness::ui {

PreferencesPanel::PreferencesPanel(ViewportOutput& output)
    : Panel("Preferences", ICON_FA_GEAR, "How the studio looks and works."), output_(output) {}

void PreferencesPanel::draw(Studio& studio) {
    const Settings& settings = studio.settings();
    ImGui::BeginChild("preferences");
    if (section("Look")) {
        if (const int chosen = choice_row("theme", {ICON_FA_MOON "  Dark", ICON_FA_SUN "  Light"},
                                          settings.theme == "light" ? 1 : 0, {"Dark panels.", "Light panels."});
            chosen >= 0)
            studio.invoke("settings.theme", {{"value", chosen == 1 ? "light" : "dark"}});
        draw_text_size(studio);
    }
    if (section("Computing")) {
        const std::vector<std::string> names = {"auto", "cpu", "cuda"};
        const int at = int(std::find(names.begin(), names.end(), settings.device) - names.begin());
        if (const int chosen = choice_row("device", {"Automatic", "Processor", "GPU"}, at,
                                          {"A GPU when there is one.", "The processor, always.",
                                           "An NVIDIA GPU with CUDA; the processor when there is none."});
            chosen >= 0)
            studio.invoke("settings.device", {{"value", names[std::size_t(chosen)]}});
        fact("In use", studio.device() ? studio.device()->hardware : "looking");
        const ViewportStatistics& s = output_.statistics();
        fact("Rasterizer", s.rasterizer);
        fact("Window", s.surface);
        fact("To the screen", s.path + " (" + s.path_reason + ")");
        const std::vector<std::string> paths = {"automatic", "host", "pixel_buffer", "device"};
        const int path = int(std::find(paths.begin(), paths.end(), output_.presenter()) - paths.begin());
        if (const int chosen = choice_row(
                "presenter", {"Automatic", "Memory", "Buffers", "GPU"}, path,
                {"What suits this machine.", "Pictures are copied by the processor.",
                 "Pictures go through OpenGL's pixel buffers.", "Pictures never leave the GPU that draws them."});
            chosen >= 0)
            output_.set_presenter(paths[std::size_t(chosen)]);
    }
    if (section("Safety")) {
        ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(ImGui::GetStyle().ItemSpacing.x, px(3)));
        float autosave = float(settings.autosave_seconds);
        if (slider(studio, "autosave",
                   {.label = "Autosave every",
                    .low = 0,
                    .high = 600,
                    .fallback = 60,
                    .format = "%.0f",
                    .unit = " s",
                    .about = "Unsaved changes are kept for after a crash every so many seconds; 0 for never."},
                   autosave))
            studio.invoke("settings.autosave", {{"value", std::round(autosave)}});
        float undo = float(settings.undo_bytes) / 1048576.0f;
        if (slider(studio, "undo",
                   {.label = "Memory for undo",
                    .low = 1,
                    .high = 1024,
                    .fallback = 64,
                    .format = "%.0f",
                    .unit = " MiB",
                    .about = "Above it the oldest entries of the history are forgotten.",
                    .logarithmic = true},
                   undo))
            studio.invoke("settings.undo_memory", {{"value", std::round(undo)}});
        ImGui::PopStyleVar();
    }
    if (section("Data folders")) draw_folders(studio);
    ImGui::EndChild();
}

void PreferencesPanel::draw_text_size(Studio& studio) {
    const float now = studio.settings().text_scale;
    if (text_seen_ != now) text_seen_ = text_scale_ = now;  // by a command
    slider(studio, "text",
           {.label = "Text size",
            .low = 0.75f,
            .high = 2,
            .fallback = 1,
            .format = "%.2f",
            .unit = "x",
            .about = "Text and controls, times the display's own scale. Takes effect when let go."},
           text_scale_);
    const ImGuiIO& io = ImGui::GetIO();
    if (text_scale_ == now)
        text_wait_ = 0;
    else if (ImGui::IsAnyItemActive() || text_wait_ == 0)
        text_wait_ = io.MouseDoubleClickTime;
    else if ((text_wait_ = std::max(0.0f, text_wait_ - io.DeltaTime)) == 0)
        studio.invoke("settings.text_scale", {{"value", text_scale_}});
}

void PreferencesPanel::draw_folders(Studio& studio) {
    note("File dialogs begin here, and motions are looked for here.");
    const auto folders = studio.settings().data_folders;
    for (const std::string& folder : folders) {
        ImGui::PushID(folder.c_str());
        if (icon_button("remove", ICON_FA_XMARK, false, "Forget this folder; nothing in it is touched."))
            studio.invoke("settings.remove_folder", {{"path", folder}});
        ImGui::SameLine();
        ImGui::AlignTextToFramePadding();
        ImGui::TextWrapped("%s", folder.c_str());
        ImGui::PopID();
    }
    if (button(ICON_FA_FOLDER_PLUS "  Add folder...", ButtonStyle::normal, "Choose a folder.", -1))
        studio.ask_for_file({"settings.add_folder", "Choose a data folder", "", {}, false});
}

}  // namespace likeness::ui

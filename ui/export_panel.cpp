#include "ui/export_panel.h"

#include <cmath>

#include "core/files/file_formats.h"
#include "ui/icons.h"
#include "ui/theme.h"
#include "ui/widgets.h"

namespace likeness::ui {

ExportPanel::ExportPanel(ViewportOutput& output)
    : Panel("Export", ICON_FA_FILE_EXPORT, "Pictures, videos and files for other programs."), output_(output) {}

void ExportPanel::choose_kind(const char* id) {
    if (const int chosen = choice_row(id, {"Video", "PNG pictures"}, pictures_ ? 1 : 0,
                                      {"One file, MP4.", "A folder with a picture a frame, without loss."});
        chosen >= 0)
        pictures_ = chosen == 1;
}

void ExportPanel::draw(Studio& studio) {
    const bool avatar = studio.document().has_avatar();
    if (!avatar && !studio.document().splats) {
        empty_state(ICON_FA_FILE_EXPORT, "Nothing to export", needs_avatar_text(studio));
        return;
    }
    ImGui::BeginChild("export");
    if (section("Avatar")) {
        note("Everything, to be opened here again: Gaussians, head, photograph.");
        command_button(studio, "file.save_as", {}, ICON_FA_FLOPPY_DISK "  Save as...", ButtonStyle::primary, -1);
    }
    if (section("Splats")) {
        note("The avatar as it is posed now, for any viewer of 3D Gaussian splats.");
        for (const FileFormat* format : formats_to_write(FileContent::splats)) {
            Arguments arguments;
            for (const FileFlag& flag : format->flags()) {
                bool& on = flags_[format->id() + flag.name];
                ImGui::Checkbox(flag.title.c_str(), &on);
                tooltip(flag.about + ".");
                arguments.set(flag.name, on);
            }
            command_button(studio, "file.export_" + format->id(), arguments,
                           ICON_FA_CUBES "  Export " + format->endings().front() + "...", ButtonStyle::normal, -1);
        }
    }
    if (section("Picture")) {
        const int sizes[] = {1, 2, 4};
        if (const int chosen = choice_row("scale", {"1x", "2x", "4x"}, scale_ == 4 ? 2 : scale_ - 1,
                                          {"As many pixels as the viewport has.", "Twice the viewport's pixels.",
                                           "Four times the viewport's pixels."});
            chosen >= 0)
            scale_ = sizes[chosen];
        ImGui::Checkbox("Transparent", &transparent_);
        tooltip("Without the background: the picture's alpha is the avatar's.");
        command_button(studio, "capture.screenshot", {{"scale", scale_}, {"transparent", transparent_}},
                       ICON_FA_CAMERA "  Save picture...", ButtonStyle::normal, -1);
    }
    if (section("Turntable")) {
        ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(ImGui::GetStyle().ItemSpacing.x, px(3)));
        slider(studio, "frames",
               {.label = "Frames",
                .low = 12,
                .high = 600,
                .fallback = 120,
                .format = "%.0f",
                .about = "Pictures of one turn."},
               frames_);
        slider(studio, "fps",
               {.label = "Speed",
                .low = 10,
                .high = 60,
                .fallback = 30,
                .format = "%.0f",
                .unit = " fps",
                .about = "Pictures a second."},
               fps_);
        slider(studio, "size",
               {.label = "Side",
                .low = 128,
                .high = 2048,
                .fallback = 768,
                .format = "%.0f",
                .unit = " px",
                .about = "Width and height of the video."},
               size_);
        ImGui::PopStyleVar();
        choose_kind("turntable as");
        command_button(studio, "capture.turntable",
                       {{"as", pictures_ ? "pictures" : "video"},
                        {"frames", int(std::lround(frames_))},
                        {"fps", std::round(fps_)},
                        {"size", int(std::lround(size_ / 2)) * 2}},
                       ICON_FA_ARROWS_SPIN "  Save turntable...", ButtonStyle::normal, -1);
    }
    if (section("Recording")) {
        note("What the viewport shows, as it happens, 30 frames a second.");
        choose_kind("recording as");
        if (output_.recording())
            command_button(studio, "capture.record", {{"on", false}}, ICON_FA_STOP "  End recording",
                           ButtonStyle::primary, -1);
        else
            command_button(studio, "capture.record", {{"on", true}, {"as", pictures_ ? "pictures" : "video"}},
                           ICON_FA_CIRCLE "  Record...", ButtonStyle::normal, -1);
    }
    ImGui::EndChild();
}

}  // namespace likeness::ui

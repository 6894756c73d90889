#include "ui/export_panel.h"

#include "core/files/file_formats.h"
#include "ui/icons.h"
#include "ui/theme.h"
#include "ui/widgets.h"

namespace likeness::ui {

ExportPanel::ExportPanel(ViewportOutput& output)
    : Panel("Export", ICON_FA_FILE_EXPORT, "Pictures, videos and files for other programs."), output_(output) {}

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
    if (section("Pictures and films")) {
        note("Size, background and samples are asked for.");
        command_button(studio, "capture.screenshot", {}, ICON_FA_CAMERA "  Save picture...", ButtonStyle::normal, -1);
        command_button(studio, "capture.turntable", {}, ICON_FA_ARROWS_SPIN "  Save turntable...", ButtonStyle::normal,
                       -1);
        command_button(studio, "capture.motion", {}, ICON_FA_FILM "  Save film of the motion...", ButtonStyle::normal,
                       -1);
        if (output_.recording())
            command_button(studio, "capture.record", {{"on", false}}, ICON_FA_STOP "  End recording",
                           ButtonStyle::primary, -1);
        else
            command_button(studio, "capture.record", {}, ICON_FA_CIRCLE "  Record the view...", ButtonStyle::normal,
                           -1);
    }
    ImGui::EndChild();
}

}  // namespace likeness::ui

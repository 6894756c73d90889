#include "ui/capture_dialog.h"

#include <imgui.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/pipeline/render_avatar.h"
#include "ui/modal.h"
#include "ui/theme.h"
#include "ui/widgets.h"

namespace likeness::ui {
namespace {

// A width of 0: so many times the view's pixels.
struct Size {
    const char* label;
    int width, height, scale;
    const char* about;
};
constexpr std::array<Size, 6> sizes = {{{"View", 0, 0, 1, "As many pixels as the view has."},
                                        {"2x", 0, 0, 2, "Twice the view's pixels in each direction."},
                                        {"4x", 0, 0, 4, "Four times the view's pixels in each direction."},
                                        {"HD", 1920, 1080, 1, "1920 x 1080 pixels."},
                                        {"4K", 3840, 2160, 1, "3840 x 2160 pixels."},
                                        {"Square", 1080, 1080, 1, "1080 x 1080 pixels."}}};
constexpr int own_size = int(sizes.size());

struct Kind {
    const char *as, *label, *about;  // as the command calls it
    bool alpha;
};
constexpr std::array<Kind, 4> kinds = {
    {{"video", "Video", "One file, MP4.", false},
     {"gif", "GIF", "An animation that loops, in 256 colors; what is transparent is so wholly or not at all.", true},
     {"webp", "WebP", "An animation that loops, in all colors and with transparency.", true},
     {"pictures", "PNG pictures", "A folder with a picture a frame, without loss.", true}}};
const Kind& kind_at(int as) { return kinds[std::size_t(as)]; }
constexpr std::array<int, 3> sample_counts = {1, 4, 16};

const char* title_of(const std::string& command) {
    return command == "capture.screenshot"  ? "Save a picture"
           : command == "capture.turntable" ? "Save a turntable"
           : command == "capture.motion"    ? "Save a film of the motion"
                                            : "Record the view";
}

void caption(const char* words) {
    ImGui::Spacing();
    note(words);
}

}  // namespace

bool CaptureDialog::wants(const FileRequest& request) const {
    const auto& command = request.command;
    return (command == "capture.screenshot" || command == "capture.turntable" || command == "capture.motion" ||
            command == "capture.record") &&
           request != described_;
}

void CaptureDialog::draw_size(bool view_only, bool film, Choice& choice) {
    caption("Size");
    std::vector<int> listed;
    for (int i = 0; i < own_size; ++i)
        if (const bool of_view = sizes[std::size_t(i)].width == 0; view_only ? of_view : !(film && of_view))
            listed.push_back(i);
    if (!view_only) listed.push_back(own_size);
    std::vector<std::string> labels, about;
    for (const int i : listed) {
        labels.push_back(i == own_size ? "Own" : sizes[std::size_t(i)].label);
        about.push_back(i == own_size ? "Another width and height." : sizes[std::size_t(i)].about);
    }
    auto at = std::find(listed.begin(), listed.end(), choice.size);
    if (at == listed.end()) choice.size = *(at = listed.begin());
    if (const int chosen = choice_row("size", labels, int(at - listed.begin()), about); chosen >= 0)
        choice.size = listed[std::size_t(chosen)];
    if (view_only) {
        note("With a mesh, a grid or the photograph, a picture has the view's own shape.");
    } else if (choice.size == own_size) {
        std::array<int, 2> own = {choice.width, choice.height};
        ImGui::SetNextItemWidth(px(180));
        if (ImGui::InputInt2("pixels", own.data())) {
            choice.width = std::clamp(own[0], 16, 8192);
            choice.height = std::clamp(own[1], 16, 8192);
        }
        tooltip("Width and height, 16 to 8192.");
    } else if (const Size& size = sizes[std::size_t(choice.size)]; size.width > 0) {
        note(size.about);
    }
}

void CaptureDialog::draw_frames(Studio& studio, const std::string& command, Choice& choice) {
    caption("Kept as");
    std::vector<std::string> labels, about;
    for (const Kind& kind : kinds) {
        labels.push_back(kind.label);
        about.push_back(kind.about);
    }
    if (const int chosen = choice_row("as", labels, choice.as, about); chosen >= 0) choice.as = chosen;
    if (command == "capture.record") {
        note("What the view shows, as it happens, 30 frames a second.");
        return;
    }
    ImGui::Spacing();
    if (command == "capture.turntable")
        slider(studio, "frames",
               {.label = "Frames", .low = 12, .high = 600, .fallback = 120, .format = "%.0f", .about = "Of one turn."},
               choice.frames);
    slider(studio, "fps",
           {.label = "Speed",
            .low = 10,
            .high = 60,
            .fallback = 30,
            .format = "%.0f",
            .unit = " fps",
            .about = "Frames a second."},
           choice.fps);
    const double frames = command == "capture.turntable"
                              ? std::round(choice.frames)
                              : std::round(studio.motion().played() * std::round(choice.fps));
    note(format_count(std::size_t(frames)) + " frames, " + format_seconds(frames / std::round(choice.fps)) + " long");
}

// What a video brings to a film of the avatar that it drives.
void CaptureDialog::draw_driver(Studio& studio, Choice& choice) {
    caption("The driver");
    const Driving* driving = studio.driver().driving();
    const bool video = driving && !driving->video.empty(), mp4 = kind_at(choice.as).as == std::string("video");
    const auto option = [](const char* label, bool possible, bool& chosen, const char* about, const char* why_not) {
        bool on = chosen && possible;
        ImGui::BeginDisabled(!possible);
        if (ImGui::Checkbox(label, &on)) chosen = on;
        ImGui::EndDisabled();
        tooltip(possible ? about : why_not);
    };
    const char* no_video = driving ? "The video is not beside its track." : "No video drives.";
    option("Picture beside the avatar", video, choice.beside,
           "The driver's picture to the left, as high as the avatar's: the film is that much wider.", no_video);
    ImGui::SameLine(0, px(18));
    option("Sound", video && mp4, choice.sound, "The video's sound, in step.",
           video ? "Only a video keeps sound." : no_video);
}

Arguments CaptureDialog::arguments_of(const FileRequest& request, bool view_only, bool has_video,
                                      const Choice& choice) const {
    Arguments arguments = request.arguments;
    const bool frames = request.command != "capture.screenshot";
    if (frames) arguments.set("as", kind_at(choice.as).as);
    if (request.command == "capture.record") return arguments;
    arguments.set("samples", choice.samples);
    arguments.set("transparent", choice.transparent && (!frames || kind_at(choice.as).alpha));
    const bool own = !view_only && choice.size == own_size;
    const Size& size = sizes[std::size_t(own ? 0 : choice.size)];
    arguments.set("width", own ? choice.width : size.width);
    arguments.set("height", own ? choice.height : size.height);
    if (!frames) arguments.set("scale", size.scale);
    if (frames) arguments.set("fps", std::round(double(choice.fps)));
    if (request.command == "capture.turntable") arguments.set("frames", int(std::lround(choice.frames)));
    if (request.command == "capture.motion") {
        arguments.set("beside", choice.beside && has_video);
        arguments.set("sound", choice.sound);
    }
    return arguments;
}

void CaptureDialog::draw(Studio& studio, const FileRequest& request) {
    const bool picture = request.command == "capture.screenshot", record = request.command == "capture.record";
    if (!begin_modal(title_of(request.command), px(400))) return;
    // In a small window the choices scroll, and the answers stay in sight.
    const bool scrolls = ImGui::GetScrollMaxY() > 0;
    const float answers = ImGui::GetFrameHeight() + px(22);
    if (scrolls)
        ImGui::PushClipRect(ImGui::GetWindowPos(),
                            ImGui::GetWindowPos() + ImGui::GetWindowSize() - ImVec2(0, answers), true);
    const auto choice_at = choices_.try_emplace(request.command).first;
    Choice& choice = choice_at->second;
    const bool view_only = picture && studio.view().composed();
    if (!record) draw_size(view_only, !picture, choice);
    if (!picture && !record && studio.view().composed())
        note("A film shows the splats, without mesh, grid and photograph.");
    if (!picture) draw_frames(studio, request.command, choice);
    if (request.command == "capture.motion") draw_driver(studio, choice);
    if (!record) {
        caption("Samples a pixel");
        const auto at = std::find(sample_counts.begin(), sample_counts.end(), choice.samples) - sample_counts.begin();
        if (const int chosen = choice_row("samples", {"1", "4", "16"}, int(at),
                                          {"As the view is drawn.", "Smooth edges, about four times the work.",
                                           "The smoothest edges, about sixteen times the work."});
            chosen >= 0)
            choice.samples = sample_counts[std::size_t(chosen)];
        ImGui::Spacing();
        const bool video = !picture && !kind_at(choice.as).alpha;
        ImGui::BeginDisabled(video);
        bool transparent = choice.transparent && !video;
        if (ImGui::Checkbox("Transparent background", &transparent)) choice.transparent = transparent;
        ImGui::EndDisabled();
        tooltip(video ? "A video has no transparency; the others have." : "The picture's alpha is the avatar's.");
    }
    const Driving* driving = studio.driver().driving();
    const Arguments arguments = arguments_of(request, view_only, driving && !driving->video.empty(), choice);
    const Status possible =
        record || arguments.integer("width") == 0
            ? Status()
            : check_samples(arguments.integer("width"), arguments.integer("height"), choice.samples);
    if (!possible) {
        ImGui::PushStyleColor(ImGuiCol_Text, palette().warning);
        ImGui::TextWrapped("%s", possible.error().message.c_str());
        ImGui::PopStyleColor();
    }
    ImGui::Spacing();
    ImGui::Spacing();
    const float bottom = ImGui::GetCursorPosY();
    if (scrolls) {
        ImGui::PopClipRect();
        ImGui::SetCursorPosY(
            std::min(bottom, ImGui::GetScrollY() + ImGui::GetWindowHeight() - ImGui::GetFrameHeight() - px(14)));
    }
    ImGui::BeginDisabled(!possible);
    const bool folder = !picture && std::string(kind_at(choice.as).as) == "pictures";
    const bool next = button(folder ? "Choose a folder..." : "Choose a file...", ButtonStyle::primary,
                             "Where it is written.", px(150)) ||
                      (entered() && !ImGui::GetIO().WantTextInput && possible);
    ImGui::EndDisabled();
    ImGui::SameLine();
    const bool cancel = button("Cancel", ButtonStyle::normal, "", px(90)) || escaped();
    if (!next && !cancel) {
        if (scrolls) {
            ImGui::SetCursorPosY(bottom);
            ImGui::Dummy({0, ImGui::GetFrameHeight()});
        }
        ImGui::EndPopup();
        return;
    }
    close_modal();
    const std::string command = request.command;
    studio.withdraw_file_request();
    described_.reset();
    if (cancel || !studio.invoke(command, arguments)) return;
    described_ = studio.file_request();
}

}  // namespace likeness::ui

#include "ui/reenact_panel.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "ui/icons.h"
#include "ui/theme.h"

namespace likeness::ui {
namespace {

struct Gain {
    const char *group, *label, *about;
};
// In the order of motion_group_names.
constexpr std::array<Gain, motion_group_names.size()> gains = {
    {{"brows", "Brows", "How far brows rise and sink."},
     {"eyes", "Eyes", "How far lids open, close and squint."},
     {"gaze", "Gaze", "How far the eyes turn."},
     {"mouth", "Mouth", "Lips, cheeks, nose and tongue."},
     {"jaw", "Jaw", "How far the mouth opens."},
     {"head", "Head", "How far the head turns."},
     {"body", "Torso", "How far shoulders turn and move."}}};

}  // namespace

ReenactPanel::ReenactPanel()
    : Panel("Reenact", ICON_FA_MASKS_THEATER, "Somebody's video drives the avatar, as much as is wanted of it.") {}

void ReenactPanel::draw(Studio& studio) {
    const bool tracking = studio.driver().tracking();
    if (tracking) draw_tracking(studio);
    if (!studio.motion().loaded() || !studio.document().has_avatar()) {
        if (tracking) return;
        view_.clear();
        draw_empty(studio);
        return;
    }
    if (!tracking) draw_driver(studio);
    draw_retargeting(studio);
}

void ReenactPanel::draw_empty(Studio& studio) {
    const bool avatar = studio.document().has_avatar();
    const float width = std::min(px(220), ImGui::GetContentRegionAvail().x);
    const float buttons = avatar ? 4 * (ImGui::GetFrameHeight() + ImGui::GetStyle().ItemSpacing.y) + px(6) : 0;
    ImGui::BeginChild("empty", {0, std::max(px(90), ImGui::GetContentRegionAvail().y - buttons)});
    empty_state(
        ICON_FA_MASKS_THEATER, avatar ? "Nobody drives" : "No avatar",
        avatar ? "Drop a video of somebody on the avatar, and it does what they do." : needs_avatar_text(studio));
    ImGui::EndChild();
    if (!avatar) return;
    const auto offer = [&](const char* command, const char* label, ButtonStyle style) {
        ImGui::SetCursorPosX(0.5f * (ImGui::GetWindowWidth() - width));
        command_button(studio, command, {}, label, style, width);
    };
    offer("reenact.video", ICON_FA_FILM "  Open a video...", ButtonStyle::primary);
    offer("reenact.camera", ICON_FA_VIDEO "  The camera", ButtonStyle::normal);
    offer("reenact.folder", ICON_FA_IMAGES "  A folder of pictures...", ButtonStyle::normal);
    offer("reenact.picture", ICON_FA_FACE_SMILE "  A picture's expression...", ButtonStyle::normal);
}

void ReenactPanel::draw_tracking(Studio& studio) {
    const DriverService& driver = studio.driver();
    const auto jobs = studio.jobs().list();
    const auto job = std::ranges::find(jobs, driver.job().id(), &JobInfo::id);
    if (job == jobs.end()) return;
    ImGui::PushID("tracking");
    ImGui::AlignTextToFramePadding();
    const float button_width = ImGui::GetFrameHeight() + ImGui::GetStyle().ItemSpacing.x;
    ImGui::TextUnformatted(shortened(ICON_FA_FILM "  " + driver.tracked_file().filename().string(),
                                     ImGui::GetContentRegionAvail().x - button_width)
                               .c_str());
    tooltip(driver.tracked_file().string());
    ImGui::SameLine(ImGui::GetWindowWidth() - button_width);
    cancel_button(studio, *job);
    if (const TrackPreview preview = driver.preview(); preview.picture) {
        const ImVec2 from = ImGui::GetCursorScreenPos();
        const float width = ImGui::GetContentRegionAvail().x;
        const float height = std::clamp(width * float(preview.picture->height) / float(preview.picture->width), px(60),
                                        std::max(px(90), 0.6f * ImGui::GetContentRegionAvail().y));
        ImGui::GetWindowDrawList()->AddRectFilled(from, from + ImVec2(width, height), u32(palette().well), px(4));
        view_.draw_tracked(preview, {width, height}, landmarks_);
        ImGui::Dummy({width, height});
    }
    progress_bar(float(job->fraction), progress_words(*job));
    note(job->stage.empty() ? "The video is being looked at." : job->stage);
    ImGui::PopID();
    ImGui::Spacing();
}

// Its name, its picture, and what is done with both.
void ReenactPanel::draw_driver(Studio& studio) {
    const MotionPlayer& motion = studio.motion();
    const float side = ImGui::GetFrameHeight(), gap = px(2);
    const std::string name = studio.motions().name();
    ImGui::AlignTextToFramePadding();
    const Driving* driving = studio.driver().driving();
    const int buttons = driving ? 5 : 3;
    const float taken = float(buttons) * (side + gap) - gap;
    const float room = ImGui::GetContentRegionAvail().x - taken - ImGui::GetStyle().ItemSpacing.x;
    ImGui::TextUnformatted(shortened(name, room).c_str());
    tooltip(motion.title());
    ImGui::SameLine(ImGui::GetCursorPosX() + ImGui::GetContentRegionAvail().x - taken);
    if (driving) {
        if (icon_button("landmarks", ICON_FA_BRAILLE, landmarks_, "Show the landmarks that the tracker saw."))
            landmarks_ = !landmarks_;
        ImGui::SameLine(0, gap);
        if (icon_button("video", ICON_FA_CHART_LINE, false, "Show the video's frames, their errors, what is left out."))
            studio.invoke("panel.video");
        ImGui::SameLine(0, gap);
    }
    const std::string no_film = studio.unavailable("capture.motion");
    if (icon_button("film", ICON_FA_CIRCLE, false,
                    no_film.empty() ? "Save a film of the avatar as it is driven..." : no_film, no_film.empty()))
        studio.invoke("capture.motion");
    ImGui::SameLine(0, gap);
    if (icon_button("open", ICON_FA_FOLDER_OPEN, false, "Drive by another video.")) studio.invoke("reenact.video");
    ImGui::SameLine(0, gap);
    if (icon_button("close", ICON_FA_XMARK, false, "Nobody drives any more: back to one's own pose."))
        studio.invoke("motion.close");
    if (studio.camera().camera()) return draw_camera(studio);
    if (!driving) {
        view_.clear();
        return;
    }
    const FaceTrack& track = *driving->track;
    const float width = ImGui::GetContentRegionAvail().x;
    const float height = std::clamp(width * float(track.height) / float(std::max(track.width, 1)), px(60),
                                    std::max(px(90), 0.48f * ImGui::GetContentRegionAvail().y));
    const ImVec2 from = ImGui::GetCursorScreenPos();
    ImGui::GetWindowDrawList()->AddRectFilled(from, from + ImVec2(width, height), u32(palette().well), px(4));
    if (!view_.draw(studio, {width, height}, landmarks_)) {
        const std::string why = !driving->pictures                     ? "The video is not beside its track."
                                : driving->pictures->problem().empty() ? ""
                                                                       : driving->pictures->problem();
        if (!why.empty()) {
            ImGui::SetCursorScreenPos(from + ImVec2(px(8), px(8)));
            note(why);
        }
        ImGui::SetCursorScreenPos(from);
    }
    if (ImGui::InvisibleButton("picture", {width, height})) studio.invoke("motion.toggle");
    tooltip("The driver at this moment. Click: play or hold.");
}

void ReenactPanel::draw_camera(Studio& studio) {
    const LiveCamera& camera = *studio.camera().camera();
    const TrackPreview seen = camera.driver()->view();
    const float width = ImGui::GetContentRegionAvail().x;
    const float height = std::clamp(
        seen.picture ? width * float(seen.picture->height) / float(seen.picture->width) : 0.75f * width, px(60),
        std::max(px(90), 0.48f * ImGui::GetContentRegionAvail().y));
    const ImVec2 from = ImGui::GetCursorScreenPos();
    ImGui::GetWindowDrawList()->AddRectFilled(from, from + ImVec2(width, height), u32(palette().well), px(4));
    view_.draw_tracked(seen, {width, height}, true);
    ImGui::SetCursorScreenPos(from);
    ImGui::Dummy({width, height});
    std::string words = seen.landmarks ? "" : "Nobody is seen; the avatar waits.  ";
    std::array<char, 64> rate{};
    std::snprintf(rate.data(), rate.size(), "%.0f frames a second", camera.tracked_fps());
    words += rate.data();
    if (const std::optional<double> delay = studio.camera().latency()) {
        std::snprintf(rate.data(), rate.size(), ", %.0f ms from camera to picture", 1000 * *delay);
        words += rate.data();
    }
    note(words);
    command_button(studio, "reenact.camera_off", {}, ICON_FA_VIDEO_SLASH "  Camera off", ButtonStyle::normal, width);
}

void ReenactPanel::draw_retargeting(Studio& studio) {
    if (studio.motions().kind() == MotionKind::keys) {
        note("Key poses are this avatar's own; nothing of them is retargeted.");
        return;
    }
    const RetargetOptions options = studio.motions().options();
    ImGui::BeginChild("retargeting");
    if (const int chosen =
            choice_row("relative", {"Relative", "Absolute"}, options.relative ? 0 : 1,
                       {"Movements count from the driver's neutral face: the avatar keeps its own character.",
                        "Expressions are taken over as they are measured."});
        chosen >= 0)
        studio.invoke("reenact.relative", {{"on", chosen == 0}});
    const float side = ImGui::GetFrameHeight(), gap = px(2);
    command_button(studio, "reenact.calibrate", {}, ICON_FA_CROSSHAIRS "  Calibrate", ButtonStyle::normal,
                   ImGui::GetContentRegionAvail().x - side - gap);
    ImGui::SameLine(0, gap);
    if (icon_button("reset", ICON_FA_ARROW_ROTATE_LEFT, false, studio.commands().find("reenact.reset")->tooltip))
        studio.invoke("reenact.reset");
    ImGui::Spacing();
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(ImGui::GetStyle().ItemSpacing.x, px(3)));
    for (std::size_t g = 0; g < gains.size(); ++g) {
        const bool head = g == std::size_t(MotionGroup::head), freezes = head || g == std::size_t(MotionGroup::body);
        float value = options.gain[g];
        if (slider(studio, gains[g].group,
                   {.label = gains[g].label,
                    .low = 0,
                    .high = 3,
                    .fallback = 1,
                    .unit = "x",
                    .about = std::string(gains[g].about) + " 1 is as the driver, 0 is still.",
                    .width = freezes ? ImGui::GetContentRegionAvail().x - side - gap : 0},
                   value))
            studio.invoke("reenact.gain", {{"group", gains[g].group}, {"value", value}});
        if (!freezes) continue;
        ImGui::SameLine(0, gap);
        const bool on = options.gain[g] == 0;
        if (icon_button(head ? "freeze head" : "freeze torso", ICON_FA_SNOWFLAKE, on,
                        std::string(on ? "Let it move again: " : "Hold it still: ") +
                            (head ? "the head; the face moves on." : "shoulders and all that stands on them.")))
            studio.invoke("reenact.freeze", {{"part", head ? "head" : "torso"}, {"on", !on}});
    }
    float smoothing = options.smoothing;
    if (slider(studio, "smoothing",
               {.label = "Smoothing",
                .low = 0,
                .high = 1,
                .fallback = 0,
                .about = "Steadies the motion; fast movements stay."},
               smoothing))
        studio.invoke("reenact.smoothing", {{"value", smoothing}});
    ImGui::PopStyleVar();
    ImGui::EndChild();
}

}  // namespace likeness::ui

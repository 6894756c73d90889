#include "ui/video_panel.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/tracking/track_repair.h"
#include "ui/icons.h"
#include "ui/theme.h"

namespace likeness::ui {
namespace {

constexpr float least_scale = 0.01f;  // of the error's axis, of the iris distance

const char* state_words(const TrackedFrame& frame, bool left_out) {
    if (left_out) return "left out";
    switch (frame.state) {
        case FrameState::tracked:
            return "tracked";
        case FrameState::no_face:
            return "no face";
        case FrameState::other_person:
            return "another person";
        case FrameState::dropped:
            return "left out";
    }
    return "";
}

// "241 tracked, 20 left out"
std::string count_words(const FaceTrack& track, const MotionEdit& edit) {
    int left_out = 0;
    for (const auto& [from, to] : edit.dropped) left_out += to - from;
    return format_count(track.tracked_count()) + " tracked" +
           (left_out > 0 ? ", " + format_count(std::size_t(left_out)) + " left out" : "");
}

std::string per_cent(float share) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "%.2f %%", double(100 * share));
    return text.data();
}

}  // namespace

double VideoPanel::Scale::seconds(float at) const {
    return std::clamp(double(at - from.x) / double(std::max(1.0f, to.x - from.x)), 0.0, 1.0) * duration;
}

VideoPanel::VideoPanel()
    : Panel("Video", ICON_FA_VIDEO, "The driver's video over its time: pictures, errors, frames that are left out.") {}

void VideoPanel::gather(const Driving& driving) {
    if (gathered_ == driving.track.get()) return;
    gathered_ = driving.track.get();
    if (opened_ != driving.tracked.get()) {
        opened_ = driving.tracked.get();
        first_ = last_ = -1;
        for (Small& small : smalls_) {
            small.shown.reset();
            small.picture.clear();
        }
    }
    doubtful_error_ = doubtful_error(*driving.track);
    doubtful_ = doubtful_frames(*driving.track);
    // All but the worst hundredth fit.
    std::vector<float> errors;
    for (const TrackedFrame& frame : driving.track->frames)
        if (frame.state == FrameState::tracked) errors.push_back(frame.error);
    most_error_ = least_scale;
    if (errors.empty()) return;
    const auto worst = errors.begin() + std::ptrdiff_t(0.99 * double(errors.size() - 1));
    std::nth_element(errors.begin(), worst, errors.end());
    most_error_ = std::max({least_scale, 1.15f * *worst, 1.6f * doubtful_error_});
}

void VideoPanel::draw(Studio& studio) {
    const Driving* driving = studio.driver().driving();
    if (!driving) {
        gathered_ = opened_ = nullptr;
        for (Small& small : smalls_) small.picture.clear();
        if (studio.driver().tracking())
            busy_state("Tracking " + studio.driver().tracked_file().filename().string(),
                       float(studio.driver().job().fraction()));
        else
            empty_state(ICON_FA_VIDEO, "No video drives", "A video of somebody shows here with each frame's error.");
        return;
    }
    gather(*driving);
    draw_actions(studio, *driving);
    const float width = ImGui::GetContentRegionAvail().x, height = ImGui::GetContentRegionAvail().y;
    const bool pictures = driving->pictures != nullptr && height > px(70);
    const float strip = pictures ? std::clamp(0.46f * height, px(30), px(84)) : 0;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const FaceTrack& track = *driving->track;
    const double duration = std::max(track.frames.back().seconds + 1 / track.rate, 1e-3);
    if (pictures) draw_pictures(studio, *driving, {at, at + ImVec2(width, strip), duration});
    const Scale chart = {
        {at.x, at.y + strip + (pictures ? px(3) : 0)}, {at.x + width, at.y + std::max(height, px(40))}, duration};
    draw_errors(studio, *driving, chart);
    draw_marks(studio, *driving, {at, chart.to, duration});
}

void VideoPanel::seek(Studio& studio, const Driving& driving, double video_seconds) {
    const double wanted = std::clamp(video_seconds - driving.begin, 0.0, studio.motion().duration());
    if (wanted != studio.motion().time()) studio.invoke("motion.seek", {{"seconds", wanted}});
}

void VideoPanel::draw_actions(Studio& studio, const Driving& driving) {
    const FaceTrack& track = *driving.track;
    const MotionEdit& edit = studio.motions().edit();
    const int frame = driving.frame_at(studio.motions().playhead());
    const int first = selected() ? first_ : frame, last = selected() ? last_ : frame;
    bool some_in = false, some_out = false;
    for (int f = first; f <= last; ++f) (edit.drops(f) ? some_out : some_in) = true;
    const float gap = px(2);
    const std::string which = selected() ? "the " + std::to_string(last - first + 1) + " chosen frames" : "this frame";
    const Arguments range = {{"from", first}, {"to", last}};
    if (icon_button("drop", ICON_FA_SCISSORS, false, "Leave " + which + " out; the motion goes smoothly over them.",
                    some_in))
        studio.invoke("video.drop", range);
    ImGui::SameLine(0, gap);
    if (icon_button("take back", ICON_FA_ARROW_ROTATE_LEFT, false, "Let " + which + " count again.", some_out))
        studio.invoke("video.take_back", range);
    ImGui::SameLine(0, gap);
    if (icon_button("refit", ICON_FA_WRENCH, false,
                    "Fit " + which + " again, from the frames before and after, and take what is better."))
        studio.invoke("video.refit", range);
    ImGui::SameLine(0, gap);
    const auto counted =
        std::count_if(doubtful_.begin(), doubtful_.end(), [&](std::size_t f) { return !edit.drops(int(f)); });
    if (icon_button("doubtful", ICON_FA_TRIANGLE_EXCLAMATION, false,
                    counted == 0   ? "No frame fits far worse than the others."
                    : counted == 1 ? "One frame fits far worse than the others..."
                                   : format_count(std::size_t(counted)) + " frames fit far worse than the others...",
                    counted > 0))
        ImGui::OpenPopup("doubtful frames");
    draw_doubtful(studio, driving);
    ImGui::SameLine(0, gap);
    const std::string why = studio.unavailable("video.retrack");
    if (icon_button("retrack", ICON_FA_ARROWS_ROTATE, false, why.empty() ? "Track the video again." : why, why.empty()))
        studio.invoke("video.retrack");
    ImGui::SameLine(0, gap);
    if (icon_button("save", ICON_FA_FLOPPY_DISK, false, "Save the track, to open it again without tracking..."))
        studio.invoke("video.save_track");
    ImGui::SameLine();
    ImGui::AlignTextToFramePadding();
    const TrackedFrame& now = track.frames[std::size_t(frame)];
    std::string words = "Frame " + std::to_string(frame + 1) + " of " + std::to_string(track.frames.size());
    const std::string state = state_words(now, edit.drops(frame));
    const float room = ImGui::GetContentRegionAvail().x;
    const auto add = [&](const std::string& more) {
        if (ImGui::CalcTextSize((words + "   " + more).c_str()).x < room) words += "   " + more;
    };
    add(now.state == FrameState::tracked ? state + ", error " + per_cent(now.error) : state);
    if (selected())
        add("chosen: " + std::to_string(first + 1) + " to " + std::to_string(last + 1));
    else
        add(count_words(track, edit));
    ImGui::TextUnformatted(shortened(words, room).c_str());
    tooltip(driving.file.string() + "\n" + std::to_string(track.width) + " x " + std::to_string(track.height) +
            " pixels, " + std::to_string(int(std::lround(track.rate))) +
            " frames a second.\nThe error is the median distance of landmarks over that of the irises.");
}

// What is done with those frames together.
void VideoPanel::draw_doubtful(Studio& studio, const Driving& driving) {
    if (!ImGui::BeginPopup("doubtful frames")) return;
    const MotionEdit& edit = studio.motions().edit();
    note("Their error is above " + per_cent(doubtful_error_) + ", 1.8 times the usual one.");
    if (ImGui::MenuItem("Go to the next one")) {
        const int here = driving.frame_at(studio.motions().playhead());
        std::vector<int> left;
        for (const std::size_t f : doubtful_)
            if (!edit.drops(int(f))) left.push_back(int(f));
        if (!left.empty()) {
            const auto next = std::upper_bound(left.begin(), left.end(), here);
            first_ = last_ = next == left.end() ? left.front() : *next;
            seek(studio, driving, driving.track->frames[std::size_t(first_)].seconds);
        }
    }
    command_item(studio, "video.refit", {{"doubtful", true}}, "Fit all of them again");
    command_item(studio, "video.drop", {{"doubtful", true}}, "Leave all of them out");
    ImGui::EndPopup();
}

void VideoPanel::draw_pictures(Studio& studio, const Driving& driving, const Scale& scale) {
    const float width = scale.to.x - scale.from.x, height = scale.to.y - scale.from.y;
    ImGui::InvisibleButton("pictures", {width, height});
    if (ImGui::IsItemActive()) seek(studio, driving, scale.seconds(ImGui::GetIO().MousePos.x));
    if (!ImGui::IsItemActive()) tooltip("Click or drag to go through the video.");
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled(scale.from, scale.to, u32(palette().well), px(4));
    const float each = height * float(driving.track->width) / float(std::max(1, driving.track->height));
    const int count = std::clamp(int(std::ceil(width / std::max(each, px(8)))), 1, int(VideoPictures::along));
    draw.PushClipRect(scale.from, scale.to, true);
    for (int i = 0; i < count; ++i) {
        // Each shows the moment of its own middle.
        const float left = scale.from.x + width * float(i) / float(count),
                    right = scale.from.x + width * float(i + 1) / float(count);
        const auto which = std::size_t((float(i) + 0.5f) / float(count) * float(VideoPictures::along));
        Small& small = smalls_[std::min(which, smalls_.size() - 1)];
        if (const auto shown = driving.pictures->small(which); shown && shown != small.shown) {
            small.shown = shown;
            small.picture.set(shown->picture);
        }
        if (!small.picture.ready()) continue;
        // The middle of it, where it is wider or higher than its place.
        const float w = float(small.picture.width()), h = float(small.picture.height());
        const float grow = std::max((right - left) / w, height / h);
        const float u = 0.5f * (right - left) / (grow * w), v = 0.5f * height / (grow * h);
        draw.AddImage(small.picture.reference(), {left, scale.from.y}, {right, scale.to.y}, {0.5f - u, 0.5f - v},
                      {0.5f + u, 0.5f + v});
    }
    draw.PopClipRect();
}

void VideoPanel::draw_errors(Studio& studio, const Driving& driving, const Scale& scale) {
    const auto& frames = driving.track->frames;
    const MotionEdit& edit = studio.motions().edit();
    ImGui::SetCursorScreenPos(scale.from);
    ImGui::InvisibleButton("errors", {scale.to.x - scale.from.x, scale.to.y - scale.from.y});
    const double under = scale.seconds(ImGui::GetIO().MousePos.x);
    const auto frame_of = [&](double seconds) {
        return driving.frame_at(seconds - driving.begin - 0.5 / driving.track->rate);
    };
    if (ImGui::IsItemActivated()) {
        drag_from_ = under;
        dragged_ = false;
    }
    if (ImGui::IsItemActive() && ImGui::IsMouseDragging(ImGuiMouseButton_Left)) dragged_ = true;
    if (ImGui::IsItemActive() && dragged_) {
        first_ = frame_of(std::min(drag_from_, under));
        last_ = frame_of(std::max(drag_from_, under));
    } else if (ImGui::IsItemDeactivated() && !dragged_) {
        first_ = last_ = -1;
        seek(studio, driving, under);
    }
    if (ImGui::IsItemHovered() && !ImGui::IsItemActive()) {
        const int f = frame_of(under);
        const TrackedFrame& frame = frames[std::size_t(f)];
        tooltip("Frame " + std::to_string(f + 1) + ": " + state_words(frame, edit.drops(f)) +
                (frame.state == FrameState::tracked ? ", error " + per_cent(frame.error) : std::string()) +
                ".\nClick: go there. Drag: choose frames.");
    }
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled(scale.from, scale.to, u32(palette().well), px(4));
    const float bottom = scale.to.y - px(3), room = bottom - scale.from.y - px(4);
    // One line a pixel column: the worst frame in it.
    const int columns = std::max(1, int(scale.to.x - scale.from.x));
    std::size_t f = 0;
    for (int c = 0; c < columns; ++c) {
        const double end = scale.seconds(scale.from.x + float(c) + 1);
        const std::size_t begin = f;
        while (f < frames.size() && frames[f].seconds < end) ++f;
        // A frame wider than a column fills those that begin before the next one.
        const std::size_t a = begin < f ? begin : (f > 0 ? f - 1 : 0),
                          b = begin < f ? f : std::min(a + 1, frames.size());
        float error = -1;
        bool lost = false, other = false, out = false;
        for (std::size_t k = a; k < b; ++k) {
            if (frames[k].state == FrameState::tracked) error = std::max(error, frames[k].error);
            lost |= frames[k].state == FrameState::no_face;
            other |= frames[k].state == FrameState::other_person;
            out |= edit.drops(int(k));
        }
        const float x = scale.from.x + float(c) + 0.5f;
        if (lost || other)
            draw.AddLine({x, scale.from.y}, {x, scale.to.y}, u32(lost ? palette().bad : palette().warning, 0.35f));
        if (out) draw.AddLine({x, scale.from.y}, {x, scale.to.y}, u32(palette().faint, 0.45f));
        if (error < 0) continue;
        const float y = bottom - room * std::min(1.0f, error / most_error_);
        const bool doubtful = error > doubtful_error_ && !out;
        draw.AddLine({x, bottom}, {x, y}, u32(doubtful ? palette().bad : palette().curve[1], out ? 0.25f : 0.8f));
        if (doubtful) draw.AddLine({x, y}, {x, scale.from.y}, u32(palette().bad, 0.3f));
    }
    if (doubtful_error_ < most_error_) {
        const float y = bottom - room * doubtful_error_ / most_error_;
        for (float x = scale.from.x; x < scale.to.x; x += px(9))
            draw.AddLine({x, y}, {std::min(x + px(5), scale.to.x), y}, u32(palette().text, 0.55f), px(1));
    }
    draw.AddText({scale.from.x + px(5), scale.from.y + px(1)}, u32(palette().dim), "Error");
    const std::string top = per_cent(most_error_);
    draw.AddText({scale.to.x - ImGui::CalcTextSize(top.c_str()).x - px(5), scale.from.y + px(1)}, u32(palette().dim),
                 top.c_str());
    if (!selected()) return;
    const float left = scale.x(frames[std::size_t(first_)].seconds),
                right = scale.x(frames[std::size_t(last_)].seconds + 1 / driving.track->rate);
    draw.AddRectFilled({left, scale.from.y}, {right, scale.to.y}, u32(palette().accent, 0.28f));
    draw.AddRect({left, scale.from.y}, {right, scale.to.y}, u32(palette().accent_strong, 0.8f));
}

// Over both rows: cuts, the part that does not play, the playhead.
void VideoPanel::draw_marks(Studio& studio, const Driving& driving, const Scale& scale) const {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.PushClipRect(scale.from, scale.to, true);
    for (const TrackedFrame& frame : driving.track->frames) {
        if (!frame.cut) continue;
        const float x = scale.x(frame.seconds);
        for (float y = scale.from.y; y < scale.to.y; y += px(6))
            draw.AddLine({x, y}, {x, y + px(3)}, u32(palette().text, 0.8f));
    }
    const MotionPlayer& motion = studio.motion();
    const float in = scale.x(driving.begin + motion.in()), out = scale.x(driving.begin + motion.out());
    const ImU32 shade = u32(palette().panel, 0.66f);
    if (in > scale.from.x) draw.AddRectFilled(scale.from, {in, scale.to.y}, shade);
    if (out < scale.to.x - 1) draw.AddRectFilled({out, scale.from.y}, scale.to, shade);
    const float x = scale.x(driving.begin + motion.time());
    draw.AddLine({x, scale.from.y}, {x, scale.to.y}, u32(palette().accent_strong), px(1.6f));
    draw.PopClipRect();
}

}  // namespace likeness::ui

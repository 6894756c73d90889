#include "ui/motion_panel.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <numbers>
#include <numeric>
#include <string_view>

#include "core/motion/motion_track.h"
#include "ui/icons.h"
#include "ui/theme.h"
#include "ui/widgets.h"

namespace likeness::ui {
namespace {

constexpr std::size_t curve_samples = 400, curve_count = 4;
constexpr float key_row = 20, key_size = 6;  // units: height of the row of key poses, half a diamond

std::string time_text(double seconds) {
    std::array<char, 32> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%d:%05.2f", int(seconds) / 60, seconds - 60 * (int(seconds) / 60));
    return buffer.data();
}

// A control's name without its side: left and right mostly move together.
std::string sideless(const std::string& name) {
    for (const std::string_view side : {"Left", "Right"})
        if (name.size() > side.size() && name.ends_with(side)) return name.substr(0, name.size() - side.size());
    return name;
}

// "27 of 30 fps, 4 left out"
std::string rate_text(const MotionPlayer& motion, double now) {
    const PlaybackRate& rate = motion.rate();
    if (rate.frames() < 2) return "";
    std::array<char, 64> text{};
    const double wanted = motion.source()->rate() * (motion.live() ? 1 : motion.speed);
    std::snprintf(text.data(), text.size(), "%.0f of %.0f fps", rate.per_second(now), wanted);
    return text.data() + (rate.dropped() > 0 ? ", " + format_count(rate.dropped()) + " left out" : std::string());
}

// What is added to a control or a joint.
struct Added {
    std::string name;
    float amount = 0;  // of a joint: degrees
    bool joint = false;
    std::string words() const {
        std::array<char, 32> number{};
        std::snprintf(number.data(), number.size(), joint ? " %.0f\u00b0" : " %+.2f", double(amount));
        return readable(name) + number.data();
    }
};

std::vector<Added> added_to(const HeadModel& model, const HeadPose& offset) {
    std::vector<Added> list;
    for (int c = 0; c < int(offset.controls.size()); ++c)
        if (offset.controls[c] != 0) list.push_back({model.control_names[std::size_t(c)], offset.controls[c]});
    for (int j = 0; j < int(offset.joints.cols()); ++j)
        if (!offset.joints.col(j).isZero(0))
            list.push_back({model.joint_names[std::size_t(j)],
                            offset.joints.col(j).norm() * 180 / std::numbers::pi_v<float>, true});
    return list;
}

}  // namespace

MotionPanel::MotionPanel()
    : Panel("Motion", ICON_FA_FILM,
            "Plays a motion on the avatar: in and out points, key poses, what is recorded of it.") {}

// The curves that move most, of two sides one, stand for the whole track.
void MotionPanel::gather(const MotionTrack& track) {
    curves_.clear();
    const std::size_t names = track.names.size(), frames = track.frame_count();
    if (names == 0 || frames == 0) return;
    std::vector<float> movement(names, 0);
    for (std::size_t f = 1; f < frames; ++f)
        for (std::size_t n = 0; n < names; ++n)
            movement[n] += std::abs(track.weights[f * names + n] - track.weights[(f - 1) * names + n]);
    std::vector<std::size_t> order(names);
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return movement[a] > movement[b]; });
    for (const std::size_t control : order) {
        const std::string& name = track.names[control];
        if (std::any_of(curves_.begin(), curves_.end(),
                        [&](const Curve& c) { return sideless(c.name) == sideless(name); }))
            continue;
        Curve curve{name, {}};
        for (std::size_t s = 0; s < curve_samples; ++s) {
            const std::size_t f = std::min(frames - 1, s * frames / curve_samples);
            curve.values.push_back(std::clamp(track.weights[f * names + control], 0.0f, 1.0f));
        }
        curves_.push_back(std::move(curve));
        if (curves_.size() == curve_count) break;
    }
}

void MotionPanel::draw(Studio& studio) {
    const MotionPlayer& motion = studio.motion();
    if (!motion.loaded()) {
        gathered_ = nullptr;
        const float width = px(160);
        ImGui::BeginChild("empty", {0, ImGui::GetContentRegionAvail().y - ImGui::GetFrameHeight() - px(6)});
        empty_state(ICON_FA_FILM, "No motion is open",
                    studio.document().splats ? "Splats have no face that a motion could move."
                                             : "A tracked video or a recording of ARKit expressions moves the face.");
        ImGui::EndChild();
        const bool avatar = studio.document().has_avatar();
        const bool keys = !studio.document().state.keys->keys.empty();
        const float both = 2 * width + ImGui::GetStyle().ItemSpacing.x;
        const bool beside = avatar && both < ImGui::GetContentRegionAvail().x;
        ImGui::SetCursorPosX(0.5f * (ImGui::GetWindowWidth() - (beside ? both : width)));
        command_button(studio, "motion.open", {}, ICON_FA_FOLDER_OPEN "  Open motion...",
                       avatar ? ButtonStyle::primary : ButtonStyle::normal, width);
        if (!beside) return;
        ImGui::SameLine();
        command_button(studio, keys ? "key.play" : "key.add", {},
                       keys ? ICON_FA_DIAMOND "  Play key poses" : ICON_FA_DIAMOND "  Add a key pose",
                       ButtonStyle::normal, width);
        return;
    }
    const MotionTrack* track = motion.source()->track();
    if (!track) curves_.clear();
    if (track && gathered_ != track) gather(*track);
    gathered_ = track;
    draw_transport(studio);
    const bool added = studio.motions().has_offset() && studio.document().has_avatar();
    const bool keys = !motion.live() && studio.document().has_avatar() && !studio.document().state.keys->keys.empty();
    if (!motion.live()) draw_timeline(studio, (added ? ImGui::GetFrameHeight() + px(4) : 0) + (keys ? px(key_row) : 0));
    if (keys) draw_keys(studio);
    if (added) draw_offset(studio);
}

void MotionPanel::draw_transport(Studio& studio) {
    const MotionPlayer& motion = studio.motion();
    const bool ends = !motion.live();
    if (ends) {
        if (icon_button("start", ICON_FA_BACKWARD_STEP, false, "To the beginning."))
            studio.invoke("motion.seek", {{"seconds", 0.0}});
        ImGui::SameLine(0, px(2));
        if (icon_button("back", ICON_FA_CARET_LEFT, false, "One frame back (,)."))
            studio.invoke("motion.step", {{"frames", -1}});
        ImGui::SameLine(0, px(2));
    }
    if (icon_button("play", motion.playing() ? ICON_FA_PAUSE : ICON_FA_PLAY, motion.playing(),
                    motion.playing() ? "Hold (Space)." : "Play (Space).", studio.document().has_avatar()))
        studio.invoke("motion.toggle");
    if (ends) {
        ImGui::SameLine(0, px(2));
        if (icon_button("next", ICON_FA_CARET_RIGHT, false, "One frame on (.)."))
            studio.invoke("motion.step", {{"frames", 1}});
        ImGui::SameLine(0, px(2));
        if (icon_button("loop", ICON_FA_REPEAT, motion.loop, "Begin again at the end."))
            studio.invoke("motion.loop", {{"on", !motion.loop}});
    }
    ImGui::SameLine();
    // What does not fit is left out: the file's name first (it is in the tooltip), then the speed, then the duration.
    const float side = ImGui::GetFrameHeight(), gap = ImGui::GetStyle().ItemSpacing.x, speed_width = px(150);
    const float buttons = 3 * side + 2 * px(2);
    float room = ImGui::GetContentRegionAvail().x - buttons - gap;
    std::string time = ends ? time_text(motion.time()) + " / " + time_text(motion.duration()) : "Live";
    if (ends && ImGui::CalcTextSize(time.c_str()).x > room) time = time_text(motion.time());
    room -= ImGui::CalcTextSize(time.c_str()).x + gap;
    const std::string rate = motion.playing() ? rate_text(motion, studio.now()) : "";
    const float rate_width = rate.empty() ? 0 : ImGui::CalcTextSize(rate.c_str()).x + gap;
    const bool with_rate = rate_width > 0 && rate_width < room;
    if (with_rate) room -= rate_width;
    const bool with_speed = ends && room > speed_width + gap;
    if (with_speed) room -= speed_width + gap;
    float speed = float(motion.speed);
    if (with_speed && slider(studio, "speed",
                             {.label = "Speed",
                              .low = 0.1f,
                              .high = 4,
                              .fallback = 1,
                              .format = "%.2f",
                              .unit = "x",
                              .about = "How fast it plays.",
                              .width = speed_width,
                              .logarithmic = true},
                             speed))
        studio.invoke("motion.speed", {{"value", speed}});
    if (with_speed) ImGui::SameLine();
    ImGui::AlignTextToFramePadding();
    ImGui::TextUnformatted(time.c_str());
    if (with_rate) {
        ImGui::SameLine();
        ImGui::PushStyleColor(ImGuiCol_Text, motion.rate().dropped() > 0 ? palette().warning : palette().dim);
        ImGui::TextUnformatted(rate.c_str());
        ImGui::PopStyleColor();
        tooltip(
            "Frames of the motion that are shown in a second, and those left out since it began to play: pictures "
            "that take too long are left out, so that its time stays true.");
    }
    const std::string name = std::filesystem::path(motion.title()).filename().string();
    if (ImGui::CalcTextSize(name.c_str()).x < room) {
        ImGui::SameLine();
        ImGui::PushStyleColor(ImGuiCol_Text, palette().dim);
        ImGui::TextUnformatted(name.c_str());
        ImGui::PopStyleColor();
    }
    const MotionTrack* track = motion.source()->track();
    tooltip(motion.title() + "\n" + (track ? format_count(track->frame_count()) + " frames, " : "") +
            std::to_string(motion.source()->names().size()) + " controls");
    ImGui::SameLine();
    const float end = ImGui::GetCursorPosX() + ImGui::GetContentRegionAvail().x - buttons;
    if (ImGui::GetCursorPosX() > end) return ImGui::NewLine();  // menu and keys remain
    ImGui::SetCursorPosX(end);
    if (icon_button("more", ICON_FA_ELLIPSIS, studio.motions().take().running,
                    "In and out points, key poses, saving and recording."))
        ImGui::OpenPopup("actions");
    draw_actions(studio);
    ImGui::SameLine(0, px(2));
    if (icon_button("open", ICON_FA_FOLDER_OPEN, false, "Open another motion.")) studio.invoke("motion.open");
    ImGui::SameLine(0, px(2));
    if (icon_button("close", ICON_FA_XMARK, false, "Close the motion: back to one's own pose."))
        studio.invoke("motion.close");
}

void MotionPanel::draw_actions(Studio& studio) {
    if (!ImGui::BeginPopup("actions")) return;
    if (!studio.motion().live()) {
        command_item(studio, "motion.in");
        command_item(studio, "motion.out");
        command_item(studio, "motion.whole");
        ImGui::Separator();
        command_item(studio, "key.add");
        command_item(studio, "key.remove");
        if (studio.motions().kind() != MotionKind::keys) command_item(studio, "key.play");
        ImGui::Separator();
    }
    const bool running = studio.motions().take().running;
    command_item(studio, "motion.record", {{"on", !running}}, running ? "End recording" : "", running);
    command_item(studio, "motion.save");
    command_item(studio, "capture.motion");
    ImGui::EndPopup();
}

// What lies outside of the in and out points is dark; their handles can be dragged.
void MotionPanel::draw_range(Studio& studio, const ImVec2& from, const ImVec2& to, double duration) {
    const MotionPlayer& motion = studio.motion();
    const float width = to.x - from.x, handle = px(9), ruler = ImGui::GetTextLineHeight() + px(2);
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const auto point = [&](const char* id, double seconds, bool is_out) {
        const float x = from.x + float(seconds / duration) * width;
        const ImVec2 a = {is_out ? x - handle : x, from.y}, b = {is_out ? x : x + handle, from.y + ruler};
        if (is_out ? seconds >= duration : seconds <= 0) return;  // not set
        ImGui::SetCursorScreenPos(a);
        ImGui::InvisibleButton(id, {handle, ruler});
        const bool hot = ImGui::IsItemHovered() || ImGui::IsItemActive();
        if (ImGui::IsItemActivated()) studio.begin_gesture();
        if (ImGui::IsItemActive() && ImGui::IsMouseDragging(ImGuiMouseButton_Left, 1)) {
            const double wanted = std::clamp(double((ImGui::GetIO().MousePos.x - from.x) / width), 0.0, 1.0) * duration;
            if (is_out ? wanted > motion.in() : wanted < motion.out())
                studio.invoke(is_out ? "motion.out" : "motion.in", {{"seconds", wanted}});
        }
        if (ImGui::IsItemDeactivated()) studio.end_gesture();
        tooltip(is_out ? "Where it ends to play (O). Drag to move it."
                       : "Where it begins to play (I). Drag to move it.");
        const ImU32 color = u32(palette().warning, hot ? 1 : 0.85f);
        draw.AddRectFilled(is_out ? ImVec2(x, from.y) : from, is_out ? to : ImVec2(x, to.y),
                           u32(palette().panel, 0.6f));
        draw.AddLine({x, from.y}, {x, to.y}, color, px(1.4f));
        if (is_out)
            draw.AddTriangleFilled({x, from.y}, {x, b.y}, {a.x, from.y + 0.5f * ruler}, color);
        else
            draw.AddTriangleFilled({x, from.y}, {b.x, from.y + 0.5f * ruler}, {x, b.y}, color);
    };
    point("in point", motion.in(), false);
    point("out point", motion.out(), true);
}

// The document's key poses as diamonds at their times.
void MotionPanel::draw_keys(Studio& studio) {
    const MotionPlayer& motion = studio.motion();
    const KeyPoses& poses = *studio.document().state.keys;
    const double duration = std::max(motion.duration(), 1e-3);
    ImGui::SetCursorPosY(ImGui::GetCursorPosY() - ImGui::GetStyle().ItemSpacing.y);
    const ImVec2 from = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x, middle = from.y + px(0.5f * key_row);
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const float radius = px(key_size);
    draw.AddLine({from.x, middle}, {from.x + width, middle}, u32(palette().faint, 0.35f));
    const std::vector<KeyPose> keys = poses.keys;  // commands change them
    for (std::size_t k = 0; k < keys.size(); ++k) {
        const double at = keys[k].seconds;
        const bool dragged = dragged_key_ == at;
        const double shown = dragged ? dragged_to_ : at;
        if (shown > duration) continue;
        const float x = std::clamp(from.x + float(shown / duration) * width, from.x + radius, from.x + width - radius);
        ImGui::SetCursorScreenPos({x - radius, middle - radius});
        ImGui::PushID(int(k));
        ImGui::InvisibleButton("key", {2 * radius, 2 * radius});
        const bool hot = ImGui::IsItemHovered() || ImGui::IsItemActive();
        if (ImGui::IsItemActive() && ImGui::IsMouseDragging(ImGuiMouseButton_Left, px(3))) {
            dragged_key_ = at;
            dragged_to_ = std::clamp(double((ImGui::GetIO().MousePos.x - from.x) / width), 0.0, 1.0) * duration;
        }
        if (ImGui::IsItemDeactivated()) {
            if (dragged)
                studio.invoke("key.move", {{"from", at}, {"to", dragged_to_}});
            else if (!motion.live())
                studio.invoke("motion.seek", {{"seconds", at}});
            dragged_key_ = -1;
        }
        if (!ImGui::IsItemActive())
            tooltip("Key pose at " + time_text(at) + ".\nClick: go there. Drag: another time. Right click: more.");
        if (ImGui::BeginPopupContextItem("key pose")) {
            command_item(studio, "key.add", {{"seconds", at}}, "Take the pose that is shown");
            command_item(studio, "key.remove", {{"seconds", at}});
            ImGui::EndPopup();
        }
        const bool here = std::abs(motion.time() - shown) < same_key_seconds;
        draw.AddQuadFilled({x, middle - radius}, {x + radius, middle}, {x, middle + radius}, {x - radius, middle},
                           u32(hot || here ? palette().accent_strong : palette().accent));
        ImGui::PopID();
    }
    ImGui::SetCursorScreenPos(from);
    ImGui::Dummy({width, px(key_row) - ImGui::GetStyle().ItemSpacing.y});
}

void MotionPanel::draw_timeline(Studio& studio, float below) {
    const MotionPlayer& motion = studio.motion();
    if (!motion.loaded()) return;
    const float width = ImGui::GetContentRegionAvail().x,
                height = std::max(px(36), ImGui::GetContentRegionAvail().y - below);
    const ImVec2 from = ImGui::GetCursorScreenPos(), to = {from.x + width, from.y + height};
    const double duration = std::max(motion.duration(), 1e-3);
    ImGui::SetNextItemAllowOverlap();
    ImGui::InvisibleButton("timeline", {width, height});
    const auto x_of = [&](double seconds) { return from.x + float(seconds / duration) * width; };
    if (ImGui::IsItemActivated()) {
        was_playing_ = motion.playing();
        scrubbing_ = true;
        studio.invoke("motion.pause");
    }
    if (ImGui::IsItemActive()) {
        const double wanted =
            std::clamp(double(ImGui::GetIO().MousePos.x - from.x) / double(width), 0.0, 1.0) * duration;
        if (wanted != motion.time()) studio.invoke("motion.seek", {{"seconds", wanted}});
    }
    if (ImGui::IsItemDeactivated() && scrubbing_) {
        scrubbing_ = false;
        if (was_playing_) studio.invoke("motion.play");
    }
    if (!ImGui::IsItemActive()) tooltip("Drag to go through the motion. The curves are the controls that move most.");
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled(from, to, u32(palette().well), px(5));
    // A mark every 1, 2, 5, 10, ... seconds, at least 70 units apart.
    double step = 1;
    for (const double factor : {2.0, 2.5, 2.0, 2.0, 2.5, 2.0, 2.0, 2.5, 2.0}) {
        if (step / duration * double(width) >= double(px(70))) break;
        step *= factor;
    }
    const float ruler = ImGui::GetTextLineHeight() + px(2);
    // The names of as many curves as leave room for times, those that move most first.
    const float gap = px(14);
    std::vector<std::string> names;
    float legend = to.x - px(8) + gap;
    for (const auto& curve : curves_) {
        const std::string name = readable(curve.name);
        const float begin = legend - ImGui::CalcTextSize(name.c_str()).x - gap;
        if (begin < from.x + 0.36f * width) break;
        legend = begin;
        names.push_back(name);
    }
    for (double t = 0; t < duration; t += step) {
        std::array<char, 16> label{};
        std::snprintf(label.data(), label.size(), "%.0f s", t);
        const bool covered = !names.empty() && x_of(t) > legend - gap;
        draw.AddLine({x_of(t), covered ? from.y + ruler : from.y}, {x_of(t), to.y}, u32(palette().faint, 0.3f));
        if (x_of(t) + px(4) + ImGui::CalcTextSize(label.data()).x < (names.empty() ? to.x : legend - gap))
            draw.AddText({x_of(t) + px(4), from.y + px(1)}, u32(palette().dim), label.data());
    }
    float at = legend;
    for (std::size_t k = 0; k < names.size(); ++k) {
        draw.AddText({at, from.y + px(1)}, u32(palette().curve[k % 4]), names[k].c_str());
        at += ImGui::CalcTextSize(names[k].c_str()).x + gap;
    }
    const float top = from.y + ruler, room = to.y - top - px(4);
    const HeadPose& offset = studio.motions().offset();
    const auto added = [&](const std::string& name) {
        const int control = studio.document().has_avatar() ? studio.document().model()->control(name) : -1;
        return control >= 0 && control < offset.controls.size() ? offset.controls[control] : 0.0f;
    };
    std::vector<ImVec2> points;
    for (std::size_t k = 0; k < curves_.size(); ++k) {
        points.clear();
        for (std::size_t s = 0; s < curves_[k].values.size(); ++s)
            points.push_back(
                {from.x + width * float(s) / float(curves_[k].values.size() - 1),
                 top + room * (1 - std::clamp(curves_[k].values[s] + added(curves_[k].name), 0.0f, 1.0f))});
        draw.AddPolyline(points.data(), int(points.size()), u32(palette().curve[k % 4], 0.8f), px(1.2f));
    }
    const ImVec2 after = ImGui::GetCursorScreenPos();
    draw_range(studio, from, to, duration);
    ImGui::SetCursorScreenPos({after.x, after.y - ImGui::GetStyle().ItemSpacing.y});
    ImGui::Dummy({0, 0});
    const float x = x_of(motion.time());
    draw.AddLine({x, from.y}, {x, to.y}, u32(palette().accent_strong), px(1.6f));
    draw.AddTriangleFilled({x - px(5), from.y}, {x + px(5), from.y}, {x, from.y + px(7)}, u32(palette().accent_strong));
}

// The row of what editing has added to the motion, over all of its time.
void MotionPanel::draw_offset(Studio& studio) {
    const std::vector<Added> list = added_to(*studio.document().model(), studio.motions().offset());
    const float side = ImGui::GetFrameHeight(), gap = px(4);
    const float width = std::max(px(40), ImGui::GetContentRegionAvail().x - side - gap);
    ImGui::SetCursorPosY(ImGui::GetCursorPosY() - ImGui::GetStyle().ItemSpacing.y + gap);
    const ImVec2 from = ImGui::GetCursorScreenPos(), to = {from.x + width, from.y + side};
    if (ImGui::InvisibleButton("added", {width, side})) ImGui::OpenPopup("added to the motion");
    const bool hot = ImGui::IsItemHovered();
    std::string words, all;
    for (const Added& added : list) {
        words += (words.empty() ? "" : ", ") + added.words();
        all += "\n" + added.words();
    }
    tooltip("Added to every frame of the motion by editing:" + all + "\nClick to change or clear it.");
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled(from, to, u32(hot ? palette().accent : palette().fill, hot ? 0.55f : 1), px(5));
    const ImVec2 at = {from.x + px(8), from.y + ImGui::GetStyle().FramePadding.y};
    draw.AddText(at, ImGui::GetColorU32(ImGuiCol_Text),
                 shortened(ICON_FA_LAYER_GROUP "  Added  " + words, width - px(16)).c_str());
    ImGui::SameLine(0, gap);
    if (icon_button("clear added", ICON_FA_XMARK, false,
                    "Take away all that was added: the motion as it was recorded."))
        studio.invoke("motion.clear_offset");
    ImGui::SetNextWindowPos({from.x, from.y - gap}, ImGuiCond_Always, {0, 1});
    if (!ImGui::BeginPopup("added to the motion")) return;
    for (const Added& added : list) {
        ImGui::PushID(added.name.c_str());
        if (icon_button("clear", ICON_FA_XMARK, false, "Take it away."))
            studio.invoke("motion.clear_offset", {{"name", added.name}});
        ImGui::SameLine(0, gap);
        float amount = added.amount;
        if (added.joint) {
            ImGui::AlignTextToFramePadding();
            ImGui::TextUnformatted(added.words().c_str());
        } else if (slider(studio, "amount",
                          {.label = readable(added.name),
                           .low = -1,
                           .high = 1,
                           .format = "%+.2f",
                           .about = "Added to every frame of the motion.",
                           .width = px(240)},
                          amount)) {
            studio.invoke("motion.offset", {{"name", added.name}, {"value", amount}});
        }
        ImGui::PopID();
    }
    if (list.empty()) ImGui::CloseCurrentPopup();
    ImGui::EndPopup();
}

}  // namespace likeness::ui

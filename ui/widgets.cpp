#include "ui/widgets.h"

#include <imgui_internal.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>

#include "ui/icons.h"
#include "ui/theme.h"

namespace likeness::ui {
namespace {

// Pushes the look of a button while it lives.
class ButtonLook {
  public:
    explicit ButtonLook(ButtonStyle style) {
        const Palette& p = palette();
        if (style == ButtonStyle::primary) {
            push(ImGuiCol_Button, p.accent);
            push(ImGuiCol_ButtonHovered, p.accent_strong);
            push(ImGuiCol_ButtonActive, p.accent);
            push(ImGuiCol_Text, p.on_accent);
        } else if (style == ButtonStyle::flat) {
            push(ImGuiCol_Button, {});
        }
    }
    ~ButtonLook() { ImGui::PopStyleColor(count_); }
    ButtonLook(const ButtonLook&) = delete;
    ButtonLook& operator=(const ButtonLook&) = delete;

  private:
    void push(ImGuiCol color, const ImVec4& value) {
        ImGui::PushStyleColor(color, value);
        ++count_;
    }
    int count_ = 0;
};

std::string about_command(const Command& command, const std::string& reason, const std::string& keys) {
    std::string text = command.tooltip;
    if (!keys.empty()) text += (text.empty() ? "" : "\n") + std::string("Shortcut: ") + keys;
    if (!reason.empty()) text += (text.empty() ? "" : "\n") + std::string("Not now: ") + reason;
    return text;
}

std::string printed(const SliderSpec& spec, float value) {
    std::array<char, 64> buffer{};
    std::snprintf(buffer.data(), buffer.size(), spec.format, double(value));
    std::string number = buffer.data();
    if (number.find_first_of("123456789") == std::string::npos) std::erase(number, '-');  // not "-0.0"
    return number + spec.unit;
}

}  // namespace

void tooltip(const std::string& text) {
    // What is held is looked at, and would lie under its own words.
    if (text.empty() || ImGui::IsAnyMouseDown() || !ImGui::IsItemHovered(ImGuiHoveredFlags_ForTooltip)) return;
    if (!ImGui::BeginTooltip()) return;
    ImGui::PushTextWrapPos(px(320));
    ImGui::TextUnformatted(text.c_str());
    ImGui::PopTextWrapPos();
    ImGui::EndTooltip();
}

bool slider(Studio& studio, const char* id, const SliderSpec& spec, float& value) {
    const Palette& p = palette();
    const float width = spec.width > 0 ? spec.width : ImGui::GetContentRegionAvail().x;
    const ImVec2 from = ImGui::GetCursorScreenPos();
    const ImVec2 to = {from.x + width, from.y + ImGui::GetFrameHeight()};
    const float rounding = ImGui::GetStyle().FrameRounding;
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    ImGui::PushID(id);
    const ImGuiID item = ImGui::GetID("##value");
    const bool typing = ImGui::TempInputIsActive(item);
    if (!typing) {
        const bool hot = GImGui->HoveredIdPreviousFrame == item || GImGui->ActiveId == item;
        draw.AddRectFilled(from, to, ImGui::GetColorU32(hot ? ImGuiCol_FrameBgHovered : ImGuiCol_FrameBg), rounding);
        const auto share = [&](float v) {
            if (spec.logarithmic) return std::log(v / spec.low) / std::log(spec.high / spec.low);
            return (v - spec.low) / (spec.high - spec.low);
        };
        // Filled from the resting value, so that a slider at rest looks empty.
        const float rest = spec.logarithmic ? 0 : std::clamp(share(spec.fallback), 0.0f, 1.0f);
        const float now = std::clamp(share(value), 0.0f, 1.0f);
        const bool moved = std::abs(now - rest) > 1e-4f;
        if (moved) {
            draw.PushClipRect({from.x + width * std::min(rest, now), from.y},
                              {from.x + width * std::max(rest, now), to.y}, true);
            draw.AddRectFilled(from, to, u32(hot ? p.accent : p.fill, hot ? 0.55f : 1), rounding);
            draw.PopClipRect();
        }
        const float x = from.x + width * now;
        // At rest a mark that leaves the label alone.
        draw.AddRectFilled({x - px(1), moved || hot ? from.y + px(2) : to.y - px(5)}, {x + px(1), to.y - px(2)},
                           u32(moved || hot ? p.accent : p.faint), px(1));
    }
    ImGui::SetNextItemWidth(width);
    if (!typing)
        for (const ImGuiCol color : {ImGuiCol_FrameBg, ImGuiCol_FrameBgHovered, ImGuiCol_FrameBgActive,
                                     ImGuiCol_SliderGrab, ImGuiCol_SliderGrabActive})
            ImGui::PushStyleColor(color, ImVec4());
    ImGuiSliderFlags flags = ImGuiSliderFlags_AlwaysClamp;
    if (spec.logarithmic) flags |= ImGuiSliderFlags_Logarithmic;
    float changed = value;
    bool edited = ImGui::SliderFloat("##value", &changed, spec.low, spec.high, typing ? spec.format : "", flags);
    if (!typing) ImGui::PopStyleColor(5);
    if (ImGui::IsItemActivated()) studio.begin_gesture();
    if (ImGui::IsItemHovered() && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left) && !ImGui::GetIO().KeyCtrl) {
        changed = spec.fallback;
        edited = true;
        ImGui::ClearActiveID();
    }
    if (edited && std::isfinite(changed)) value = changed;
    if (ImGui::IsItemDeactivated()) studio.end_gesture();
    if (!ImGui::TempInputIsActive(item)) {
        const std::string number = printed(spec, value);
        const float pad = px(8), height = ImGui::GetTextLineHeight(), y = from.y + 0.5f * (to.y - from.y - height);
        const float number_width = ImGui::CalcTextSize(number.c_str()).x;
        const ImVec4 clip = {from.x, from.y, to.x - number_width - 2 * pad, to.y};
        draw.AddText(nullptr, 0, {from.x + pad, y}, ImGui::GetColorU32(ImGuiCol_Text), spec.label.c_str(), nullptr, 0,
                     &clip);
        draw.AddText({to.x - pad - number_width, y},
                     ImGui::GetColorU32(ImGuiCol_Text, value == spec.fallback ? 0.6f : 1.0f), number.c_str());
        std::string about = spec.about;
        about += (about.empty() ? "" : "\n") + std::string("From ") + printed(spec, spec.low) + " to " +
                 printed(spec, spec.high) + ". Drag to set, Ctrl-click to type, double-click for " +
                 printed(spec, spec.fallback) + ".";
        tooltip(about);
    }
    ImGui::PopID();
    return edited;
}

bool button(const std::string& label, ButtonStyle style, const std::string& about, float width) {
    const ButtonLook look(style);
    const bool pressed = ImGui::Button(label.c_str(), {width, 0});
    tooltip(about);
    return pressed;
}

bool command_button(Studio& studio, const std::string& command, const Arguments& arguments, const std::string& label,
                    ButtonStyle style, float width) {
    const Command* found = studio.commands().find(command);
    if (!found) return false;
    const std::string reason = studio.unavailable(command);
    ImGui::BeginDisabled(!reason.empty());
    bool pressed = false;
    {
        const ButtonLook look(style);
        pressed = ImGui::Button((label.empty() ? found->title : label).c_str(), {width, 0});
    }
    tooltip(about_command(*found, reason, found->shortcut));
    ImGui::EndDisabled();
    return pressed && studio.invoke(command, arguments);
}

void command_item(Studio& studio, const std::string& command, const Arguments& arguments, const std::string& label,
                  bool selected, const char* keys) {
    const Command* found = studio.commands().find(command);
    if (!found) return;
    const std::string reason = studio.unavailable(command);
    if (!keys && arguments.values().empty()) keys = found->shortcut.c_str();
    if (ImGui::MenuItem((label.empty() ? found->title : label).c_str(), keys, selected, reason.empty()))
        studio.invoke(command, arguments);
    tooltip(about_command(*found, reason, keys ? keys : ""));
}

namespace {

bool square_button(const char* id, const char* icon, bool on, const std::string& about, bool enabled,
                   ImGuiButtonFlags flags) {
    const float side = ImGui::GetFrameHeight();
    ImGui::BeginDisabled(!enabled);
    ImGui::PushID(id);
    ImGui::PushStyleColor(ImGuiCol_Button, on ? ImGui::GetStyleColorVec4(ImGuiCol_HeaderActive) : ImVec4());
    ImGui::PushStyleColor(ImGuiCol_Text, on ? palette().accent_strong : palette().text);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(0, ImGui::GetStyle().FramePadding.y));
    const bool pressed = ImGui::ButtonEx((std::string(icon) + "##" + id).c_str(), {side, side}, flags);
    ImGui::PopStyleVar();
    ImGui::PopStyleColor(2);
    ImGui::PopID();
    ImGui::EndDisabled();
    tooltip(about);
    return pressed;
}

}  // namespace

bool icon_button(const char* id, const char* icon, bool on, const std::string& about, bool enabled) {
    return square_button(id, icon, on, about, enabled, ImGuiButtonFlags_None);
}

void cancel_button(Studio& studio, const JobInfo& job) {
    if (!job.cancellable)
        ImGui::Dummy({ImGui::GetFrameHeight(), ImGui::GetFrameHeight()});
    else if (square_button("end", ICON_FA_XMARK, false, "End this task.", !job.cancelling,
                           ImGuiButtonFlags_PressedOnClick))
        studio.invoke("task.cancel", {{"id", job.id}});
}

bool toggle_button(const char* label, bool on, const std::string& about, float width) {
    ImGui::PushStyleColor(ImGuiCol_Button, on ? ImGui::GetStyleColorVec4(ImGuiCol_HeaderActive) : ImVec4());
    ImGui::PushStyleColor(ImGuiCol_Text, on ? palette().accent_strong : palette().dim);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(0, ImGui::GetStyle().FramePadding.y));
    const bool pressed = ImGui::Button(label, {width, 0});
    ImGui::PopStyleVar();
    ImGui::PopStyleColor(2);
    tooltip(about);
    return pressed;
}

bool section(const char* label, bool open) {
    ImGui::Spacing();
    ImGui::PushFont(medium_font(), 0);
    ImGui::PushStyleColor(ImGuiCol_Header, ImVec4());
    const bool is_open =
        ImGui::CollapsingHeader(label, open ? ImGuiTreeNodeFlags_DefaultOpen : ImGuiTreeNodeFlags_None);
    ImGui::PopStyleColor();
    ImGui::PopFont();
    return is_open;
}

void note(const std::string& text) {
    ImGui::PushStyleColor(ImGuiCol_Text, palette().dim);
    ImGui::TextWrapped("%s", text.c_str());
    ImGui::PopStyleColor();
}

void fact(const char* label, const std::string& value) {
    ImGui::PushStyleColor(ImGuiCol_Text, palette().dim);
    ImGui::TextUnformatted(label);
    ImGui::PopStyleColor();
    ImGui::SameLine(px(110));
    ImGui::TextWrapped("%s", value.c_str());
}

namespace {

void centred(const std::string& text, ImFont* font, const ImVec4& color, float size = 0) {
    ImGui::PushFont(font, size);
    ImGui::PushStyleColor(ImGuiCol_Text, color);
    // Wrapped lines are centred one by one.
    const float room = std::min(ImGui::GetContentRegionAvail().x, px(440));
    const char* line = text.c_str();
    const char* end = line + text.size();
    while (line < end) {
        const char* stop = ImGui::GetFont()->CalcWordWrapPosition(ImGui::GetFontSize(), line, end, room);
        if (stop == line) ++stop;
        const char* newline = std::find(line, stop, '\n');
        const float width = ImGui::CalcTextSize(line, newline).x;
        ImGui::SetCursorPosX(ImGui::GetCursorPosX() +
                             std::max(0.0f, 0.5f * (ImGui::GetContentRegionAvail().x - width)));
        ImGui::TextUnformatted(line, newline);
        line = newline < stop ? newline + 1 : stop;
        while (line < end && *line == ' ') ++line;
    }
    ImGui::PopStyleColor();
    ImGui::PopFont();
}

void to_middle(float height) {
    const float room = ImGui::GetContentRegionAvail().y;
    ImGui::SetCursorPosY(ImGui::GetCursorPosY() + std::max(0.0f, 0.42f * (room - height)));
}

}  // namespace

void empty_state(const char* icon, const std::string& title, const std::string& text) {
    const bool high = ImGui::GetContentRegionAvail().y > px(160);
    to_middle(px(high ? 110 : 66));
    if (high) {
        centred(icon, regular_font(), palette().faint, 30);
        ImGui::Spacing();
    }
    centred(title, medium_font(), palette().dim);
    centred(text, regular_font(), palette().dim);
}

std::string needs_avatar_text(const Studio& studio) {
    switch (studio.document().stage) {
        case DocumentStage::preparing:
            return "The avatar is being prepared.";
        case DocumentStage::failed:
            return "No avatar could be made of this photograph.";
        default:
            return "Open a portrait or an avatar first.";
    }
}

void busy_state(const std::string& title, float fraction) {
    to_middle(px(60));
    centred(title, medium_font(), palette().text);
    ImGui::Spacing();
    const float width = std::min(px(220), ImGui::GetContentRegionAvail().x);
    ImGui::SetCursorPosX(ImGui::GetCursorPosX() + 0.5f * (ImGui::GetContentRegionAvail().x - width));
    progress_bar(fraction, "", width, px(6));
}

void problem_box(const std::string& sentence) {
    ImGui::PushStyleColor(ImGuiCol_ChildBg, ImVec4(palette().bad.x, palette().bad.y, palette().bad.z, 0.14f));
    ImGui::BeginChild("##problem", {0, 0}, ImGuiChildFlags_AutoResizeY | ImGuiChildFlags_AlwaysUseWindowPadding);
    ImGui::PushStyleColor(ImGuiCol_Text, palette().bad);
    ImGui::TextUnformatted(ICON_FA_TRIANGLE_EXCLAMATION);
    ImGui::PopStyleColor();
    ImGui::SameLine();
    ImGui::TextWrapped("%s", sentence.c_str());
    ImGui::EndChild();
    ImGui::PopStyleColor();
}

void progress_bar(float fraction, const std::string& text, float width, float height) {
    if (width <= 0) width = ImGui::GetContentRegionAvail().x;
    if (height <= 0) height = ImGui::GetFrameHeight();
    const ImVec2 from = ImGui::GetCursorScreenPos(), to = {from.x + width, from.y + height};
    const float rounding = std::min(ImGui::GetStyle().FrameRounding, 0.5f * height);
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled(from, to, ImGui::GetColorU32(ImGuiCol_FrameBg), rounding);
    float left = from.x, right = from.x + width * std::clamp(fraction, 0.0f, 1.0f);
    if (fraction < 0) {
        const float phase = float(std::fmod(ImGui::GetTime() * 0.7, 1.0)) * 1.4f - 0.4f;
        left = from.x + width * std::max(phase, 0.0f);
        right = from.x + width * std::min(phase + 0.4f, 1.0f);
    }
    draw.PushClipRect({left, from.y}, {std::max(left, right), to.y}, true);
    draw.AddRectFilled(from, to, u32(palette().accent, text.empty() ? 1.0f : 0.55f), rounding);
    draw.PopClipRect();
    if (!text.empty()) {
        const ImVec2 size = ImGui::CalcTextSize(text.c_str());
        draw.AddText({from.x + px(8), from.y + 0.5f * (height - size.y)}, ImGui::GetColorU32(ImGuiCol_Text),
                     text.c_str());
    }
    ImGui::Dummy({width, height});
}

bool search_field(const char* id, std::string& text, const char* hint) {
    std::array<char, 128> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%s", text.c_str());
    const float clear = text.empty() ? 0 : ImGui::GetFrameHeight() + ImGui::GetStyle().ItemInnerSpacing.x;
    ImGui::SetNextItemWidth(std::max(px(60), ImGui::GetContentRegionAvail().x - clear));
    const std::string with_icon = std::string(ICON_FA_MAGNIFYING_GLASS "  ") + hint;
    bool changed = ImGui::InputTextWithHint(id, with_icon.c_str(), buffer.data(), buffer.size());
    if (changed) text = buffer.data();
    if (!text.empty()) {
        ImGui::SameLine(0, ImGui::GetStyle().ItemInnerSpacing.x);
        if (icon_button("clear", ICON_FA_XMARK, false, "Show everything again.")) {
            text.clear();
            changed = true;
        }
    }
    return changed;
}

bool matches(const std::string& text, const std::string& query) {
    const auto lower = [](std::string s) {
        for (char& c : s) c = char(std::tolower(static_cast<unsigned char>(c)));
        return s;
    };
    const std::string in = lower(text), words = lower(query);
    std::size_t at = 0;
    while (at < words.size()) {
        const std::size_t end = std::min(words.find(' ', at), words.size());
        if (end > at && in.find(words.substr(at, end - at)) == std::string::npos) return false;
        at = end + 1;
    }
    return true;
}

int choice_row(const char* id, const std::vector<std::string>& labels, int chosen,
               const std::vector<std::string>& about) {
    ImGui::PushID(id);
    int changed = -1;
    const float gap = px(1);
    const float width = (ImGui::GetContentRegionAvail().x - gap * float(labels.size() - 1)) / float(labels.size());
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (i > 0) ImGui::SameLine(0, gap);
        const bool on = int(i) == chosen;
        ImGui::PushStyleColor(ImGuiCol_Button, on ? ImGui::GetStyleColorVec4(ImGuiCol_HeaderActive)
                                                  : ImGui::GetStyleColorVec4(ImGuiCol_FrameBg));
        if (ImGui::Button(labels[i].c_str(), {width, 0}) && !on) changed = int(i);
        ImGui::PopStyleColor();
        if (i < about.size()) tooltip(about[i]);
    }
    ImGui::PopID();
    return changed;
}

std::string shortened(std::string text, float room) {
    if (ImGui::CalcTextSize(text.c_str()).x <= room) return text;
    while (!text.empty() && ImGui::CalcTextSize((text + "...").c_str()).x > room) {
        while (text.size() > 1 && (text.back() & 0xC0) == 0x80) text.pop_back();  // whole letters of UTF-8
        text.pop_back();
    }
    return text + "...";
}

std::optional<RunningStage> running_stage(const Studio& studio) {
    for (const JobInfo& job : studio.jobs().list())
        if (job.state == JobState::running && !job.quiet && !job.cancelling)
            return RunningStage{job.stage.empty() ? job.name : job.stage, float(job.fraction)};
    return std::nullopt;
}

std::string progress_words(const JobInfo& job) {
    if (job.fraction <= 0) return format_seconds(job.seconds);
    std::string words = std::to_string(int(job.fraction * 100)) + " %";
    if (job.seconds_left) words += ", " + format_seconds(*job.seconds_left) + " left";
    return words;
}

std::string format_seconds(double seconds) {
    const int whole = int(std::max(0.0, seconds) + 0.5);
    std::array<char, 32> buffer{};
    if (whole >= 3600)
        std::snprintf(buffer.data(), buffer.size(), "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
    else
        std::snprintf(buffer.data(), buffer.size(), "%d:%02d", whole / 60, whole % 60);
    return buffer.data();
}

std::string format_count(std::size_t count) {
    std::string digits = std::to_string(count);
    for (int i = int(digits.size()) - 3; i > 0; i -= 3) digits.insert(std::size_t(i), ",");
    return digits;
}

std::string readable(const std::string& camel) {
    std::string words;
    for (const char c : camel) {
        const auto u = static_cast<unsigned char>(c);
        if (c == '_' || c == '-') {
            words += ' ';
        } else if (std::isupper(u) && !words.empty()) {
            words += ' ';
            words += char(std::tolower(u));
        } else {
            words += words.empty() ? char(std::toupper(u)) : c;
        }
    }
    return words;
}

}  // namespace likeness::ui

#include "ui/log_panel.h"

#include <array>
#include <ctime>

#include "ui/icons.h"
#include "ui/theme.h"
#include "ui/widgets.h"

namespace likeness::ui {
namespace {

std::string clock_time(double seconds) {
    const std::time_t time = std::time_t(seconds);
    std::tm parts{};
    localtime_r(&time, &parts);
    std::array<char, 16> buffer{};
    std::strftime(buffer.data(), buffer.size(), "%H:%M:%S", &parts);
    return buffer.data();
}

std::string as_text(const std::vector<Message>& messages) {
    std::string text;
    for (const Message& m : messages) {
        text += clock_time(m.time) +
                (m.level == MessageLevel::error     ? "  ERROR  "
                 : m.level == MessageLevel::warning ? "  note   "
                                                    : "         ") +
                m.text + "\n";
        if (!m.detail.empty()) text += "                   " + m.detail + "\n";
    }
    return text;
}

}  // namespace

LogPanel::LogPanel() : Panel("Log", ICON_FA_ALIGN_LEFT, "What the program did and said.") {}

void LogPanel::draw(Studio& studio) {
    const std::vector<Message> messages = studio.messages().newer_than();
    ImGui::SetNextItemWidth(px(120));
    static constexpr std::array<const char*, 3> levels = {"Everything", "Warnings", "Errors"};
    ImGui::Combo("##level", &least_, levels.data(), int(levels.size()));
    tooltip("The least that is listed.");
    ImGui::SameLine();
    if (button(ICON_FA_COPY "  Copy", ButtonStyle::normal, "Puts the whole log on the clipboard."))
        ImGui::SetClipboardText(as_text(messages).c_str());
    ImGui::SameLine();
    command_button(studio, "log.clear", {}, "Clear");
    ImGui::SameLine();
    search_field("##search", query_, "Search the log");
    if (messages.empty()) {
        empty_state(ICON_FA_ALIGN_LEFT, "The log is empty", "");
        return;
    }
    ImGui::BeginChild("lines");
    for (const Message& m : messages) {
        if (int(m.level) < least_ || !matches(m.text + " " + m.detail, query_)) continue;
        ImGui::PushStyleColor(ImGuiCol_Text, palette().faint);
        ImGui::TextUnformatted(clock_time(m.time).c_str());
        ImGui::PopStyleColor();
        ImGui::SameLine();
        ImGui::PushStyleColor(ImGuiCol_Text, m.level == MessageLevel::error     ? palette().bad
                                             : m.level == MessageLevel::warning ? palette().warning
                                                                                : palette().text);
        ImGui::TextWrapped("%s", m.text.c_str());
        ImGui::PopStyleColor();
        if (!m.detail.empty()) tooltip(m.detail);
    }
    if (messages.back().number != seen_) ImGui::SetScrollHereY(1);
    seen_ = messages.back().number;
    ImGui::EndChild();
}

}  // namespace likeness::ui

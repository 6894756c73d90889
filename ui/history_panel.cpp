#include "ui/history_panel.h"

#include <array>
#include <cmath>
#include <cstdio>

#include "ui/icons.h"
#include "ui/theme.h"
#include "ui/widgets.h"

namespace likeness::ui {

HistoryPanel::HistoryPanel()
    : Panel("History", ICON_FA_CLOCK_ROTATE_LEFT, "What was changed; any earlier state is one click away.") {}

void HistoryPanel::draw(Studio& studio) {
    const History& history = studio.history();
    command_button(studio, "edit.undo", {}, ICON_FA_ROTATE_LEFT "  Undo");
    ImGui::SameLine();
    command_button(studio, "edit.redo", {}, ICON_FA_ROTATE_RIGHT "  Redo");
    ImGui::SameLine();
    std::array<char, 96> words{};
    const std::size_t count = history.entries().size();
    std::snprintf(words.data(), words.size(), "%zu %s, %.1f of %.0f MiB", count, count == 1 ? "entry" : "entries",
                  double(history.bytes()) / 1048576.0, double(history.cap()) / 1048576.0);
    ImGui::PushStyleColor(ImGuiCol_Text, palette().dim);
    ImGui::AlignTextToFramePadding();
    ImGui::TextUnformatted(words.data());
    ImGui::PopStyleColor();
    tooltip("Above that memory the oldest entries are forgotten; Preferences sets it.");
    if (history.entries().empty()) {
        empty_state(ICON_FA_CLOCK_ROTATE_LEFT, "Nothing was changed yet",
                    "Each change of pose, shape or parts becomes an entry here.");
        return;
    }
    ImGui::BeginChild("entries");
    std::size_t target = history.position();
    // Pictures of avatars alone; rows have one height, so that those not seen cost nothing.
    const bool pictures = studio.document().has_avatar();
    const float picture = pictures ? std::floor(1.7f * ImGui::GetFrameHeight()) : 0;
    const float height = pictures ? picture + px(4) : ImGui::GetTextLineHeight();
    const auto row = [&](std::size_t position, const std::string& title) {
        ImGui::PushID(int(position));
        const bool undone = position > history.position();
        const ImVec2 from = ImGui::GetCursorScreenPos();
        if (ImGui::Selectable(("##" + title).c_str(), position == history.position(), 0, {0, height}))
            target = position;
        if (ImGui::IsItemVisible()) {
            ImDrawList& draw = *ImGui::GetWindowDrawList();
            const ImVec2 corner = {from.x + px(2), from.y + px(2)};
            if (pictures) {
                const ImVec2 opposite = {corner.x + picture, corner.y + picture};
                draw.AddRectFilled(corner, opposite, u32(palette().well), px(3));
                if (const Picture* const shown = thumbnails_.of(studio, position))
                    draw.AddImageRounded(shown->reference(), corner, opposite, {0, 0}, {1, 1},
                                         undone ? IM_COL32(255, 255, 255, 110) : IM_COL32_WHITE, px(3));
            }
            const float begin = from.x + (pictures ? picture + px(10) : 0);
            const float room = ImGui::GetContentRegionAvail().x - (begin - from.x);
            draw.AddText({begin, from.y + 0.5f * (height - ImGui::GetTextLineHeight())},
                         u32(undone ? palette().faint : palette().text), shortened(title, room).c_str());
        }
        ImGui::PopID();
    };
    row(0, history.dropped() > 0 ? "Earlier changes (forgotten)" : "As it was opened");
    for (std::size_t i = 0; i < history.entries().size(); ++i) row(i + 1, history.entries()[i].title);
    if (history.entries().size() != seen_) ImGui::SetScrollHereY(1);
    seen_ = history.entries().size();
    ImGui::EndChild();
    if (pictures) thumbnails_.start(studio);
    if (target != history.position()) studio.invoke("edit.jump", {{"position", target}});
}

}  // namespace likeness::ui

#include "ui/welcome.h"

#include <algorithm>
#include <array>

#include "core/files/file_formats.h"
#include "ui/icons.h"
#include "ui/theme.h"
#include "ui/widgets.h"

namespace likeness::ui {
namespace {

void line_in_middle(const std::string& text, ImFont* font, float size, const ImVec4& color) {
    ImGui::PushFont(font, size);
    const float width = ImGui::CalcTextSize(text.c_str()).x;
    ImGui::SetCursorPosX(std::max(0.0f, 0.5f * (ImGui::GetWindowWidth() - width)));
    ImGui::PushStyleColor(ImGuiCol_Text, color);
    ImGui::TextUnformatted(text.c_str());
    ImGui::PopStyleColor();
    ImGui::PopFont();
}

// A block in the middle; its lines begin below each other.
void draw_steps() {
    static constexpr std::array<const char*, 3> steps = {
        "1.  Drop a portrait: a photograph of one face, from the front.",
        "2.  Watch its avatar appear, and get better while it trains.", "3.  Turn it, make it smile, save it."};
    float width = 0;
    for (const char* step : steps) width = std::max(width, ImGui::CalcTextSize(step).x);
    const float left = std::max(0.0f, 0.5f * (ImGui::GetWindowWidth() - width));
    ImGui::PushStyleColor(ImGuiCol_Text, palette().dim);
    for (const char* step : steps) {
        ImGui::SetCursorPosX(left);
        ImGui::TextUnformatted(step);
    }
    ImGui::PopStyleColor();
}

void dashed_frame(ImDrawList& draw, const ImVec2& from, const ImVec2& to, ImU32 color) {
    const float dash = px(9), gap = px(6), thick = px(1.6f);
    for (float x = from.x + px(8); x < to.x - px(8); x += dash + gap) {
        const float end = std::min(x + dash, to.x - px(8));
        draw.AddLine({x, from.y}, {end, from.y}, color, thick);
        draw.AddLine({x, to.y}, {end, to.y}, color, thick);
    }
    for (float y = from.y + px(8); y < to.y - px(8); y += dash + gap) {
        const float end = std::min(y + dash, to.y - px(8));
        draw.AddLine({from.x, y}, {from.x, end}, color, thick);
        draw.AddLine({to.x, y}, {to.x, end}, color, thick);
    }
}

}  // namespace

void Welcome::draw(Studio& studio) {
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const float width = std::min(px(520), room.x - px(48));
    if (width < px(160)) return;
    const bool recent = !studio.settings().recent_files.empty();
    const float height = px(recent ? 430 : 380);
    ImGui::SetCursorPosY(std::max(px(16), 0.45f * (room.y - height)));
    line_in_middle("Likeness", medium_font(), 34, palette().text);
    ImGui::Dummy({0, px(6)});
    draw_steps();
    ImGui::Dummy({0, px(14)});
    draw_drop_zone(studio, width);
    if (recent) draw_recent(studio, width);
}

void Welcome::draw_drop_zone(Studio& studio, float width) {
    const float height = px(170);
    ImGui::SetCursorPosX(0.5f * (ImGui::GetWindowWidth() - width));
    const ImVec2 from = ImGui::GetCursorScreenPos(), to = {from.x + width, from.y + height};
    ImGui::SetNextItemAllowOverlap();
    const bool pressed = ImGui::InvisibleButton("drop zone", {width, height});
    const bool hot = ImGui::IsItemHovered();
    tooltip("Opens a file dialog. Pictures (" + picture_names() + ") become avatars; avatars (" +
            file_endings(FileContent::avatar) + ") open as they were saved; splats (" +
            file_endings(FileContent::splats) + ") are shown.");
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled(from, to, u32(palette().text, hot ? 0.06f : 0.03f), px(10));
    dashed_frame(draw, from, to, u32(hot ? palette().accent : palette().faint));
    const auto centred = [&](const char* text, ImFont* font, float size, float y, const ImVec4& color) {
        const ImVec2 extent = font->CalcTextSizeA(size, 1e6f, 0, text);
        draw.AddText(font, size, {0.5f * (from.x + to.x - extent.x), from.y + y}, u32(color), text);
    };
    centred(ICON_FA_IMAGE_PORTRAIT, regular_font(), px(38), px(26), hot ? palette().accent_strong : palette().accent);
    centred("Drop a portrait here", medium_font(), px(20), px(84), palette().text);
    const std::string kinds = "or click to choose one: pictures, " + file_endings(FileContent::avatar) + ", " +
                              file_endings(FileContent::splats);
    centred(kinds.c_str(), regular_font(), px(14), px(116), palette().dim);
    if (pressed) studio.invoke("file.open");
}

void Welcome::draw_recent(Studio& studio, float width) {
    ImGui::Dummy({0, px(8)});
    const float left = 0.5f * (ImGui::GetWindowWidth() - width);
    ImGui::SetCursorPosX(left);
    ImGui::PushStyleColor(ImGuiCol_Text, palette().dim);
    ImGui::TextUnformatted("Recent");
    ImGui::PopStyleColor();
    const auto files = studio.settings().recent_files;
    for (std::size_t i = 0; i < std::min<std::size_t>(files.size(), 4); ++i) {
        const std::filesystem::path file = files[i];
        ImGui::SetCursorPosX(left);
        ImGui::PushID(int(i));
        ImGui::PushStyleVar(ImGuiStyleVar_ButtonTextAlign, ImVec2(0, 0.5f));
        if (button(std::string(ICON_FA_CLOCK_ROTATE_LEFT "   ") + file.filename().string(), ButtonStyle::flat,
                   file.string(), width))
            studio.invoke("file.open", {{"path", file.string()}});
        ImGui::PopStyleVar();
        ImGui::PopID();
    }
}

}  // namespace likeness::ui

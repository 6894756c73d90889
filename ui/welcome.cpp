#include "ui/welcome.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/paths.h"
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

// A block in the middle; its lines begin below each other. A narrow view has none.
void draw_steps(float room) {
    static constexpr std::array<const char*, 3> steps = {
        "1.  Drop a portrait: a photograph of one face, from the front.",
        "2.  Watch its avatar appear, and get better while it trains.", "3.  Turn it, make it smile, save it."};
    float width = 0;
    for (const char* step : steps) width = std::max(width, ImGui::CalcTextSize(step).x);
    if (width > room) return;
    const float left = 0.5f * (ImGui::GetWindowWidth() - width);
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

constexpr float tile_side = 96;
float tile_height() { return px(tile_side) + ImGui::GetTextLineHeight() + px(6); }

}  // namespace

void Welcome::draw(Studio& studio) {
    if (!std::exchange(looked_, true))
        if (const auto found = find_asset(sample_portrait)) sample_ = *found;
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const float width = std::min(px(504), room.x - px(24));
    if (width < px(160)) return;
    const float title = px(52), steps = px(78), tiles = tile_height() + px(22), least_zone = px(84);
    const bool wordy = room.y > title + steps + least_zone + tiles + px(8);  // what does not fit is left out
    const float above = title + (wordy ? steps : 0);
    const float zone = std::clamp(room.y - above - tiles - px(24), least_zone, px(170));
    ImGui::SetCursorPosY(std::max(px(8), 0.45f * (room.y - above - zone - tiles)));
    line_in_middle("Likeness", medium_font(), 34, palette().text);
    ImGui::Dummy({0, px(6)});
    if (wordy) draw_steps(room.x);
    if (wordy) ImGui::Dummy({0, px(14)});
    draw_drop_zone(studio, width, zone);
    draw_tiles(studio, width);
}

void Welcome::draw_drop_zone(Studio& studio, float width, float height) {
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
    const float top = 0.5f * (height - px(130));  // of the first line, which a low zone leaves out
    if (top > -px(4))
        centred(ICON_FA_IMAGE_PORTRAIT, regular_font(), px(38), top + px(6),
                hot ? palette().accent_strong : palette().accent);
    const float words = top > -px(4) ? top + px(64) : 0.5f * height - px(26);
    centred("Drop a portrait here", medium_font(), px(20), words, palette().text);
    const std::string kinds = "or click to choose one: pictures, " + file_endings(FileContent::avatar) + ", " +
                              file_endings(FileContent::splats);
    centred(kinds.c_str(), regular_font(), px(14), words + px(32), palette().dim);
    if (pressed) studio.invoke("file.open");
}

bool Welcome::tile(Studio& studio, const std::filesystem::path& file, const std::string& name,
                   const std::string& about) {
    const float pad = px(5), side = px(tile_side) - 2 * pad;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const bool pressed = ImGui::Selectable("###tile", false, 0, {px(tile_side), tile_height()});
    const bool hot = ImGui::IsItemHovered();
    tooltip(about);
    draw_thumbnail(&thumbnails_.of(studio, file), ICON_FA_IMAGE, {at.x + pad, at.y + pad}, side);
    const std::string words = shortened(name, px(tile_side));
    ImGui::GetWindowDrawList()->AddText(
        {at.x + 0.5f * (px(tile_side) - ImGui::CalcTextSize(words.c_str()).x), at.y + side + 2 * pad},
        u32(hot ? palette().text : palette().dim), words.c_str());
    return pressed;
}

void Welcome::draw_tiles(Studio& studio, float width) {
    const auto recent = studio.settings().recent_files;
    const bool sample = !sample_.empty();
    const float gap = px(6);
    const std::size_t fit = std::max<std::size_t>(1, std::size_t((width + gap) / (px(tile_side) + gap)));
    const std::size_t shown = std::min(recent.size(), sample ? fit - 1 : fit), count = shown + (sample ? 1 : 0);
    if (count == 0) return;
    ImGui::Dummy({0, px(8)});
    const float all = float(count) * (px(tile_side) + gap) - gap;
    ImGui::SetCursorPosX(0.5f * (ImGui::GetWindowWidth() - all));
    ImGui::BeginGroup();
    if (sample && tile(studio, sample_, "Sample portrait",
                       "The portrait that comes with the program: Eileen Collins, photographed by NASA."))
        studio.invoke("file.open_sample");
    for (std::size_t i = 0; i < shown; ++i) {
        const std::filesystem::path file = recent[i];
        if (i > 0 || sample) ImGui::SameLine(0, gap);
        ImGui::PushID(int(i));
        if (tile(studio, file, file.filename().string(), file.string()))
            studio.invoke("file.open", {{"path", file.string()}});
        ImGui::PopID();
    }
    ImGui::EndGroup();
}

}  // namespace likeness::ui

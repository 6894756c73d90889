#include "ui/file_list.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "core/files/file_formats.h"
#include "ui/icons.h"
#include "ui/theme.h"

namespace likeness::ui {
namespace {

std::string in_lower_case(std::string text) {
    for (char& c : text) c = char(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

bool matches_any(const std::string& name, const std::vector<std::string>& patterns) {
    const std::string small = in_lower_case(name);
    return std::ranges::any_of(
        patterns, [&](const std::string& pattern) { return small.ends_with(in_lower_case(pattern.substr(1))); });
}

std::string size_text(std::uintmax_t bytes) {
    std::array<char, 32> buffer{};
    if (bytes >= 1048576)
        std::snprintf(buffer.data(), buffer.size(), "%.1f MB", double(bytes) / 1048576);
    else if (bytes >= 1024)
        std::snprintf(buffer.data(), buffer.size(), "%.0f KB", double(bytes) / 1024);
    else
        std::snprintf(buffer.data(), buffer.size(), "%d B", int(bytes));
    return buffer.data();
}

std::string day_text(std::filesystem::file_time_type changed) {
    const std::time_t time = std::chrono::system_clock::to_time_t(
        std::chrono::file_clock::to_sys(std::chrono::time_point_cast<std::chrono::system_clock::duration>(changed)));
    std::tm parts{};
    localtime_r(&time, &parts);
    std::array<char, 32> buffer{};
    std::strftime(buffer.data(), buffer.size(), "%d %b %Y  %H:%M", &parts);
    return buffer.data();
}

const std::vector<std::string>& pictured() {
    static const std::vector<std::string> patterns =
        file_patterns(std::array{FileContent::avatar, FileContent::picture});
    return patterns;
}

const char* icon_of(const std::string& name, bool folder) {
    static const auto splats = file_patterns(std::array{FileContent::splats}),
                      motions = file_patterns(std::array{FileContent::motion});
    return folder                          ? ICON_FA_FOLDER
           : matches_any(name, pictured()) ? ICON_FA_IMAGE
           : matches_any(name, splats)     ? ICON_FA_CUBES
           : matches_any(name, motions)    ? ICON_FA_FILM
                                           : ICON_FA_FILE;
}

}  // namespace

void FileList::go(const std::filesystem::path& folder) {
    std::error_code failed;
    const std::filesystem::path whole = std::filesystem::weakly_canonical(folder, failed);
    std::vector<Entry> entries;
    for (std::filesystem::directory_iterator
             it(whole, std::filesystem::directory_options::skip_permission_denied, failed),
         end;
         !failed && it != end; it.increment(failed)) {
        Entry entry{it->path().filename().string()};
        std::error_code ignored;
        entry.folder = it->is_directory(ignored);
        if (!entry.folder) entry.bytes = it->file_size(ignored);
        entry.changed = it->last_write_time(ignored);
        if (!entry.name.empty() && entry.name[0] != '.') entries.push_back(std::move(entry));
    }
    problem_ = failed ? "'" + folder.string() + "' cannot be read: " + failed.message() + "." : "";
    if (failed) return;
    thumbnails_.stop();
    thumbnails_.refresh();
    folder_ = whole;
    entries_ = std::move(entries);
    to_top_ = true;
    sort();
}

void FileList::show(const std::vector<std::string>& patterns, bool all) {
    if (patterns == patterns_ && all == all_) return;
    patterns_ = patterns;
    all_ = all;
    choose_shown();
}

// Folders stay first.
void FileList::sort() {
    std::ranges::sort(entries_, [&](const Entry& a, const Entry& b) {
        if (a.folder != b.folder) return a.folder;
        const Entry &first = descending_ ? b : a, &second = descending_ ? a : b;
        if (sorted_by_ == 1 && first.bytes != second.bytes) return first.bytes < second.bytes;
        if (sorted_by_ == 2 && first.changed != second.changed) return first.changed < second.changed;
        return in_lower_case(first.name) < in_lower_case(second.name);
    });
    choose_shown();
}

void FileList::choose_shown() {
    shown_.clear();
    for (const Entry& entry : entries_)
        if (entry.folder || (!patterns_.empty() && (all_ || matches_any(entry.name, patterns_))))
            shown_.push_back(&entry);
}

FileList::Pick FileList::picked(const Entry& entry) const {
    return {folder_ / entry.name, entry.folder, ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)};
}

std::optional<FileList::Pick> FileList::draw(Studio& studio, bool pictures, const std::string& selected) {
    std::optional<Pick> pick;
    if (ImGui::BeginChild("files", {0, 0})) {
        if (std::exchange(to_top_, false)) ImGui::SetScrollY(0);
        if (shown_.empty())
            note(patterns_.empty() ? "There are no folders in this one." : "Nothing of this kind is in this folder.");
        else if (pictures)
            draw_pictures(studio, selected, pick);
        else
            draw_rows(selected, pick);
    }
    ImGui::EndChild();
    return pick;
}

void FileList::draw_rows(const std::string& selected, std::optional<Pick>& pick) {
    if (!ImGui::BeginTable("rows", 3, ImGuiTableFlags_ScrollY | ImGuiTableFlags_Sortable | ImGuiTableFlags_RowBg))
        return;
    ImGui::TableSetupScrollFreeze(0, 1);
    ImGui::TableSetupColumn("Name", ImGuiTableColumnFlags_WidthStretch);
    ImGui::TableSetupColumn("Size", ImGuiTableColumnFlags_WidthFixed, px(70));
    ImGui::TableSetupColumn("Changed", ImGuiTableColumnFlags_WidthFixed, px(130));
    ImGui::TableHeadersRow();
    if (ImGuiTableSortSpecs* specs = ImGui::TableGetSortSpecs(); specs && specs->SpecsDirty) {
        sorted_by_ = specs->SpecsCount > 0 ? specs->Specs[0].ColumnIndex : 0;
        descending_ = specs->SpecsCount > 0 && specs->Specs[0].SortDirection == ImGuiSortDirection_Descending;
        specs->SpecsDirty = false;
        sort();
    }
    ImGuiListClipper clipper;
    clipper.Begin(int(shown_.size()));
    while (clipper.Step())
        for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
            const Entry& entry = *shown_[std::size_t(i)];
            ImGui::TableNextRow();
            ImGui::TableNextColumn();
            const std::string label =
                std::string(icon_of(entry.name, entry.folder)) + "  " + entry.name + "###" + entry.name;
            if (ImGui::Selectable(label.c_str(), !entry.folder && entry.name == selected,
                                  ImGuiSelectableFlags_AllowDoubleClick | ImGuiSelectableFlags_NoAutoClosePopups |
                                      ImGuiSelectableFlags_SpanAllColumns))
                pick = picked(entry);
            ImGui::PushStyleColor(ImGuiCol_Text, palette().dim);
            ImGui::TableNextColumn();
            if (!entry.folder) {
                const std::string size = size_text(entry.bytes);
                ImGui::SetCursorPosX(ImGui::GetCursorPosX() + ImGui::GetContentRegionAvail().x -
                                     ImGui::CalcTextSize(size.c_str()).x);
                ImGui::TextUnformatted(size.c_str());
            }
            ImGui::TableNextColumn();
            ImGui::TextUnformatted(day_text(entry.changed).c_str());
            ImGui::PopStyleColor();
        }
    ImGui::EndTable();
}

void FileList::draw_pictures(Studio& studio, const std::string& selected, std::optional<Pick>& pick) {
    const float gap = px(6), pad = px(5), room = ImGui::GetContentRegionAvail().x;
    const int columns = std::max(1, int((room + gap) / (px(104) + gap)));
    const float width = (room - gap * float(columns - 1)) / float(columns), side = width - 2 * pad;
    const float height = side + ImGui::GetTextLineHeight() + 3 * pad;
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(gap, gap));
    ImGuiListClipper clipper;
    clipper.Begin((int(shown_.size()) + columns - 1) / columns, height + gap);
    while (clipper.Step())
        for (int i = clipper.DisplayStart * columns; i < std::min(clipper.DisplayEnd * columns, int(shown_.size()));
             ++i) {
            const Entry& entry = *shown_[std::size_t(i)];
            if (i % columns > 0) ImGui::SameLine(0, gap);
            const ImVec2 at = ImGui::GetCursorScreenPos();
            if (ImGui::Selectable(("###" + entry.name).c_str(), !entry.folder && entry.name == selected,
                                  ImGuiSelectableFlags_AllowDoubleClick | ImGuiSelectableFlags_NoAutoClosePopups,
                                  {width, height}))
                pick = picked(entry);
            tooltip(entry.name + (entry.folder ? "" : "\n" + size_text(entry.bytes)) + "\n" + day_text(entry.changed));
            const bool has_picture = !entry.folder && matches_any(entry.name, pictured());
            draw_thumbnail(has_picture ? &thumbnails_.of(studio, folder_ / entry.name) : nullptr,
                           icon_of(entry.name, entry.folder), {at.x + pad, at.y + pad}, side);
            const std::string words = shortened(entry.name, side);
            ImGui::GetWindowDrawList()->AddText(
                {at.x + 0.5f * (width - ImGui::CalcTextSize(words.c_str()).x), at.y + side + 2 * pad},
                ImGui::GetColorU32(ImGuiCol_Text), words.c_str());
        }
    ImGui::PopStyleVar();
}

}  // namespace likeness::ui

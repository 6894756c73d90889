#include "ui/file_browser.h"

#include <imgui.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "ui/icons.h"
#include "ui/theme.h"
#include "ui/widgets.h"

namespace likeness::ui {
namespace {

std::string lower(std::string text) {
    for (char& c : text) c = char(std::tolower(static_cast<unsigned char>(c)));
    return text;
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

}  // namespace

std::filesystem::path with_ending(const std::filesystem::path& file, const FileRequest& request) {
    if (request.patterns.empty()) return file;
    const std::string ending = lower(file.extension().string());
    for (const std::string& pattern : request.patterns)
        if (pattern.substr(1) == ending) return file;
    std::filesystem::path whole = file;
    return whole += request.patterns.front().substr(1);
}

void FileBrowser::open(const FileRequest& request, const std::filesystem::path& folder, bool ask_replace) {
    request_ = request;
    open_ = true;
    all_ = appeared_ = false;
    ask_replace_ = ask_replace;
    name_ = {};
    request.suggested_name.copy(name_.data(), name_.size() - 1);
    go(folder);
}

bool FileBrowser::wanted(const std::string& name) const {
    if (all_ || request_.patterns.empty()) return true;
    const std::string small = lower(name);
    return std::any_of(request_.patterns.begin(), request_.patterns.end(),
                       [&](const std::string& pattern) { return small.ends_with(lower(pattern.substr(1))); });
}

void FileBrowser::go(const std::filesystem::path& folder) {
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
    folder_ = whole;
    entries_ = std::move(entries);
    sort();
    path_ = {};
    folder_.string().copy(path_.data(), path_.size() - 1);
}

// Folders stay first.
void FileBrowser::sort() {
    std::sort(entries_.begin(), entries_.end(), [&](const Entry& a, const Entry& b) {
        if (a.folder != b.folder) return a.folder;
        const Entry &first = descending_ ? b : a, &second = descending_ ? a : b;
        if (sorted_by_ == 1 && first.bytes != second.bytes) return first.bytes < second.bytes;
        if (sorted_by_ == 2 && first.changed != second.changed) return first.changed < second.changed;
        return lower(first.name) < lower(second.name);
    });
}

std::filesystem::path FileBrowser::draw_list(float height) {
    std::filesystem::path chosen;
    const bool folders_only = request_.patterns.empty();
    if (!ImGui::BeginTable("files", 3, ImGuiTableFlags_ScrollY | ImGuiTableFlags_Sortable | ImGuiTableFlags_RowBg,
                           {0, height}))
        return chosen;
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
    bool any = false;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const Entry& entry = entries_[i];
        if (!entry.folder && (folders_only || !wanted(entry.name))) continue;
        any = true;
        ImGui::PushID(int(i));
        ImGui::TableNextRow();
        ImGui::TableNextColumn();
        const bool selected = !entry.folder && entry.name == name_.data();
        if (ImGui::Selectable(
                (std::string(entry.folder ? ICON_FA_FOLDER "  " : ICON_FA_FILE "  ") + entry.name).c_str(), selected,
                ImGuiSelectableFlags_AllowDoubleClick | ImGuiSelectableFlags_NoAutoClosePopups |
                    ImGuiSelectableFlags_SpanAllColumns)) {
            if (entry.folder) {
                chosen = folder_ / entry.name;
            } else {
                name_ = {};
                entry.name.copy(name_.data(), name_.size() - 1);
                ask_replace_ = false;
                if (ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left) && !request_.saving)
                    chosen = folder_ / entry.name;
            }
        }
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
        ImGui::PopID();
    }
    if (!any) {
        ImGui::TableNextRow();
        ImGui::TableNextColumn();
        note(folders_only ? "There are no folders in this one." : "Nothing of this kind is in this folder.");
    }
    ImGui::EndTable();
    return chosen;
}

std::optional<std::filesystem::path> FileBrowser::draw(bool& cancelled) {
    if (!open_) return {};
    const std::string title = request_.title + "###browser";
    if (!ImGui::IsPopupOpen(title.c_str())) ImGui::OpenPopup(title.c_str());
    const ImGuiViewport& main = *ImGui::GetMainViewport();
    ImGui::SetNextWindowPos(main.GetWorkCenter(), ImGuiCond_Appearing, {0.5f, 0.5f});
    ImGui::SetNextWindowSize({std::min(px(640), main.WorkSize.x - px(40)), std::min(px(460), main.WorkSize.y - px(40))},
                             ImGuiCond_Appearing);
    if (!ImGui::BeginPopupModal(title.c_str(), nullptr, ImGuiWindowFlags_NoSavedSettings)) return {};
    std::optional<std::filesystem::path> chosen;
    if (icon_button("up", ICON_FA_ARROW_UP, false, "One folder up.")) go(folder_.parent_path());
    ImGui::SameLine();
    if (icon_button("home", ICON_FA_HOUSE, false, "The home folder.")) {
        const char* home = std::getenv("HOME");
        go(home ? home : "/");
    }
    ImGui::SameLine();
    ImGui::SetNextItemWidth(-1);
    if (ImGui::InputText("##folder", path_.data(), path_.size(), ImGuiInputTextFlags_EnterReturnsTrue)) {
        const std::filesystem::path typed = path_.data();
        std::error_code ignored;
        if (std::filesystem::is_regular_file(typed, ignored) && !request_.saving)
            chosen = typed;
        else
            go(typed);
    }
    if (!problem_.empty()) problem_box(problem_);
    const bool needs_name = !request_.patterns.empty();
    const float below = 2 * ImGui::GetFrameHeightWithSpacing() + px(6);
    if (const std::filesystem::path picked = draw_list(-below); !picked.empty()) {
        std::error_code ignored;
        if (std::filesystem::is_directory(picked, ignored))
            go(picked);
        else
            chosen = picked;
    }
    bool entered = false;
    if (needs_name) {
        ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x - px(110));
        if (!appeared_) ImGui::SetKeyboardFocusHere();  // a name can be typed at once
        entered = ImGui::InputTextWithHint("##name", "File name", name_.data(), name_.size(),
                                           ImGuiInputTextFlags_EnterReturnsTrue);
        if (ImGui::IsItemEdited()) ask_replace_ = false;
        ImGui::SameLine();
        ImGui::Checkbox("All files", &all_);
    }
    ImGui::BeginDisabled(needs_name && name_[0] == 0);
    const bool pressed =
        button(request_.saving ? (ask_replace_ ? "Replace it" : "Save") : "Open", ButtonStyle::primary, "", px(110));
    ImGui::EndDisabled();
    if ((pressed || entered) && (!needs_name || name_[0] != 0)) {
        std::filesystem::path file = needs_name ? folder_ / name_.data() : folder_;
        std::error_code ignored;
        if (request_.saving) file = with_ending(file, request_);
        if (request_.saving && !ask_replace_ && std::filesystem::exists(file, ignored))
            ask_replace_ = true;
        else if (!request_.saving && needs_name && std::filesystem::is_directory(file, ignored))
            go(file);
        else
            chosen = file;
    }
    ImGui::SameLine();
    cancelled = button("Cancel", ButtonStyle::normal, "", px(90)) || ImGui::IsKeyPressed(ImGuiKey_Escape);
    if (ask_replace_) {
        ImGui::SameLine();
        ImGui::PushStyleColor(ImGuiCol_Text, palette().warning);
        ImGui::AlignTextToFramePadding();
        ImGui::TextUnformatted("A file of that name exists.");
        ImGui::PopStyleColor();
    }
    appeared_ = true;
    if (chosen || cancelled) {
        open_ = false;
        ImGui::CloseCurrentPopup();
    }
    ImGui::EndPopup();
    return chosen;
}

}  // namespace likeness::ui

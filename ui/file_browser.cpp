#include "ui/file_browser.h"

#include <imgui.h>

#include <algorithm>
#include <cctype>

#include "ui/icons.h"
#include "ui/theme.h"
#include "ui/widgets.h"

namespace likeness::ui {

std::filesystem::path with_ending(const std::filesystem::path& file, const FileRequest& request) {
    if (request.patterns.empty()) return file;
    std::string ending = file.extension().string();
    for (char& c : ending) c = char(std::tolower(static_cast<unsigned char>(c)));
    for (const std::string& pattern : request.patterns)
        if (pattern.substr(1) == ending) return file;
    std::filesystem::path whole = file;
    return whole += request.patterns.front().substr(1);
}

void FileBrowser::open(const Studio& studio, const FileRequest& request, const std::filesystem::path& folder,
                       bool ask_replace) {
    request_ = request;
    open_ = true;
    all_ = appeared_ = false;
    ask_replace_ = ask_replace;
    name_ = {};
    request.suggested_name.copy(name_.data(), name_.size() - 1);
    places_ = find_places(studio.settings());
    go(folder);
}

void FileBrowser::close() {
    open_ = false;
    list_.close();
}

void FileBrowser::go(const std::filesystem::path& folder) {
    list_.go(folder);
    path_ = {};
    list_.folder().string().copy(path_.data(), path_.size() - 1);
}

void FileBrowser::draw_places() {
    if (ImGui::BeginChild("places", {px(132), 0})) {
        bool recent = false;
        for (const Place& place : places_) {
            if (place.recent && !recent) {
                ImGui::Spacing();
                note("Recent folders");
            }
            recent = place.recent;
            ImGui::PushID(int(&place - places_.data()));
            const std::string words =
                std::string(place.icon) + "  " + shortened(place.name, ImGui::GetContentRegionAvail().x - px(26));
            if (ImGui::Selectable((words + "###" + place.name).c_str(), place.folder == list_.folder(),
                                  ImGuiSelectableFlags_NoAutoClosePopups))
                go(place.folder);
            tooltip(place.folder.string());
            ImGui::PopID();
        }
    }
    ImGui::EndChild();
}

void FileBrowser::draw_head(Studio& studio, std::optional<std::filesystem::path>& chosen) {
    if (icon_button("up", ICON_FA_ARROW_UP, false, "One folder up.")) go(list_.folder().parent_path());
    ImGui::SameLine();
    ImGui::SetNextItemWidth(-2 * (ImGui::GetFrameHeight() + ImGui::GetStyle().ItemSpacing.x));
    if (ImGui::InputText("##folder", path_.data(), path_.size(), ImGuiInputTextFlags_EnterReturnsTrue)) {
        const std::filesystem::path typed = path_.data();
        std::error_code ignored;
        if (std::filesystem::is_regular_file(typed, ignored) && !request_.saving)
            chosen = typed;
        else
            go(typed);
    }
    bool& pictures = studio.settings().file_pictures;
    const auto look = [&](const char* id, const char* icon, bool value, const char* about) {
        ImGui::SameLine();
        if (!icon_button(id, icon, pictures == value, about)) return;
        pictures = value;
        studio.settings_changed();
    };
    look("pictures", ICON_FA_TABLE_CELLS_LARGE, true, "Pictures of the files.");
    look("list", ICON_FA_LIST, false, "A list with sizes and dates.");
}

void FileBrowser::draw_foot(std::optional<std::filesystem::path>& chosen, bool& cancelled) {
    const bool needs_name = !request_.patterns.empty();
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
        std::filesystem::path file = needs_name ? list_.folder() / name_.data() : list_.folder();
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
}

std::optional<std::filesystem::path> FileBrowser::draw(Studio& studio, bool& cancelled) {
    if (!open_) return {};
    const std::string title = request_.title + "###browser";
    if (!ImGui::IsPopupOpen(title.c_str())) ImGui::OpenPopup(title.c_str());
    const ImGuiViewport& main = *ImGui::GetMainViewport();
    const ImVec2 room = {main.WorkSize.x - px(32), main.WorkSize.y - px(20)};
    ImGui::SetNextWindowPos(main.GetWorkCenter(), ImGuiCond_Appearing, {0.5f, 0.5f});
    ImGui::SetNextWindowSize({std::min(px(820), room.x), std::min(px(560), room.y)}, ImGuiCond_Appearing);
    ImGui::SetNextWindowSizeConstraints({0, 0}, room);
    if (!ImGui::BeginPopupModal(title.c_str(), nullptr, ImGuiWindowFlags_NoSavedSettings)) return {};
    std::optional<std::filesystem::path> chosen;
    draw_head(studio, chosen);
    if (!list_.problem().empty()) problem_box(list_.problem());
    const bool needs_name = !request_.patterns.empty();
    const float below = (needs_name ? 2 : 1) * ImGui::GetFrameHeightWithSpacing() + px(6);
    if (ImGui::BeginChild("middle", {0, -below})) {
        draw_places();
        ImGui::SameLine();
        list_.show(request_.patterns, all_);
        if (const auto pick = list_.draw(studio, studio.settings().file_pictures, name_.data())) {
            if (pick->folder) {
                go(pick->path);
            } else {
                name_ = {};
                pick->path.filename().string().copy(name_.data(), name_.size() - 1);
                ask_replace_ = false;
                if (pick->twice && !request_.saving) chosen = pick->path;
            }
        }
    }
    ImGui::EndChild();
    draw_foot(chosen, cancelled);
    appeared_ = true;
    if (chosen || cancelled) {
        close();
        ImGui::CloseCurrentPopup();
    }
    ImGui::EndPopup();
    return chosen;
}

}  // namespace likeness::ui

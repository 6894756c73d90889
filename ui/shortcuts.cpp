#include "ui/shortcuts.h"

#include <imgui_internal.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "ui/icons.h"
#include "ui/interface.h"
#include "ui/theme.h"
#include "ui/view_modes.h"
#include "ui/widgets.h"

namespace likeness::ui {
namespace {

// "Ctrl+Shift+S", "7", "F3", "Space"; 0 when it names no key.
ImGuiKeyChord chord_of(const std::string& text) {
    ImGuiKeyChord chord = 0;
    std::size_t at = 0;
    while (true) {
        const std::size_t plus = text.find('+', at);
        const std::string part = text.substr(at, plus == std::string::npos ? plus : plus - at);
        if (plus != std::string::npos) {
            chord |= part == "Ctrl"    ? ImGuiMod_Ctrl
                     : part == "Shift" ? ImGuiMod_Shift
                     : part == "Alt"   ? ImGuiMod_Alt
                                       : 0;
            at = plus + 1;
            continue;
        }
        if (part == ",") return chord | ImGuiKey_Comma;
        for (int key = ImGuiKey_NamedKey_BEGIN; key < ImGuiKey_NamedKey_END; ++key)
            if (part == ImGui::GetKeyName(ImGuiKey(key))) return chord | key;
        return 0;
    }
}

// A digit is either of the two that a keyboard may have.
bool pressed(const std::string& keys) {
    const ImGuiKeyChord chord = chord_of(keys);
    if (chord == 0) return false;
    if (ImGui::IsKeyChordPressed(chord)) return true;
    const int key = chord & ~ImGuiMod_Mask_;
    return key >= ImGuiKey_0 && key <= ImGuiKey_9 &&
           ImGui::IsKeyChordPressed((chord & ImGuiMod_Mask_) | (key - ImGuiKey_0 + ImGuiKey_Keypad0));
}

struct WindowKey {
    const char* group;  // of the sheet, as commands' categories
    const char* keys;
    const char* what;
    void (*run)(Studio&, Interface&);
};

void compare(Studio& studio, CompareMode mode) {
    if (!studio.unavailable("view.compare").empty()) return;
    const bool on = studio.view().compare == mode;
    studio.invoke("view.compare", {{"mode", on ? "off" : compare_mode_names[std::size_t(mode)]}});
}

template <int Mode>
void show_mode(Studio& studio, Interface&) {
    studio.invoke("view.mode", {{"mode", view_mode_names[std::size_t(Mode)]}});
}

constexpr std::array<WindowKey, 22> window_keys = {{
    {"Window", "Ctrl+P", "Command palette", [](Studio&, Interface& i) { i.command_palette().open(); }},
    {"Window", "F1", "Keyboard and mouse", [](Studio&, Interface& i) { i.shortcut_sheet().toggle(); }},
    {"Window", "Ctrl+,", "Preferences", [](Studio&, Interface& i) { i.show_panel("Preferences"); }},
    {"Edit", "Ctrl+Y", "Redo",
     [](Studio& s, Interface&) {
         if (s.unavailable("edit.redo").empty()) s.invoke("edit.redo");
     }},
    {"View", "1", "Front", [](Studio& s, Interface& i) { i.viewport().turn_to(s, 0, 0); }},
    {"View", "Ctrl+1", "Back", [](Studio& s, Interface& i) { i.viewport().turn_to(s, pi, 0); }},
    {"View", "3", "Subject's left", [](Studio& s, Interface& i) { i.viewport().turn_to(s, pi / 2, 0); }},
    {"View", "Ctrl+3", "Subject's right", [](Studio& s, Interface& i) { i.viewport().turn_to(s, -pi / 2, 0); }},
    {"View", "5", "Three quarters",
     [](Studio& s, Interface& i) { i.viewport().turn_to(s, 35 * pi / 180, 6 * pi / 180); }},
    {"View", "7", "Top", [](Studio& s, Interface& i) { i.viewport().turn_to(s, 0, pi / 2); }},
    {"View", "Ctrl+7", "Bottom", [](Studio& s, Interface& i) { i.viewport().turn_to(s, 0, -pi / 2); }},
    {"View", "0", "Photograph's camera",
     [](Studio& s, Interface&) {
         if (s.document().has_avatar()) s.invoke("view.source", {{"on", !s.view().source_camera}});
     }},
    {"View", "C", "Wipe with the photograph", [](Studio& s, Interface&) { compare(s, CompareMode::wipe); }},
    {"View", "Shift+C", "Photograph beside the avatar",
     [](Studio& s, Interface&) { compare(s, CompareMode::side_by_side); }},
    {"View", view_modes[0].keys, view_modes[0].title, show_mode<0>},
    {"View", view_modes[1].keys, view_modes[1].title, show_mode<1>},
    {"View", view_modes[2].keys, view_modes[2].title, show_mode<2>},
    {"View", view_modes[3].keys, view_modes[3].title, show_mode<3>},
    {"View", view_modes[4].keys, view_modes[4].title, show_mode<4>},
    {"View", view_modes[5].keys, view_modes[5].title, show_mode<5>},
    {"Motion", "Comma", "One frame back",
     [](Studio& s, Interface&) {
         if (s.motion().loaded()) s.invoke("motion.step", {{"frames", -1}});
     }},
    {"Motion", "Period", "One frame on",
     [](Studio& s, Interface&) {
         if (s.motion().loaded()) s.invoke("motion.step", {{"frames", 1}});
     }},
}};

using Keys = std::vector<std::pair<std::string, std::string>>;  // and what they do

void draw_group(const std::string& name, const Keys& entries) {
    ImGui::PushFont(medium_font(), 0);
    ImGui::TextUnformatted(name.c_str());
    ImGui::PopFont();
    for (const auto& [keys, what] : entries) {
        ImGui::PushStyleColor(ImGuiCol_Text, palette().accent_strong);
        ImGui::TextUnformatted(keys.c_str());
        ImGui::PopStyleColor();
        ImGui::SameLine(px(136));
        ImGui::TextUnformatted(what.c_str());
    }
    ImGui::Spacing();
    ImGui::Spacing();
}

}  // namespace

void run_shortcuts(Studio& studio, Interface& interface) {
    const bool modal = ImGui::GetTopMostPopupModal() != nullptr;
    // Space plays wherever the keyboard's focus is: no button, box or open menu takes it.
    if (!modal && !interface.command_palette().is_open())
        ImGui::SetKeyOwner(ImGuiKey_Space, ImHashStr("play"), ImGuiInputFlags_None);
    if (ImGui::GetIO().WantTextInput || modal) return;
    if (ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel)) {
        if (pressed("Space") && studio.unavailable("motion.toggle").empty()) studio.invoke("motion.toggle");
        return;
    }
    const auto taken = [&](const std::string& keys) {
        return std::ranges::any_of(interface.panels(), [chord = chord_of(keys)](const auto& panel) {
            return panel->open && panel->takes_key(chord);
        });
    };
    for (const WindowKey& key : window_keys)
        if (pressed(key.keys)) return key.run(studio, interface);
    if (interface.command_palette().is_open()) return;
    for (const std::string& id : studio.commands().ids()) {
        const Command& command = *studio.commands().find(id);
        if (command.shortcut.empty() || !pressed(command.shortcut) || taken(command.shortcut)) continue;
        if (studio.unavailable(id).empty()) studio.invoke(id);
        return;
    }
}

void ShortcutSheet::draw(Studio& studio) {
    if (!open_) return;
    const ImGuiViewport& main = *ImGui::GetMainViewport();
    ImGui::SetNextWindowPos(main.GetWorkCenter(), ImGuiCond_Appearing, {0.5f, 0.5f});
    ImGui::SetNextWindowSize({std::min(px(960), main.WorkSize.x - px(40)), std::min(px(650), main.WorkSize.y - px(40))},
                             ImGuiCond_Appearing);
    const bool shown =
        ImGui::Begin(ICON_FA_KEYBOARD "  Keyboard and mouse###shortcuts", &open_,
                     ImGuiWindowFlags_NoDocking | ImGuiWindowFlags_NoCollapse | ImGuiWindowFlags_NoSavedSettings);
    if (ImGui::IsKeyPressed(ImGuiKey_Escape)) open_ = false;
    if (shown) {
        std::map<std::string, Keys> groups;
        for (const std::string& id : studio.commands().ids()) {
            const Command& command = *studio.commands().find(id);
            if (command.shortcut.empty()) continue;
            std::string title = command.title;
            if (title.ends_with("...")) title.resize(title.size() - 3);
            groups[command.category].emplace_back(command.shortcut, title);
        }
        for (const WindowKey& key : window_keys) {
            auto& group = groups[key.group];
            const auto same =
                std::find_if(group.begin(), group.end(), [&](const auto& e) { return e.second == key.what; });
            if (same == group.end())
                group.emplace_back(key.keys, key.what);
            else if (same->first != key.keys)
                same->first += std::string(", ") + key.keys;
        }
        groups["Mouse in the viewport"] = {{"Left drag", "Orbit"},
                                           {"Right or middle drag", "Pan"},
                                           {"Shift + left drag", "Pan"},
                                           {"Wheel", "Zoom to the pointer"},
                                           {"Click", "Name a point (View menu)"},
                                           {"Double-click", "Frame the head"}};
        groups["Mouse in the canvas"] = {{"Middle or Space drag", "Pan"}, {"Home", "Show all of it"}};
        groups["Paint"].emplace_back("[  ]", "Smaller, larger brush");
        groups["Paint"].emplace_back("Shift + [  ]", "Softer, harder brush");
        groups["Sliders"] = {{"Drag, click", "Set"}, {"Ctrl + click", "Type a value"}, {"Double-click", "Reset"}};
        const int columns = ImGui::GetContentRegionAvail().x > px(900)   ? 3
                            : ImGui::GetContentRegionAvail().x > px(600) ? 2
                                                                         : 1;
        // Each group unbroken into the column that is shortest so far, the longest first.
        std::vector<std::string> order;
        for (const auto& [name, keys] : groups) order.push_back(name);
        std::stable_sort(order.begin(), order.end(), [&](const std::string& a, const std::string& b) {
            return groups.at(a).size() > groups.at(b).size();
        });
        const auto count = std::size_t(columns);
        std::vector<std::set<std::string>> names(count);
        std::vector<std::size_t> rows(count, 0);
        for (const std::string& name : order) {
            const auto shortest = std::size_t(std::min_element(rows.begin(), rows.end()) - rows.begin());
            names[shortest].insert(name);
            rows[shortest] += groups.at(name).size() + 2;
        }
        if (ImGui::BeginTable("sheet", columns)) {
            for (const std::set<std::string>& column : names) {
                ImGui::TableNextColumn();
                for (const std::string& name : column) draw_group(name, groups.at(name));
            }
            ImGui::EndTable();
        }
    }
    ImGui::End();
}

}  // namespace likeness::ui

#include "ui/command_palette.h"

#include <imgui.h>

#include <algorithm>
#include <array>

#include "ui/icons.h"
#include "ui/theme.h"
#include "ui/widgets.h"

namespace likeness::ui {
namespace {

constexpr const char* window_name = "Commands###palette";

// A command that runs without asking for a value.
bool stands_alone(const Command& command) {
    return std::none_of(command.arguments.begin(), command.arguments.end(),
                        [](const ArgumentSpec& a) { return a.required && !a.fallback; });
}

}  // namespace

void CommandPalette::open() {
    open_ = true;
    appeared_ = false;
    query_.clear();
    chosen_ = 0;
}

// What begins with the words first, then what holds them; what cannot be done now comes last.
std::vector<std::string> CommandPalette::find(const Studio& studio) const {
    std::vector<std::string> early, late;
    for (const std::string& id : studio.commands().ids()) {
        const Command& command = *studio.commands().find(id);
        if (!stands_alone(command) || !matches(command.category + " " + command.title + " " + id, query_)) continue;
        (matches(command.title.substr(0, query_.size()), query_) ? early : late).push_back(id);
    }
    early.insert(early.end(), late.begin(), late.end());
    std::stable_partition(early.begin(), early.end(),
                          [&](const std::string& id) { return studio.unavailable(id).empty(); });
    return early;
}

void CommandPalette::draw(Studio& studio) {
    if (!open_) return;
    const ImGuiViewport& main = *ImGui::GetMainViewport();
    const float width = std::min(px(520), main.WorkSize.x - px(40));
    ImGui::SetNextWindowPos({main.WorkPos.x + 0.5f * (main.WorkSize.x - width), main.WorkPos.y + px(60)});
    ImGui::SetNextWindowSize({width, std::min(px(420), main.WorkSize.y - px(100))});
    if (!appeared_) ImGui::SetNextWindowFocus();
    ImGui::Begin(window_name, nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoDocking |
                     ImGuiWindowFlags_NoSavedSettings);
    if (!appeared_) ImGui::SetKeyboardFocusHere();
    std::array<char, 128> text{};
    query_.copy(text.data(), text.size() - 1);
    ImGui::SetNextItemWidth(-1);
    if (ImGui::InputTextWithHint("##query", ICON_FA_TERMINAL "  What shall be done?", text.data(), text.size())) {
        query_ = text.data();
        chosen_ = 0;
    }
    const std::vector<std::string> found = find(studio);
    if (ImGui::IsKeyPressed(ImGuiKey_DownArrow)) ++chosen_;
    if (ImGui::IsKeyPressed(ImGuiKey_UpArrow)) --chosen_;
    chosen_ = std::clamp(chosen_, 0, std::max(0, int(found.size()) - 1));
    std::string run;
    if (!found.empty() && (ImGui::IsKeyPressed(ImGuiKey_Enter) || ImGui::IsKeyPressed(ImGuiKey_KeypadEnter)))
        run = found[std::size_t(chosen_)];
    ImGui::BeginChild("found");
    ImGui::Dummy({0, px(1)});  // rows reach a little above themselves
    for (std::size_t i = 0; i < found.size(); ++i) {
        const Command& command = *studio.commands().find(found[i]);
        const std::string reason = studio.unavailable(found[i]);
        ImGui::PushID(found[i].c_str());
        ImGui::PushStyleColor(ImGuiCol_Text, reason.empty() ? palette().text : palette().faint);
        if (ImGui::Selectable("##row", int(i) == chosen_, 0, {0, ImGui::GetTextLineHeight() + px(4)})) run = found[i];
        tooltip(command.tooltip + (reason.empty() ? "" : "\nNot now: " + reason));
        if (int(i) == chosen_ && (ImGui::IsKeyPressed(ImGuiKey_DownArrow) || ImGui::IsKeyPressed(ImGuiKey_UpArrow)))
            ImGui::SetScrollHereY();
        ImGui::SameLine(px(8));
        ImGui::TextUnformatted(command.title.c_str());
        ImGui::PopStyleColor();
        ImGui::PushStyleColor(ImGuiCol_Text, reason.empty() ? palette().dim : palette().faint);
        ImGui::SameLine();
        ImGui::TextUnformatted(command.category.c_str());
        if (!command.shortcut.empty()) {
            const float shortcut_width = ImGui::CalcTextSize(command.shortcut.c_str()).x;
            ImGui::SameLine(ImGui::GetWindowWidth() - shortcut_width - px(20));
            ImGui::TextUnformatted(command.shortcut.c_str());
        }
        ImGui::PopStyleColor();
        ImGui::PopID();
    }
    if (found.empty()) note("No command has that name.");
    ImGui::EndChild();
    const bool lost = appeared_ && !ImGui::IsWindowFocused(ImGuiFocusedFlags_RootAndChildWindows);
    appeared_ = true;
    ImGui::End();
    if (!run.empty() || lost || ImGui::IsKeyPressed(ImGuiKey_Escape)) open_ = false;
    if (!run.empty()) studio.invoke(run);
}

}  // namespace likeness::ui

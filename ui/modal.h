// A modal in the middle of the window.
#pragma once

#include <imgui.h>
#include <imgui_internal.h>

#include "ui/theme.h"

namespace likeness::ui {

// True between it and close_modal() or ImGui::EndPopup().
inline bool begin_modal(const char* title, float width) {
    if (!ImGui::IsPopupOpen(title)) ImGui::OpenPopup(title);
    const ImGuiViewport& main = *ImGui::GetMainViewport();
    ImGui::SetNextWindowPos(main.GetWorkCenter(), ImGuiCond_Appearing, {0.5f, 0.5f});
    ImGui::SetNextWindowSizeConstraints({width, 0}, {width, main.WorkSize.y});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(px(18), px(14)));
    const bool shown = ImGui::BeginPopupModal(
        title, nullptr, ImGuiWindowFlags_AlwaysAutoResize | ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoMove);
    ImGui::PopStyleVar();
    return shown;
}

// Of the dialog between Begin and End. The key that opened it does not answer it.
inline bool escaped() { return ImGui::IsKeyPressed(ImGuiKey_Escape, false) && !ImGui::IsWindowAppearing(); }

// Enter is the answer of the first button, unless the keyboard has chosen another: that one takes Enter itself.
inline bool entered() {
    const ImGuiContext& context = *ImGui::GetCurrentContext();
    if (ImGui::IsWindowAppearing() || (context.NavCursorVisible && context.NavId != 0)) return false;
    return ImGui::IsKeyPressed(ImGuiKey_Enter, false) || ImGui::IsKeyPressed(ImGuiKey_KeypadEnter, false);
}

inline void close_modal() {
    ImGui::CloseCurrentPopup();
    ImGui::EndPopup();
}

}  // namespace likeness::ui

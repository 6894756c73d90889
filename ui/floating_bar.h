// A rounded strip that floats over the viewport's picture, while it lives.
#pragma once

#include <imgui.h>

#include "ui/theme.h"

namespace likeness::ui {

class FloatingBar {
  public:
    FloatingBar(const char* id, const ImVec2& from, ImGuiChildFlags flags = 0) {
        ImGui::SetCursorScreenPos(from);
        ImVec4 ground = palette().panel;
        ground.w = 0.86f;
        ImGui::PushStyleColor(ImGuiCol_ChildBg, ground);
        ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {px(4), px(4)});
        ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {px(3), px(4)});
        ImGui::BeginChild(
            id, {0, 0},
            ImGuiChildFlags_AutoResizeX | ImGuiChildFlags_AutoResizeY | ImGuiChildFlags_AlwaysUseWindowPadding | flags,
            ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoSavedSettings);
    }
    ~FloatingBar() {
        ImGui::EndChild();
        ImGui::PopStyleVar(2);
        ImGui::PopStyleColor();
    }
    FloatingBar(const FloatingBar&) = delete;
    FloatingBar& operator=(const FloatingBar&) = delete;
};

}  // namespace likeness::ui

#include "ui/viewport_overlays.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "core/head/mediapipe_landmarks.h"
#include "ui/floating_bar.h"
#include "ui/icons.h"
#include "ui/widgets.h"

namespace likeness::ui {

void draw_landmarks(const Studio& studio, const ViewportOutput& output, const ImVec2& from) {
    const Vertices* vertices = output.vertices();
    const HeadModel* model = studio.document().model();
    if (!vertices || !model || vertices->cols() < model->vertex_count()) return;
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const ImVec2 pixels = ImGui::GetIO().DisplayFramebufferScale;
    const std::vector<SurfacePoint>& points = model->landmarks(landmarks::scheme);
    for (std::size_t i = 0; i < points.size(); ++i) {
        float depth = 0;
        const Eigen::Vector2f p =
            output.camera().project(surface_position(*vertices, model->triangles, points[i]), &depth);
        if (depth <= 0) continue;
        const bool iris = i >= landmarks::face_count;
        draw.AddCircleFilled({from.x + (float(output.left()) + p.x()) / pixels.x, from.y + p.y() / pixels.y},
                             px(iris ? 2.2f : 1.5f), u32(iris ? palette().accent_strong : palette().info, 0.9f), 8);
    }
}

void draw_pick(const PickedInfo& picked, const ViewportOutput& output, const ImVec2& from) {
    const Vertices* vertices = output.vertices();
    if (!vertices) return;
    const ImVec2 pixels = ImGui::GetIO().DisplayFramebufferScale;
    const Eigen::Vector2f p = output.camera().project(picked.position);
    const ImVec2 at = {from.x + (float(output.left()) + p.x()) / pixels.x, from.y + p.y() / pixels.y};
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddCircle(at, px(6), u32(palette().line, 0.8f), 24, px(3));
    draw.AddCircle(at, px(6), u32(palette().accent_strong), 24, px(1.6f));
    std::array<char, 160> words{};
    std::snprintf(words.data(), words.size(), "%s   %.0f, %.0f, %.0f mm", readable(picked.region).c_str(),
                  double(picked.position.x() * 1000), double(picked.position.y() * 1000),
                  double(picked.position.z() * 1000));
    const ImVec2 size = ImGui::CalcTextSize(words.data());
    const ImVec2 box = {at.x + px(12), at.y - 0.5f * size.y};
    draw.AddRectFilled({box.x - px(6), box.y - px(3)}, {box.x + size.x + px(6), box.y + size.y + px(3)},
                       u32(palette().panel, 0.86f), px(4));
    draw.AddText(box, u32(palette().text), words.data());
}

bool draw_wipe(ViewState& view, const ImVec2& from, const ImVec2& size) {
    const float x = from.x + view.wipe * size.x;
    ImGui::SetCursorScreenPos({x - px(10), from.y});
    ImGui::InvisibleButton("wipe line", {px(20), size.y});
    const bool hot = ImGui::IsItemHovered() || ImGui::IsItemActive();
    const bool held = ImGui::IsItemActive();
    if (held) view.wipe = std::clamp((ImGui::GetIO().MousePos.x - from.x) / size.x, 0.0f, 1.0f);
    if (hot) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const ImVec2 knob = {x, from.y + 0.5f * size.y};
    draw.AddLine({x, from.y}, {x, from.y + size.y}, u32(hot ? palette().accent : ImVec4(1, 1, 1, 0.85f)), px(1.5f));
    draw.AddCircleFilled(knob, px(12), u32(hot ? palette().accent : ImVec4(1, 1, 1, 0.92f)), 24);
    const ImVec2 icon = ImGui::CalcTextSize(ICON_FA_LEFT_RIGHT);
    draw.AddText({knob.x - 0.5f * icon.x, knob.y - 0.5f * icon.y}, IM_COL32(30, 32, 36, 255), ICON_FA_LEFT_RIGHT);
    return held;
}

namespace {

void draw_tag(const char* words, const ImVec2& at, const ImVec2& extent) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled({at.x - px(7), at.y - px(4)}, {at.x + extent.x + px(7), at.y + extent.y + px(4)},
                       IM_COL32(20, 21, 24, 170), px(4));
    draw.AddText(nullptr, 0, at, IM_COL32(235, 237, 240, 255), words, nullptr, extent.x + 1);
}

}  // namespace

void draw_comparison_labels(float x, const ImVec2& from, const ImVec2& size) {
    const ImVec2 photograph = ImGui::CalcTextSize("Photograph"), avatar = ImGui::CalcTextSize("Avatar");
    const float y = from.y + size.y - photograph.y - px(14);
    draw_tag("Photograph", {x - photograph.x - px(16), y}, photograph);
    draw_tag("Avatar", {x + px(16), y}, avatar);
}

void draw_note(const char* words, const ImVec2& from, const ImVec2& size) {
    const ImVec2 extent = ImGui::CalcTextSize(words, nullptr, false, size.x - px(40));
    draw_tag(words, {from.x + 0.5f * (size.x - extent.x), from.y + size.y - extent.y - px(14)}, extent);
}

void draw_statistics(const ViewportStatistics& s, const ImVec2& from, const ImVec2& size) {
    std::array<char, 512> words{};
    std::snprintf(words.data(), words.size(),
                  "%.1f pictures a second   %.0f %% resolution\n"
                  "%s Gaussians   %s\n"
                  "pose %.1f   rasterize %.1f   convert %.1f ms\n"
                  "compose %.1f   interface %.1f ms\n"
                  "%s (%s)",
                  double(s.frames_per_second), double(s.resolution * 100), format_count(s.gaussians).c_str(),
                  s.rasterizer.c_str(), double(s.pose_ms), double(s.raster_ms), double(s.convert_ms),
                  double(s.compose_ms), double(s.interface_ms), s.path.c_str(), s.path_reason.c_str());
    const float wrap = size.x - px(44);  // a narrow view has more lines
    const ImVec2 extent = ImGui::CalcTextSize(words.data(), nullptr, false, wrap);
    const ImVec2 at = {from.x + px(18), from.y + size.y - extent.y - px(18)};
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled({at.x - px(8), at.y - px(6)}, {at.x + extent.x + px(8), at.y + extent.y + px(6)},
                       u32(palette().panel, 0.86f), px(5));
    draw.AddText(ImGui::GetFont(), ImGui::GetFontSize(), at, u32(palette().text), words.data(), nullptr, wrap);
}

void draw_document_state(Studio& studio, const ImVec2& from, const ImVec2& size) {
    const Document& document = studio.document();
    if (document.stage == DocumentStage::preparing ||
        (document.stage == DocumentStage::ready && studio.scene().empty())) {
        const auto [stage, fraction] = running_stage(studio).value_or(RunningStage{"Opening", -1});
        const float width = px(280);
        const FloatingBar bar("state", {from.x + 0.5f * (size.x - width), from.y + 0.5f * size.y - px(30)});
        ImGui::Dummy({width, px(2)});
        ImGui::Text("  %s", stage.c_str());
        progress_bar(fraction, "", width, px(6));
        ImGui::Dummy({width, px(2)});
    } else if (document.stage == DocumentStage::failed && document.problem) {
        const float width = std::min(px(420), size.x - px(40));
        ImGui::SetCursorScreenPos({from.x + 0.5f * (size.x - width), from.y + 0.4f * size.y});
        ImGui::BeginChild("failed", {width, 0}, ImGuiChildFlags_AutoResizeY);
        problem_box(document.problem->message);
        ImGui::Spacing();
        command_button(studio, "file.open", {}, ICON_FA_FOLDER_OPEN "  Open something else", ButtonStyle::primary);
        if (studio.unavailable("source.make_anyway").empty()) {
            ImGui::SameLine();
            command_button(studio, "source.make_anyway", {}, ICON_FA_USER "  Make it anyway");
        }
        ImGui::EndChild();
    }
}

}  // namespace likeness::ui

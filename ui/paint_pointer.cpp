#include "ui/paint_pointer.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ui/theme.h"

namespace likeness::ui {
namespace {

bool strokes(PaintTool tool) {
    return tool == PaintTool::brush || tool == PaintTool::eraser || tool == PaintTool::smudge ||
           tool == PaintTool::clone || tool == PaintTool::heal;
}

// The brush's border, laid along the skin.
void draw_ring(PaintService& paint, const SurfacePoint& at, const PaintSight& sight, float opacity) {
    const auto surface = paint.surface();
    if (!surface) return;
    constexpr int count = 48;
    const Eigen::Vector3f out = surface->normal(at);
    Eigen::Vector3f right = Eigen::Vector3f::UnitY().cross(out);
    if (right.norm() < 0.1f) right = Eigen::Vector3f::UnitX();
    right.normalize();
    const Eigen::Vector3f up = out.cross(right);
    std::vector<SurfacePoint> ring;
    for (int i = 0; i < count; ++i) {
        const float angle = 6.2831853f * float(i) / count;
        ring.push_back(surface->walk(at, 0.5f * paint.brush().size * (std::cos(angle) * right + std::sin(angle) * up)));
    }
    // Where a seam comes between, the border goes on at another chart.
    std::vector<std::vector<ImVec2>> lines(1);
    bool closed = true;
    for (int i = 0; i <= count; ++i) {
        const SurfacePoint& p = ring[std::size_t(i % count)];
        if (i > 0 && !sight.joined(ring[std::size_t(i - 1)], p)) {
            lines.emplace_back();
            closed = false;
        }
        if (i < count || !closed) lines.back().push_back(sight.screen(p));
    }
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const auto alpha = [opacity](float of) { return ImU32(of * opacity) << IM_COL32_A_SHIFT; };
    for (const auto& [color, width] :
         {std::pair(IM_COL32(0, 0, 0, 0) | alpha(150), 3.0f), {IM_COL32(255, 255, 255, 0) | alpha(235), 1.4f}})
        for (const auto& line : lines)
            draw.AddPolyline(line.data(), int(line.size()), color, px(width),
                             closed ? ImDrawFlags_Closed : ImDrawFlags_None);
}

void draw_cross(const ImVec2& at, float size) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    for (const auto& [color, width] : {std::pair(IM_COL32(0, 0, 0, 150), 3.0f), {IM_COL32(255, 255, 255, 235), 1.4f}}) {
        draw.AddLine({at.x - size, at.y}, {at.x + size, at.y}, color, px(width));
        draw.AddLine({at.x, at.y - size}, {at.x, at.y + size}, color, px(width));
    }
}

}  // namespace

void draw_pointed(Studio& studio, const SurfacePoint& place, const PaintSight& sight, float opacity) {
    if (PaintPointer::active(studio) && strokes(studio.paint().tool()))
        draw_ring(studio.paint(), place, sight, opacity);
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const ImVec2 at = sight.screen(place);
    draw.AddCircleFilled(at, px(4.5f), IM_COL32(0, 0, 0, int(150 * opacity)), 16);
    draw.AddCircleFilled(at, px(3), u32(palette().accent_strong, opacity), 16);
}

bool PaintPointer::active(const Studio& studio) {
    return studio.document().has_avatar() && studio.paint().tool() != PaintTool::select;
}

bool PaintPointer::draw(Studio& studio, const PaintSight& sight) {
    PaintService& paint = studio.paint();
    const ImGuiIO& io = ImGui::GetIO();
    if (!active(studio)) {
        gradient_from_.reset();
        release(studio);
        return false;
    }
    if (ImGui::IsKeyPressed(ImGuiKey_Escape, false) && !io.WantTextInput) {
        if (held_) {
            paint.cancel_stroke();
            held_ = awaits_ = false;
            gradient_from_.reset();
        } else if (!paint.stroking() && !ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopup)) {
            studio.invoke("paint.tool", {{"tool", "select"}});
        }
        return true;
    }
    const Eigen::Vector2f pixel = sight.pixel(io.MousePos);
    const bool hovered = ImGui::IsItemHovered(), down = ImGui::IsMouseDown(ImGuiMouseButton_Left);
    const bool pressed = ImGui::IsItemActivated() && ImGui::IsMouseClicked(ImGuiMouseButton_Left);
    if (pressed || (awaits_ && down)) press(studio, sight, pixel);
    if (!down) awaits_ = false;
    if (held_ && !down) release(studio);
    // Also at rest: a head that moves goes on beneath the brush.
    if (held_ && paint.stroking()) paint.stroke_to(sight.view(), pixel, paint.pressure());
    if (!hovered && !held_) return false;

    for (const auto& [key, sign] : {std::pair(ImGuiKey_LeftBracket, -1.0f), {ImGuiKey_RightBracket, 1.0f}}) {
        if (!ImGui::IsKeyPressed(key) || io.WantTextInput) continue;
        BrushOptions& brush = paint.brush();
        if (io.KeyShift)
            brush.hardness = std::clamp(brush.hardness + 0.1f * sign, 0.0f, 1.0f);
        else
            brush.size = std::clamp(brush.size * std::pow(1.15f, sign), least_brush, most_brush);
    }
    under_ = paint.place(sight.view(), pixel);
    if (under_) ImGui::SetMouseCursor(ImGuiMouseCursor_None);
    if (gradient_from_) {
        const ImVec2 a = sight.screen(*gradient_from_), b = io.MousePos;
        ImDrawList& draw = *ImGui::GetWindowDrawList();
        draw.AddLine(a, b, IM_COL32(0, 0, 0, 150), px(3));
        draw.AddLine(a, b, IM_COL32(255, 255, 255, 235), px(1.4f));
    }
    if (under_ && strokes(paint.tool())) draw_ring(paint, *under_, sight, 1);
    if (under_) draw_cross(io.MousePos, px(strokes(paint.tool()) ? 3.0f : 8.0f));
    const bool sources = paint.tool() == PaintTool::clone || paint.tool() == PaintTool::heal;
    if (const auto source = paint.clone_source(); source && sources) draw_cross(sight.screen(*source), px(6));
    return held_;
}

void PaintPointer::press(Studio& studio, const PaintSight& sight, const Eigen::Vector2f& pixel) {
    PaintService& paint = studio.paint();
    const auto found = paint.place(sight.view(), pixel);
    awaits_ = !found && strokes(paint.tool()) && !ImGui::GetIO().KeyAlt;
    const auto say = [&](const Status& status) {
        if (!status) studio.messages().error(status.error());
    };
    if (!found) return;
    const bool alt = ImGui::GetIO().KeyAlt;
    const Eigen::Vector2f atlas =
        atlas_position(paint.surface() ? paint.surface()->avatar() : studio.document().avatar(), *found);
    const auto at = [](const Eigen::Vector2f& p) { return std::to_string(p.x()) + "," + std::to_string(p.y()); };
    const PaintTool tool = paint.tool();
    if (alt && (tool == PaintTool::clone || tool == PaintTool::heal)) {
        paint.set_clone_source(*found);
    } else if (alt || tool == PaintTool::eyedropper) {
        say(paint.pick_color(*found));
        if (!alt) paint.set_tool(PaintTool::brush);  // with the color that was wanted
    } else if (tool == PaintTool::fill && paint.fill_region) {
        studio.invoke("paint.fill", {{"region", face_region_names[std::size_t(*paint.fill_region)].name}});
    } else if (tool == PaintTool::fill) {
        studio.invoke("paint.fill", {{"at", at(atlas)}, {"in", "atlas"}});
    } else if (tool == PaintTool::gradient) {
        gradient_from_ = *found;
        held_ = true;
    } else {
        const Status begun = paint.begin_stroke(sight.view(), pixel, paint.pressure());
        say(begun);
        held_ = paint.stroking();
    }
}

void PaintPointer::release(Studio& studio) {
    awaits_ = false;
    if (!held_) return;
    held_ = false;
    studio.paint().end_stroke();
    if (!gradient_from_ || !under_) {
        gradient_from_.reset();
        return;
    }
    const auto surface = studio.paint().surface();
    const auto at = [&](const SurfacePoint& p) {
        const Eigen::Vector2f atlas = atlas_position(surface->avatar(), p);
        return std::to_string(atlas.x()) + "," + std::to_string(atlas.y());
    };
    if (surface) studio.invoke("paint.gradient", {{"from", at(*gradient_from_)}, {"to", at(*under_)}, {"in", "atlas"}});
    gradient_from_.reset();
}

}  // namespace likeness::ui

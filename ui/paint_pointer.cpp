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

// From pixels of the avatar's picture to the screen.
struct ToScreen {
    const Camera& camera;
    ImVec2 from, pixels;
    float left;
    ImVec2 operator()(const Eigen::Vector2f& p) const {
        return {from.x + (left + p.x()) / pixels.x, from.y + p.y() / pixels.y};
    }
};

// The brush's border, laid along the skin.
void draw_ring(PaintService& paint, const SurfacePoint& at, const ToScreen& to_screen) {
    const auto surface = paint.surface();
    const SurfacePicker* const picker = paint.picker();
    if (!surface || !picker) return;
    constexpr int count = 40;
    const Eigen::Vector3f out = surface->normal(at);
    Eigen::Vector3f right = Eigen::Vector3f::UnitY().cross(out);
    if (right.norm() < 0.1f) right = Eigen::Vector3f::UnitX();
    right.normalize();
    const Eigen::Vector3f up = out.cross(right);
    std::vector<ImVec2> ring;
    for (int i = 0; i < count; ++i) {
        const float angle = 6.2831853f * float(i) / count;
        const SurfacePoint p =
            surface->walk(at, 0.5f * paint.brush().size * (std::cos(angle) * right + std::sin(angle) * up));
        ring.push_back(
            to_screen(to_screen.camera.project(surface_position(picker->vertices(), picker->avatar().triangles(), p))));
    }
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddPolyline(ring.data(), count, IM_COL32(0, 0, 0, 150), px(3), ImDrawFlags_Closed);
    draw.AddPolyline(ring.data(), count, IM_COL32(255, 255, 255, 235), px(1.4f), ImDrawFlags_Closed);
}

void draw_cross(const ImVec2& at, float size) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    for (const auto& [color, width] : {std::pair(IM_COL32(0, 0, 0, 150), 3.0f), {IM_COL32(255, 255, 255, 235), 1.4f}}) {
        draw.AddLine({at.x - size, at.y}, {at.x + size, at.y}, color, px(width));
        draw.AddLine({at.x, at.y - size}, {at.x, at.y + size}, color, px(width));
    }
}

}  // namespace

bool PaintPointer::active(const Studio& studio) {
    return studio.document().has_avatar() && studio.paint().tool() != PaintTool::select;
}

bool PaintPointer::draw(Studio& studio, const ViewportOutput& output, const ImVec2& from) {
    PaintService& paint = studio.paint();
    const ImGuiIO& io = ImGui::GetIO();
    if (!active(studio) || output.camera().width <= 0) {
        release(studio);
        return false;
    }
    if (ImGui::IsKeyPressed(ImGuiKey_Escape, false) && !io.WantTextInput) {
        if (held_) {
            paint.cancel_stroke();
            held_ = false;
            gradient_from_.reset();
        } else if (!ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopup)) {
            studio.invoke("paint.tool", {{"tool", "select"}});
        }
        return true;
    }
    const ImVec2 pixels = io.DisplayFramebufferScale;
    const Camera& camera = output.camera();
    const ToScreen to_screen{camera, from, pixels, float(output.left())};
    pixel_ = {(io.MousePos.x - from.x) * pixels.x - float(output.left()), (io.MousePos.y - from.y) * pixels.y};
    const bool hovered = ImGui::IsItemHovered(), down = ImGui::IsMouseDown(ImGuiMouseButton_Left);
    if (ImGui::IsItemActivated() && ImGui::IsMouseClicked(ImGuiMouseButton_Left)) press(studio, camera, pixel_);
    if (held_ && !down) release(studio);
    // Also at rest: a head that moves goes on beneath the brush.
    if (held_ && paint.stroking()) paint.stroke_to(camera, pixel_, paint.pressure());
    if (!hovered && !held_) return false;

    for (const auto& [key, factor] : {std::pair(ImGuiKey_LeftBracket, 1 / 1.15f), {ImGuiKey_RightBracket, 1.15f}})
        if (ImGui::IsKeyPressed(key) && !io.WantTextInput)
            paint.brush().size = std::clamp(paint.brush().size * factor, least_brush, most_brush);
    const auto found = paint.pick(camera, pixel_);
    under_ = found ? std::optional(found->point) : std::nullopt;
    if (found) ImGui::SetMouseCursor(ImGuiMouseCursor_None);
    if (gradient_from_) {
        const ImVec2 a = to_screen(gradient_pixel_), b = to_screen(pixel_);
        ImDrawList& draw = *ImGui::GetWindowDrawList();
        draw.AddLine(a, b, IM_COL32(0, 0, 0, 150), px(3));
        draw.AddLine(a, b, IM_COL32(255, 255, 255, 235), px(1.4f));
    }
    if (found && strokes(paint.tool())) draw_ring(paint, found->point, to_screen);
    if (found) draw_cross(to_screen(pixel_), px(strokes(paint.tool()) ? 3.0f : 8.0f));
    const bool sources = paint.tool() == PaintTool::clone || paint.tool() == PaintTool::heal;
    if (const auto source = paint.clone_source(); source && sources && paint.picker())
        draw_cross(to_screen(camera.project(
                       surface_position(paint.picker()->vertices(), paint.picker()->avatar().triangles(), *source))),
                   px(6));
    return held_;
}

void PaintPointer::press(Studio& studio, const Camera& camera, const Eigen::Vector2f& pixel) {
    PaintService& paint = studio.paint();
    const auto found = paint.pick(camera, pixel);
    const auto say = [&](const Status& status) {
        if (!status) studio.messages().error(status.error());
    };
    if (!found) return;
    const bool alt = ImGui::GetIO().KeyAlt;
    const Eigen::Vector2f atlas =
        atlas_position(paint.surface() ? paint.surface()->avatar() : studio.document().avatar(), found->point);
    const auto at = [](const Eigen::Vector2f& p) { return std::to_string(p.x()) + "," + std::to_string(p.y()); };
    const PaintTool tool = paint.tool();
    if (alt && (tool == PaintTool::clone || tool == PaintTool::heal)) {
        paint.set_clone_source(found->point);
    } else if (alt || tool == PaintTool::eyedropper) {
        say(paint.pick_color(found->point));
        if (!alt) paint.set_tool(PaintTool::brush);  // with the color that was wanted
    } else if (tool == PaintTool::fill && paint.fill_region) {
        studio.invoke("paint.fill", {{"region", face_region_names[std::size_t(*paint.fill_region)].name}});
    } else if (tool == PaintTool::fill) {
        studio.invoke("paint.fill", {{"at", at(atlas)}, {"in", "atlas"}});
    } else if (tool == PaintTool::gradient) {
        gradient_from_ = found->point;
        gradient_pixel_ = pixel;
        held_ = true;
    } else {
        const Status begun = paint.begin_stroke(camera, pixel, paint.pressure());
        say(begun);
        held_ = paint.stroking();
    }
}

void PaintPointer::release(Studio& studio) {
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

#include "ui/preparation_view.h"

#include <algorithm>
#include <cmath>

#include "core/head/mediapipe_landmarks.h"
#include "ui/theme.h"

namespace likeness::ui {
namespace {

constexpr float veil_opacity = 0.72f;
constexpr float approach_seconds = 0.35f;

Image veil_over(const Image& matte) {
    Image veil(matte.width, matte.height, 4);
    const ImVec4& ground = palette().viewport;
    for (std::size_t i = 0; i < matte.pixels.size(); ++i) {
        float* to = &veil.pixels[i * 4];
        to[0] = ground.x;
        to[1] = ground.y;
        to[2] = ground.z;
        to[3] = veil_opacity * (1 - matte.pixels[i]);
    }
    return veil;
}

// Between the photograph's pixels and the screen.
struct Placed {
    ImVec2 origin;
    float scale = 1;
    ImVec2 at(float x, float y) const { return {origin.x + x * scale, origin.y + y * scale}; }
};

// `nearness` 0: all of it, 1: its square fills the room.
Placed place(const PortraitSketch& sketch, float nearness, const ImVec2& from, const ImVec2& size) {
    const float w = float(sketch.width), h = float(sketch.height), side = float(sketch.crop_side);
    const float whole = std::min(size.x / w, size.y / h);
    const float near = side > 0 ? std::max(whole, std::min(size.x, size.y) / side) : whole;
    const float t = nearness * nearness * (3 - 2 * nearness);
    Placed placed;
    placed.scale = whole * std::pow(near / whole, t);
    const float x = (1 - t) * 0.5f * w + t * (float(sketch.crop_origin.x()) + 0.5f * side);
    const float y = (1 - t) * 0.5f * h + t * (float(sketch.crop_origin.y()) + 0.5f * side);
    placed.origin = {from.x + 0.5f * size.x - x * placed.scale, from.y + 0.5f * size.y - y * placed.scale};
    return placed;
}

void draw_faces(const PortraitSketch& sketch, const Placed& placed, ImDrawList& draw) {
    for (std::size_t i = 0; i < sketch.faces.size(); ++i) {
        const FaceDetection& face = sketch.faces[i];
        const bool chosen = int(i) == sketch.face;
        draw.AddRect(placed.at(face.low.x(), face.low.y()), placed.at(face.high.x(), face.high.y()),
                     u32(chosen ? palette().accent_strong : ImVec4(1, 1, 1, 0.7f)), px(5), px(chosen ? 2 : 1.2f));
    }
    if (!sketch.landmarks) return;
    for (std::size_t i = 0; i < sketch.landmarks->size(); ++i) {
        const bool iris = i >= landmarks::face_count;
        const Eigen::Vector3f& p = (*sketch.landmarks)[i];
        draw.AddCircleFilled(placed.at(p.x(), p.y()), px(iris ? 1.8f : 1.1f),
                             u32(iris ? palette().accent_strong : palette().info, 0.9f), 6);
    }
}

// What is done now, and how far all of it is, at the lower edge.
void draw_stage(Studio& studio, const ImVec2& from, const ImVec2& size) {
    const auto [stage, fraction] = running_stage(studio).value_or(RunningStage{"Preparing", -1});
    const float width = std::min(px(300), size.x - px(24)), line = ImGui::GetTextLineHeight();
    const ImVec2 at = {from.x + 0.5f * (size.x - width), from.y + 0.5f * (size.y - line - px(14))};
    ImGui::GetWindowDrawList()->AddText({at.x + 0.5f * (width - ImGui::CalcTextSize(stage.c_str()).x), at.y},
                                        u32(palette().text), stage.c_str());
    ImGui::SetCursorScreenPos({at.x, at.y + line + px(8)});
    progress_bar(fraction, "", width, px(6));
}

}  // namespace

bool PreparationView::wanted(Studio& studio) {
    const auto& sketch = studio.trainer().sketch();
    return studio.document().stage == DocumentStage::preparing && sketch && sketch->picture;
}

void PreparationView::clear() {
    picture_of_.reset();
    matte_of_.reset();
    picture_.clear();
    veil_.clear();
    near_ = 0;
}

void PreparationView::gather(const PortraitSketch& sketch) {
    if (picture_of_ != sketch.picture) {
        picture_of_ = sketch.picture;
        picture_.set(*picture_of_, PortraitSketch::side);
    }
    if (matte_of_ != sketch.matte) {
        matte_of_ = sketch.matte;
        veil_.set(matte_of_ ? veil_over(*matte_of_) : Image());
    }
    if (sketch.crop_side > 0)
        near_ = std::min(1.0f, near_ + std::min(0.1f, ImGui::GetIO().DeltaTime) / approach_seconds);
}

void PreparationView::draw(Studio& studio) {
    const PortraitSketch& sketch = *studio.trainer().sketch();
    gather(sketch);
    const ImVec2 from = ImGui::GetCursorScreenPos(), all = ImGui::GetContentRegionAvail();
    const float below = px(64);
    const ImVec2 size = {all.x, all.y - below};
    if (size.x < 32 || size.y < 32) return;
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled(from, {from.x + all.x, from.y + all.y}, u32(palette().viewport));
    draw.PushClipRect(from, {from.x + size.x, from.y + size.y}, true);
    const Placed placed = place(sketch, near_, from, size);
    const ImVec2 low = placed.at(0, 0), high = placed.at(float(sketch.width), float(sketch.height));
    if (picture_.ready()) draw.AddImage(picture_.reference(), low, high);
    if (veil_.ready()) {
        const auto x = float(sketch.crop_origin.x()), y = float(sketch.crop_origin.y()), side = float(sketch.crop_side);
        const ImVec2 a = placed.at(x, y), b = placed.at(x + side, y + side);
        const ImU32 color = u32(palette().viewport, veil_opacity);
        draw.AddRectFilled(low, {high.x, a.y}, color);
        draw.AddRectFilled({low.x, b.y}, high, color);
        draw.AddRectFilled({low.x, a.y}, {a.x, b.y}, color);
        draw.AddRectFilled({b.x, a.y}, {high.x, b.y}, color);
        draw.AddImage(veil_.reference(), a, b);
    }
    for (const auto& [p, q] : sketch.mesh)
        draw.AddLine(placed.at(p.x(), p.y()), placed.at(q.x(), q.y()), u32(palette().accent_strong, 0.45f));
    if (sketch.mesh.empty()) draw_faces(sketch, placed, draw);
    draw.PopClipRect();
    draw_stage(studio, {from.x, from.y + size.y}, {all.x, below});
}

}  // namespace likeness::ui

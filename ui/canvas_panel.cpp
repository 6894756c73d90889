#include "ui/canvas_panel.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "ui/floating_bar.h"
#include "ui/icons.h"
#include "ui/theme.h"
#include "ui/viewport_overlays.h"
#include "ui/widgets.h"

namespace likeness::ui {
namespace {

constexpr float wheel_factor = 1.15f;
constexpr float frame_room = 20;  // units about the square when it fits

float fitting_side(const ImVec2& size) {
    return std::max(px(32), std::min(size.x, size.y - px(36)) - 2 * px(frame_room));
}

}  // namespace

// The square of the atlas in the panel.
class CanvasPanel::Sight : public PaintSight {
  public:
    Sight(Studio& studio, const ImVec2& from, const ImVec2& to)
        : from_(from), to_(to), pixels_(ImGui::GetIO().DisplayFramebufferScale), charts_(studio.canvas().charts()) {
        const CanvasState& state = studio.canvas().state();
        const auto surface = studio.paint().surface();
        if (surface) avatar_ = surface->avatar();
        square_ = state.square;
        const ImVec2 size = to - from;
        side_ = fitting_side(size) * state.zoom;
        // Between the bar above and the lower border; on whole pixels.
        const ImVec2 middle = {from.x + 0.5f * size.x, from.y + 0.5f * (size.y + px(36))};
        const auto whole = [](float at, float pixels) { return std::round(at * pixels) / pixels; };
        corner_ = {whole(middle.x - state.middle.x() * side_, pixels_.x),
                   whole(middle.y - state.middle.y() * side_, pixels_.y)};
    }
    PaintView view() const override { return AtlasView{square_, side_ * pixels_.x}; }
    Eigen::Vector2f pixel(const ImVec2& at) const override {
        return {(at.x - corner_.x) * pixels_.x, (at.y - corner_.y) * pixels_.x};
    }
    ImVec2 screen(const SurfacePoint& place) const override {
        return screen(Eigen::Vector2f(atlas_position(avatar_, place) - Eigen::Vector2f(float(square_), 0)));
    }
    bool joined(const SurfacePoint& a, const SurfacePoint& b) const override {
        return charts_ &&
               charts_->of_triangle[std::size_t(a.triangle)] == charts_->of_triangle[std::size_t(b.triangle)];
    }
    // Of a place in the square.
    ImVec2 screen(const Eigen::Vector2f& at) const { return {corner_.x + at.x() * side_, corner_.y + at.y() * side_}; }
    bool shows(const SurfacePoint& place) const {
        const bool hair = place.triangle >= int(avatar_.model->triangles.size());
        return hair == (square_ == 1);
    }
    bool ready() const { return charts_ != nullptr; }
    int square() const { return square_; }
    float side() const { return side_; }
    float pixel_side() const { return side_ * pixels_.x; }
    const ImVec2& from() const { return from_; }  // of the panel
    const ImVec2& to() const { return to_; }
    const CanvasService::Charts& charts() const { return *charts_; }

  private:
    ImVec2 from_, to_, pixels_, corner_;
    float side_ = 1;
    int square_ = 0;
    Avatar avatar_;
    const CanvasService::Charts* charts_;
};

CanvasPanel::CanvasPanel()
    : Panel("Canvas", ICON_FA_MAP, "The avatar unwrapped: paint on it as on the head, and see each layer alone.") {}

bool CanvasPanel::takes_key(int key) const {
    return (key == ImGuiKey_Space || key == ImGuiKey_Home) && ImGui::GetFrameCount() - hovered_frame_ <= 1;
}

double CanvasPanel::next_frame_in() const { return textures_.waits() ? 0 : Panel::next_frame_in(); }

void CanvasPanel::draw(Studio& studio) {
    if (!studio.document().has_avatar()) {
        textures_.clear();
        empty_state(ICON_FA_MAP, "Nothing to paint on", needs_avatar_text(studio));
        return;
    }
    const ImVec2 from = ImGui::GetCursorScreenPos(), size = ImGui::GetContentRegionAvail(), to = from + size;
    if (size.x < px(48) || size.y < px(80)) return;
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled(from, to, u32(palette().well));
    navigate(studio, from, size);
    const Sight sight(studio, from, to);
    if (sight.ready()) {
        ImGui::PushClipRect(from, to, true);
        draw_picture(studio, sight);
        if (studio.canvas().state().seams) draw_seams(studio, sight);
        CanvasService& canvas = studio.canvas();
        const bool hovered = ImGui::IsItemHovered();
        if (!panning_) paint_.draw(studio, sight);
        canvas.point_at(hovered && !panning_ ? studio.paint().place(sight.view(), sight.pixel(ImGui::GetIO().MousePos))
                                             : std::nullopt,
                        true);
        if (const auto place = canvas.pointed(false); place && sight.shows(*place))
            draw_pointed(studio, *place, sight, 1);
        ImGui::PopClipRect();
        const PaintLayer* const layer = paint_layer(*studio.document().avatar().paint, studio.paint().selected());
        const char* words =
            sight.charts().borders[std::size_t(sight.square())].empty()     ? "This avatar has no hair here."
            : canvas.state().content == CanvasContent::color                ? nullptr
            : !layer                                                        ? "There is no layer yet."
            : canvas.state().content == CanvasContent::mask && !layer->mask ? "This layer has no mask: all of it shows."
                                                                            : nullptr;
        if (words) draw_note(words, from, size);
    }
    draw_bar(studio, from + ImVec2(px(6), px(6)), size.x - px(12));
}

void CanvasPanel::draw_picture(Studio& studio, const Sight& sight) {
    const ImVec2 low = sight.screen(Eigen::Vector2f(0, 0)), high = sight.screen(Eigen::Vector2f(1, 1));
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled(low, high, u32(palette().panel));
    draw.AddRect(low, high, u32(palette().line));
    const int level =
        std::clamp(int(std::lround(std::log2(sight.pixel_side() / 1024))), least_canvas_level, most_canvas_level);
    const int count = canvas_tiles_side(level);
    const auto tile_at = [&](float at, float corner) {
        return std::clamp(int(std::floor((at - corner) / sight.side() * float(count))), 0, count - 1);
    };
    const int left = tile_at(sight.from().x, low.x), right = tile_at(sight.to().x, low.x),
              top = tile_at(sight.from().y, low.y), bottom = tile_at(sight.to().y, low.y);
    std::vector<CanvasTileKey> keys;
    for (int y = top; y <= bottom; ++y)
        for (int x = left; x <= right; ++x) keys.push_back({sight.square(), level, x, y});
    const auto from_middle = [&](const CanvasTileKey& key) {
        return std::abs(2 * key.x - left - right) + std::abs(2 * key.y - top - bottom);
    };
    std::stable_sort(keys.begin(), keys.end(),
                     [&](const CanvasTileKey& a, const CanvasTileKey& b) { return from_middle(a) < from_middle(b); });
    const std::size_t seen = keys.size();
    // What is shown while finer ones are made.
    constexpr int coarse = -1;
    if (level > coarse)
        for (int y = 0; y < canvas_tiles_side(coarse); ++y)
            for (int x = 0; x < canvas_tiles_side(coarse); ++x) keys.push_back({sight.square(), coarse, x, y});
    CanvasService& canvas = studio.canvas();
    canvas.show(keys);
    textures_.begin_frame();
    for (std::size_t i = 0; i < seen; ++i) {
        const CanvasTileKey& key = keys[i];
        const ImVec2 from = sight.screen(Eigen::Vector2f(float(key.x), float(key.y)) / float(count)),
                     to = sight.screen(Eigen::Vector2f(float(key.x + 1), float(key.y + 1)) / float(count));
        if (textures_.draw(key, canvas.tile(key), from, to)) continue;
        for (int up = 1; level - up >= coarse; ++up) {
            const CanvasTileKey above{key.square, level - up, key.x >> up, key.y >> up};
            const float part = 1.0f / float(1 << up);
            const ImVec2 uv = {float(key.x - (above.x << up)) * part, float(key.y - (above.y << up)) * part};
            if (textures_.draw(above, canvas.tile(above), from, to, uv, uv + ImVec2(part, part))) break;
        }
    }
}

void CanvasPanel::draw_seams(Studio&, const Sight& sight) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const ImU32 color = u32(palette().info, 0.75f);
    const Eigen::Vector2f square(float(sight.square()), 0);
    for (const ChartEdge& edge : sight.charts().borders[std::size_t(sight.square())]) {
        const ImVec2 a = sight.screen(Eigen::Vector2f(edge[0] - square)),
                     b = sight.screen(Eigen::Vector2f(edge[1] - square));
        if (std::max(a.x, b.x) < sight.from().x || std::min(a.x, b.x) > sight.to().x ||
            std::max(a.y, b.y) < sight.from().y || std::min(a.y, b.y) > sight.to().y)
            continue;
        draw.AddLine(a, b, color, px(1));
    }
}

void CanvasPanel::navigate(Studio& studio, const ImVec2& from, const ImVec2& size) {
    ImGui::SetCursorScreenPos(from);
    ImGui::SetNextItemAllowOverlap();
    ImGui::InvisibleButton(
        "picture", size,
        ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonRight | ImGuiButtonFlags_MouseButtonMiddle);
    CanvasService& canvas = studio.canvas();
    CanvasState& state = canvas.state();
    const ImGuiIO& io = ImGui::GetIO();
    const bool hovered = ImGui::IsItemHovered(), held = ImGui::IsItemActive();
    if (hovered) hovered_frame_ = ImGui::GetFrameCount();
    const bool painting = PaintPointer::active(studio), space = hovered && ImGui::IsKeyDown(ImGuiKey_Space);
    if (ImGui::IsItemActivated()) panning_ = space || !painting || !ImGui::IsMouseDown(ImGuiMouseButton_Left);
    if (!held) panning_ = false;
    if (panning_ || (space && !held)) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeAll);
    const float side = fitting_side(size) * state.zoom;
    if (panning_) canvas.look(state.middle - Eigen::Vector2f(io.MouseDelta.x, io.MouseDelta.y) / side, state.zoom);
    // A stroke's way is in pixels of the zoom that it began at.
    if (hovered && io.MouseWheel != 0 && !paint_.held()) {
        const ImVec2 middle = {from.x + 0.5f * size.x, from.y + 0.5f * (size.y + px(36))};
        const Eigen::Vector2f away(io.MousePos.x - middle.x, io.MousePos.y - middle.y);
        const float zoom =
            std::clamp(state.zoom * std::pow(wheel_factor, io.MouseWheel), least_canvas_zoom, most_canvas_zoom);
        // What lies under the pointer stays there.
        canvas.look(state.middle + away * (1 / side - 1 / (side * zoom / state.zoom)), zoom);
    }
    const bool twice = ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Middle) ||
                       (!painting && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left));
    if (hovered && (twice || ImGui::IsKeyPressed(ImGuiKey_Home))) canvas.fit();
}

void CanvasPanel::draw_bar(Studio& studio, const ImVec2& from, float room) {
    const CanvasState& state = studio.canvas().state();
    const FloatingBar bar("bar", from);
    const bool wide = room > px(330);
    const auto choice = [&](const char* words, const char* icon, bool on, const std::string& about) {
        if (wide) return toggle_button(words, on, about, ImGui::CalcTextSize(words).x + px(14));
        return icon_button(words, icon, on, about);
    };
    const auto square = [&](int index, const char* words, const char* icon, const char* about) {
        if (choice(words, icon, state.square == index, about))
            studio.invoke("canvas.show", {{"square", canvas_square_names[std::size_t(index)]}});
        ImGui::SameLine();
    };
    square(0, "Head", ICON_FA_USER, "The square of the head: skin, eyes, mouth, clothes.");
    square(1, "Hair", ICON_FA_SCISSORS, "The square of the hair.");
    ImGui::TextDisabled("|");
    ImGui::SameLine();
    const auto content = [&](CanvasContent of, const char* words, const char* icon, const char* about) {
        if (choice(words, icon, state.content == of, about))
            studio.invoke("canvas.view", {{"what", canvas_content_names[std::size_t(of)]}});
        ImGui::SameLine();
    };
    content(CanvasContent::color, "Color", ICON_FA_PALETTE, "The avatar's colors with all layers that are shown.");
    content(CanvasContent::layer, "Layer", ICON_FA_LAYER_GROUP, "The selected layer alone, also where it is hidden.");
    content(CanvasContent::mask, "Mask", ICON_FA_MASK, "The selected layer's mask: white where it shows.");
    ImGui::TextDisabled("|");
    ImGui::SameLine();
    if (icon_button("seams", ICON_FA_DRAW_POLYGON, state.seams, "Seams: where the surface is cut open."))
        studio.invoke("canvas.seams", {{"on", !state.seams}});
    ImGui::SameLine();
    if (icon_button("fit", ICON_FA_EXPAND, false, "Show all of the square (Home).")) studio.canvas().fit();
}

}  // namespace likeness::ui

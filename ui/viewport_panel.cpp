#include "ui/viewport_panel.h"

#include <algorithm>
#include <cmath>

#include "core/view/glm.h"
#include "ui/icons.h"
#include "ui/theme.h"
#include "ui/view_cube.h"
#include "ui/viewport_overlays.h"
#include "ui/viewport_toolbar.h"
#include "ui/widgets.h"

namespace likeness::ui {
namespace {

constexpr float orbit_speed = 0.4f * pi / 180;  // radians a unit of the screen
constexpr float largest_pitch = 0.499f * pi;
constexpr float turn_seconds = 0.22f;

float wrapped(float angle) { return std::remainder(angle, 2 * pi); }

constexpr float note_seconds = 5;

void leave_source_camera(Studio& studio, const Camera& camera) {
    ViewState& view = studio.view();
    if (!view.source_camera) return;
    // Orbiting goes on from about where the photograph's camera stands.
    const Eigen::Vector3f away = camera.position() - studio.document().middle;
    studio.free_camera();
    view.yaw = std::atan2(away.x(), away.z());
    view.pitch = std::atan2(away.y(), std::hypot(away.x(), away.z()));
    view.pan = {};
    view.zoom = 1;
}

}  // namespace

// The head as it is posed, in the avatar's part of the picture.
class ViewportPanel::Sight : public PaintSight {
  public:
    Sight(Studio& studio, const ViewportOutput& output, const ImVec2& from)
        : camera_(output.camera()),
          from_(from),
          pixels_(ImGui::GetIO().DisplayFramebufferScale),
          left_(float(output.left())),
          picker_(studio.paint().picker()) {}
    PaintView view() const override { return camera_; }
    Eigen::Vector2f pixel(const ImVec2& at) const override {
        return {(at.x - from_.x) * pixels_.x - left_, (at.y - from_.y) * pixels_.y};
    }
    ImVec2 screen(const SurfacePoint& place) const override {
        const Eigen::Vector2f p = camera_.project(position(place));
        return {from_.x + (left_ + p.x()) / pixels_.x, from_.y + p.y() / pixels_.y};
    }
    bool sees() const { return picker_ && camera_.width > 0; }
    // Nothing lies before the place.
    bool sees(const SurfacePoint& place) const {
        constexpr float slack = 0.01f;  // metres
        const Eigen::Vector2f p = camera_.project(position(place));
        const auto found = picker_->pick(camera_, p.x(), p.y());
        return found && (found->position - position(place)).norm() < slack;
    }

  private:
    Eigen::Vector3f position(const SurfacePoint& place) const {
        return surface_position(picker_->vertices(), picker_->avatar().triangles(), place);
    }
    const Camera camera_;
    ImVec2 from_, pixels_;
    float left_;
    const SurfacePicker* picker_;
};

ViewportPanel::ViewportPanel(ViewportOutput& output)
    : Panel("Viewport", ICON_FA_CUBE, "The avatar."), output_(output) {}

void ViewportPanel::turn_to(Studio& studio, float yaw, float pitch) {
    leave_source_camera(studio, output_.camera());
    turn_yaw_ = studio.view().yaw + wrapped(yaw - studio.view().yaw);
    turn_pitch_ = std::clamp(pitch, -largest_pitch, largest_pitch);
    turn_left_ = turn_seconds;
}

void ViewportPanel::continue_turn(Studio& studio) {
    if (turn_left_ <= 0) return;
    ViewState& view = studio.view();
    const float share = std::min(1.0f, 2.2f * ImGui::GetIO().DeltaTime / turn_left_);
    turn_left_ -= ImGui::GetIO().DeltaTime;
    if (turn_left_ <= 0) {
        view.yaw = wrapped(turn_yaw_);
        view.pitch = turn_pitch_;
        return;
    }
    view.yaw += share * (turn_yaw_ - view.yaw);
    view.pitch += share * (turn_pitch_ - view.pitch);
}

void ViewportPanel::draw(Studio& studio) {
    if (studio.document().id != document_) {
        document_ = studio.document().id;
        picked_.reset();
        turn_left_ = note_left_ = 0;
        compared_ = false;
    }
    continue_turn(studio);
    const ImVec2 from = ImGui::GetCursorScreenPos(), size = ImGui::GetContentRegionAvail();
    if (size.x < 16 || size.y < 16) return;
    // The interface's units may differ from pixels on displays that scale for themselves.
    const ImVec2 pixels = ImGui::GetIO().DisplayFramebufferScale;
    output_.set_moving(dragged_ || wiping_ || turning() || gizmo_.held() || paint_.held() || sticker_.held() ||
                       studio.paint().stroking());
    const ImTextureID texture = output_.show(int(size.x * pixels.x), int(size.y * pixels.y));
    ImGui::GetWindowDrawList()->AddImage(texture, from, from + size, {0, 1}, {1, 0});

    navigate(studio, from, size);
    take_drops(studio, from, size);
    ask_about_drop(studio);
    const Document& document = studio.document();
    const ViewState& view = studio.view();
    const bool something = !studio.scene().empty();
    if (something) {
        ImGui::PushClipRect(from, from + size, true);
        if (view.landmarks && document.has_avatar()) draw_landmarks(studio, output_, from);
        if (!view.name_points) picked_.reset();
        if (picked_) draw_pick(*picked_, output_, from);
        wiping_ = view.compare == CompareMode::wipe && draw_wipe(studio.view(), from, size);
        const float left = float(output_.left()) / pixels.x;
        if (view.compare != CompareMode::off)
            draw_comparison_labels(from.x + (left > 0 ? left : view.wipe * size.x), from, size);
        note_end_of_comparison(view, from, size);
        gizmo_.draw(studio, output_.camera(), {from.x + left, from.y}, {size.x - left, size.y});
        ImGui::PopClipRect();
        if (view.statistics) draw_statistics(output_.statistics(), from, size);
        const ImVec2 bar_end = viewport_toolbar(studio, output_, *this, {from.x + px(10), from.y + px(10)}, size.x);
        if (view.view_cube && !view.source_camera) {
            const float cube = px(84), gap = px(12);
            const float cube_left = from.x + size.x - cube - gap;
            const float above =
                bar_end.x + gap > cube_left ? bar_end.y : from.y;  // below the toolbar where it is narrow
            if (const auto chosen = view_cube({cube_left + 0.5f * cube, above + gap + 0.5f * cube}, cube,
                                              glm::mat3(to_glm(output_.camera().world_to_camera))))
                turn_to(studio, chosen->yaw, chosen->pitch);
        }
    }
    draw_document_state(studio, from, size);
}

// The pointer is where they were dropped only now, in a frame.
void ViewportPanel::take_drops(Studio& studio, const ImVec2& from, const ImVec2& size) {
    const ImVec2 mouse = ImGui::GetIO().MousePos, pixels = ImGui::GetIO().DisplayFramebufferScale;
    if (dropped_.empty() || !studio.document().has_avatar() || !ImGui::IsWindowHovered() || output_.camera().width <= 0)
        return;
    if (mouse.x < from.x || mouse.y < from.y || mouse.x >= from.x + size.x || mouse.y >= from.y + size.y) return;
    const auto surface = studio.paint().surface();
    const auto found = studio.paint().pick(
        output_.camera(), {(mouse.x - from.x) * pixels.x - float(output_.left()), (mouse.y - from.y) * pixels.y});
    if (!surface || !found) return;
    for (const std::filesystem::path& file : take_dropped())
        studio.stickers().drop(file, atlas_position(surface->avatar(), found->point));
}

// A picture without transparent parts may be a portrait as well.
void ViewportPanel::ask_about_drop(Studio& studio) {
    StickerService& stickers = studio.stickers();
    const StickerService::Dropped* const dropped = stickers.dropped();
    if (dropped && !asks_about_drop_) {
        ImGui::OpenPopup("dropped");
        asks_about_drop_ = true;
    }
    if (!asks_about_drop_) return;
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(px(10), px(10)));
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(px(8), px(6)));
    const bool shown = ImGui::BeginPopup("dropped");
    if (shown && dropped) {
        const std::filesystem::path file = dropped->file;
        note(shortened(file.filename().string(), px(220)));
        ImGui::Separator();
        const auto item = [&](const char* icon, const char* title, const char* about) {
            const bool chosen = ImGui::MenuItem((std::string(icon) + "  " + title + "###" + title).c_str());
            tooltip(about);
            asks_about_drop_ &= !chosen;
            return chosen;
        };
        if (item(ICON_FA_NOTE_STICKY, "Place as sticker", "On the skin where it was dropped, as a layer of its own."))
            stickers.place_dropped();
        if (item(ICON_FA_IMAGE_PORTRAIT, "Open as portrait", "Makes an avatar of it, in place of this one.")) {
            stickers.withdraw_dropped();
            studio.invoke("file.open", {{"path", file.string()}});
        }
        if (item(ICON_FA_IMAGE, "Use as background", "Puts it behind the avatar.")) {
            stickers.withdraw_dropped();
            studio.invoke("view.background_picture", {{"path", file.string()}});
        }
    } else {
        stickers.withdraw_dropped();  // a click beside the menu
        asks_about_drop_ = false;
    }
    if (shown) ImGui::EndPopup();
    ImGui::PopStyleVar(2);
}

// Where the eyes are when the view is turned; the status bar may be full of tasks.
void ViewportPanel::note_end_of_comparison(const ViewState& view, const ImVec2& from, const ImVec2& size) {
    const bool ended = compared_ && view.compare == CompareMode::off && !view.source_camera;
    compared_ = view.compare != CompareMode::off;
    if (ended) note_left_ = note_seconds;
    if (compared_) note_left_ = 0;
    if (note_left_ <= 0) return;
    note_left_ -= ImGui::GetIO().DeltaTime;
    draw_note("The comparison ended; C brings it back.", from, size);
}

// With the canvas, while that is shown.
void ViewportPanel::share_pointer(Studio& studio, const Sight& sight, bool hovered) {
    CanvasService& canvas = studio.canvas();
    if (!canvas.shown()) return;
    canvas.point_at(hovered ? studio.paint().place(sight.view(), sight.pixel(ImGui::GetIO().MousePos)) : std::nullopt,
                    false);
    constexpr float behind = 0.35f;  // opacity
    if (const auto place = canvas.pointed(true))
        draw_pointed(studio, *place, sight, sight.sees(*place) ? 1.0f : behind);
}

void ViewportPanel::navigate(Studio& studio, const ImVec2& from, const ImVec2& size) {
    if (gizmo_.hovered() || gizmo_.held()) {
        dragged_ = false;
        return;  // the pointer is the rings'
    }
    ImGui::SetCursorScreenPos(from);
    ImGui::SetNextItemAllowOverlap();
    ImGui::InvisibleButton(
        "canvas", size,
        ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonRight | ImGuiButtonFlags_MouseButtonMiddle);
    ViewState& view = studio.view();
    const ImGuiIO& io = ImGui::GetIO();
    const bool held = ImGui::IsItemActive(), hovered = ImGui::IsItemHovered();
    if (studio.scene().empty()) return;
    // A paint tool has the left button; the right one turns the view then.
    const bool painting = PaintPointer::active(studio);
    const Sight sight(studio, output_, from);
    if (sight.sees()) {
        paint_.draw(studio, sight);
        share_pointer(studio, sight, hovered && !dragged_);
    }
    ImGui::PushClipRect(from, from + size, true);
    const bool on_sticker = sticker_.draw(studio, output_, from);
    ImGui::PopClipRect();
    // From the screen to metres at the point that is looked at.
    const float metres = studio.document().view_height / view.zoom / size.y;
    const bool left = ImGui::IsMouseDown(ImGuiMouseButton_Left);
    const bool moves = io.MouseDelta.x != 0 || io.MouseDelta.y != 0;
    if (held && !wiping_ && moves && !((painting || sticker_.held()) && left) &&
        (ImGui::IsMouseDragging(ImGuiMouseButton_Left, 3) || ImGui::IsMouseDragging(ImGuiMouseButton_Right, 3) ||
         ImGui::IsMouseDragging(ImGuiMouseButton_Middle, 3))) {
        turn_left_ = 0;
        leave_source_camera(studio, output_.camera());
        dragged_ = true;
        if ((painting ? ImGui::IsMouseDown(ImGuiMouseButton_Right) : left) && !io.KeyShift) {
            view.yaw = wrapped(view.yaw - io.MouseDelta.x * orbit_speed / px(1) * 1.0f);
            view.pitch = std::clamp(view.pitch + io.MouseDelta.y * orbit_speed / px(1), -largest_pitch, largest_pitch);
        } else {
            view.pan[0] += io.MouseDelta.x * metres;
            view.pan[1] -= io.MouseDelta.y * metres;
        }
    }
    if (!held) {
        const bool clicked =
            ImGui::IsItemDeactivated() && !dragged_ && hovered && ImGui::IsMouseReleased(ImGuiMouseButton_Left);
        if (clicked && !wiping_ && view.name_points && !painting)
            picked_ = output_.pick(io.MousePos.x - from.x, io.MousePos.y - from.y);
        if (clicked && !wiping_ && !painting && !on_sticker) {
            const ImVec2 pixels = io.DisplayFramebufferScale;
            StickerGizmo::click(
                studio, output_.camera(),
                {(io.MousePos.x - from.x) * pixels.x - float(output_.left()), (io.MousePos.y - from.y) * pixels.y});
        }
        dragged_ = false;
    }
    if (hovered && io.MouseWheel != 0) {
        leave_source_camera(studio, output_.camera());
        const float factor = std::pow(1.12f, io.MouseWheel);
        const float before = view.zoom;
        view.zoom = std::clamp(view.zoom * factor, 0.1f, 40.0f);
        // What lies under the pointer stays there.
        const float shift = studio.document().view_height / size.y * (1 / view.zoom - 1 / before);
        view.pan[0] += (io.MousePos.x - from.x - 0.5f * size.x) * shift;
        view.pan[1] -= (io.MousePos.y - from.y - 0.5f * size.y) * shift;
    }
    if (hovered && !painting && !on_sticker && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) {
        view.zoom = 1;
        view.pan = {};
    }
}

}  // namespace likeness::ui

#include "ui/sticker_gizmo.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "ui/theme.h"

namespace likeness::ui {
namespace {

constexpr int edge_parts = 12, inner_parts = 12;
constexpr float turn_step = 15 * std::numbers::pi_v<float> / 180;  // with Shift
constexpr float handle_reach = 9;                                  // units of the screen

float distance(const ImVec2& a, const ImVec2& b) { return std::hypot(a.x - b.x, a.y - b.y); }

}  // namespace

struct StickerGizmo::View {
    const Camera& camera;
    ImVec2 from, pixels;
    float left;
    const SurfacePicker& picker;
    Eigen::Vector2f pixel;  // under the pointer
    // Of the sticker's plane in the pose: its middle, and what is a metre to the right and up at rest.
    Eigen::Vector3f middle = {0, 0, 0}, right = {1, 0, 0}, up = {0, 1, 0};

    ImVec2 screen(const Eigen::Vector2f& p) const {
        return {from.x + (left + p.x()) / pixels.x, from.y + p.y() / pixels.y};
    }
    Eigen::Vector2f picture(const ImVec2& p) const {
        return {(p.x - from.x) * pixels.x - left, (p.y - from.y) * pixels.y};
    }
    void lay_plane(const PaintSurface& surface, const StickerPlace& place) {
        const Triangles& triangles = picker.avatar().triangles();
        const Eigen::Vector3i& t = triangles[std::size_t(place.middle.triangle)];
        const auto edges = [&](const Vertices& at) {
            Eigen::Matrix<float, 3, 2> both;
            both << at.col(t[1]) - at.col(t[0]), at.col(t[2]) - at.col(t[0]);
            return both;
        };
        const Eigen::Matrix<float, 3, 2> rest = edges(surface.avatar().neutral()), posed = edges(picker.vertices());
        const Eigen::Matrix<float, 2, 3> inverse = (rest.transpose() * rest).inverse() * rest.transpose();
        middle = surface_position(picker.vertices(), triangles, place.middle);
        right = posed * (inverse * place.right);
        up = posed * (inverse * place.up);
    }
    // Where the ray through a pixel meets that plane, metres at rest to the right and up of the middle; nothing where
    // the plane is seen from its edge.
    std::optional<Eigen::Vector2f> on_plane(const Eigen::Vector2f& at) const {
        const Eigen::Matrix3f to_world = camera.world_to_camera.topLeftCorner<3, 3>().transpose();
        const Eigen::Vector3f eye = camera.position();
        const Eigen::Vector3f along =
            to_world *
            Eigen::Vector3f((at.x() - camera.cx) / camera.fx, (at.y() - camera.cy) / camera.fy, 1).normalized();
        const Eigen::Vector3f out = right.cross(up).normalized();
        const float slant = along.dot(out);
        if (!(std::abs(slant) > 0.05f)) return {};
        const Eigen::Vector3f way = eye + along * ((middle - eye).dot(out) / slant) - middle;
        Eigen::Matrix2f gram;
        gram << right.dot(right), right.dot(up), right.dot(up), up.dot(up);
        return Eigen::Vector2f(gram.inverse() * Eigen::Vector2f(way.dot(right), way.dot(up)));
    }
};

void StickerGizmo::lay(const PaintSurface& surface, const Sticker& sticker, bool warping) {
    const StickerFrame frame(surface, sticker);
    const auto mark = [&](float x, float y) { return Mark{{x, y}, frame.point({x, y}), {}, false}; };
    lines_.clear();
    points_.clear();
    constexpr std::array<std::array<float, 2>, 5> round = {{{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}}};
    for (std::size_t e = 0; e < 4; ++e) {
        Line line;
        for (int i = 0; i <= edge_parts; ++i) {
            const float t = float(i) / edge_parts;
            line.marks.push_back(mark(round[e][0] + t * (round[e + 1][0] - round[e][0]),
                                      round[e][1] + t * (round[e + 1][1] - round[e][1])));
        }
        lines_.push_back(std::move(line));
    }
    if (warping)
        for (int k = 0; k < 4; ++k) {
            Line line{{}, false};
            const float across = float(1 + k % 2) / 3;
            for (int i = 0; i <= inner_parts; ++i) {
                const float t = float(i) / inner_parts;
                line.marks.push_back(k < 2 ? mark(across, t) : mark(t, across));
            }
            lines_.push_back(std::move(line));
        }
    const int side = warping ? 4 : 2;
    for (int i = 0; i < side * side; ++i)
        points_.push_back(mark(float(i % side) / float(side - 1), float(i / side) / float(side - 1)));
    middle_ = mark(0.5f, 0.5f);
    top_ = mark(0.5f, 0);
}

void StickerGizmo::project(const View& view) {
    const Vertices& at = view.picker.vertices();
    const Triangles& triangles = view.picker.avatar().triangles();
    const Eigen::Vector3f eye = view.camera.position();
    const auto put = [&](Mark& mark) {
        mark.seen = false;
        if (!mark.point) return;
        const Eigen::Vector3f position = surface_position(at, triangles, *mark.point);
        float depth = 0;
        mark.at = view.screen(view.camera.project(position, &depth));
        const Eigen::Vector3i& t = triangles[std::size_t(mark.point->triangle)];
        const Eigen::Vector3f out = (at.col(t[1]) - at.col(t[0])).cross(at.col(t[2]) - at.col(t[0]));
        mark.seen = depth > 0 && out.dot(eye - position) > 0;
    };
    for (Line& line : lines_)
        for (Mark& mark : line.marks) put(mark);
    for (Mark& mark : points_) put(mark);
    put(middle_);
    put(top_);
    ImVec2 up = {0, -1};
    if (const float length = distance(top_.at, middle_.at); top_.point && middle_.point && length > 1)
        up = {(top_.at.x - middle_.at.x) / length, (top_.at.y - middle_.at.y) / length};
    const ImVec2 base = top_.point ? top_.at : middle_.at;
    ring_ = {base.x + px(24) * up.x, base.y + px(24) * up.y};
}

StickerGizmo::Handle StickerGizmo::hit(const ImVec2& mouse, int& which) const {
    const float reach = px(handle_reach);
    if (!warping_ && top_.seen && distance(mouse, ring_) < reach) return Handle::ring;
    float nearest = reach;
    which = -1;
    for (std::size_t i = 0; i < points_.size(); ++i)
        if (points_[i].seen && distance(mouse, points_[i].at) < nearest) {
            nearest = distance(mouse, points_[i].at);
            which = int(i);
        }
    if (which >= 0) return warping_ ? Handle::warp : Handle::corner;
    // Within what the edges go round.
    bool inside = false;
    std::vector<ImVec2> round;
    for (const Line& line : lines_)
        if (line.edge)
            for (const Mark& mark : line.marks)
                if (mark.point) round.push_back(mark.at);
    for (std::size_t i = 0, before = round.size() - 1; i < round.size(); before = i++) {
        const ImVec2 &a = round[i], &b = round[before];
        if ((a.y > mouse.y) != (b.y > mouse.y) && mouse.x < (b.x - a.x) * (mouse.y - a.y) / (b.y - a.y) + a.x)
            inside = !inside;
    }
    return inside && middle_.seen ? Handle::inside : Handle::none;
}

ImVec2 StickerGizmo::place_of(Handle handle, int which) const {
    const bool point = handle == Handle::corner || handle == Handle::warp;
    return handle == Handle::ring ? ring_ : point ? points_.at(std::size_t(which)).at : middle_.at;
}

void StickerGizmo::press(Studio& studio, const View& view, Handle handle, int which) {
    const auto plane = view.on_plane(view.pixel);
    if (!plane && (handle == Handle::corner || handle == Handle::ring)) return;
    grab_plane_ = plane.value_or(Eigen::Vector2f::Zero());
    if (handle == Handle::warp) {
        grab_share_ = points_[std::size_t(which)].share + sticker_warp(*sticker_, points_[std::size_t(which)].share);
    }
    grab_pixel_ = last_pixel_ = view.pixel;
    offset_ = view.picture(middle_.at) - view.pixel;
    start_ = *sticker_;
    held_ = handle;
    which_ = which;
    static constexpr std::array<const char*, 5> titles = {"", "Move", "Scale", "Turn", "Warp"};
    studio.stickers().begin_edit(titles[std::size_t(handle)]);
}

void StickerGizmo::drag(Studio& studio, const View& view) {
    if (view.pixel == last_pixel_) return;
    // A press that trembles moves nothing.
    if (last_pixel_ == grab_pixel_ && (view.pixel - grab_pixel_).norm() < 2 * view.pixels.x) return;
    last_pixel_ = view.pixel;
    const bool shift = ImGui::GetIO().KeyShift;
    Sticker sticker = start_;
    if (held_ == Handle::inside) {
        const auto found = view.picker.pick(view.camera, view.pixel.x() + offset_.x(), view.pixel.y() + offset_.y());
        if (!found) return;
        sticker.atlas = atlas_position(surface_->avatar(), found->point);
    } else if (held_ == Handle::warp) {
        const auto found = view.picker.pick(view.camera, view.pixel.x(), view.pixel.y());
        if (!found) return;
        const StickerFrame frame(*surface_, *sticker_);
        const std::vector<int>& near = frame.triangles();
        if (!std::binary_search(near.begin(), near.end(), found->point.triangle)) return;
        move_warp_point(sticker, which_, frame.share(found->point) - grab_share_);
    } else {
        const auto now = view.on_plane(view.pixel);
        if (!now || grab_plane_.norm() < 1e-5f) return;
        if (held_ == Handle::ring) {
            const float turn = std::atan2(now->y(), now->x()) - std::atan2(grab_plane_.y(), grab_plane_.x());
            sticker.angle = std::remainder(start_.angle + turn, 2 * std::numbers::pi_v<float>);
            if (shift) sticker.angle = turn_step * std::round(sticker.angle / turn_step);
        } else {
            const Eigen::Rotation2Df upright(-start_.angle);
            const Eigen::Vector2f was = upright * grab_plane_, is = upright * *now;
            const auto ratio = [](float to, float from) { return std::abs(to) / std::max(std::abs(from), 1e-4f); };
            const float all = now->norm() / grab_plane_.norm(), across = shift ? ratio(is.x(), was.x()) : all,
                        down = shift ? ratio(is.y(), was.y()) : all;
            sticker.width = start_.width * across;
            sticker.stretch = std::clamp(start_.stretch * down / std::max(across, 1e-3f), 0.1f, 10.0f);
        }
    }
    studio.stickers().edit(sticker);
}

void StickerGizmo::paint(const View&, Handle hot, int which) const {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const ImU32 dark = IM_COL32(0, 0, 0, 130), light = IM_COL32(255, 255, 255, 240),
                faint = IM_COL32(255, 255, 255, 70);
    for (const bool halo : {true, false})
        for (const Line& line : lines_)
            for (std::size_t i = 0; i + 1 < line.marks.size(); ++i) {
                const Mark &a = line.marks[i], &b = line.marks[i + 1];
                if (!a.point || !b.point) continue;
                const bool seen = a.seen && b.seen;
                if (halo && !seen) continue;
                draw.AddLine(a.at, b.at,
                             halo   ? dark
                             : seen ? light
                                    : faint,
                             px(halo        ? (line.edge ? 3.2f : 2.4f)
                                : line.edge ? 1.5f
                                            : 0.9f));
            }
    const auto color = [&](bool is_hot) { return is_hot ? u32(palette().accent_strong) : light; };
    if (!warping_ && top_.seen) {
        draw.AddLine(top_.at, ring_, dark, px(3.2f));
        draw.AddLine(top_.at, ring_, light, px(1.5f));
        draw.AddCircleFilled(ring_, px(6.5f), dark);
        draw.AddCircleFilled(ring_, px(5), color(hot == Handle::ring));
    }
    for (std::size_t i = 0; i < points_.size(); ++i) {
        const Mark& mark = points_[i];
        if (!mark.seen) continue;
        const bool is_hot = (hot == Handle::corner || hot == Handle::warp) && which == int(i);
        const int side = warping_ ? 4 : 2;
        const bool corner = (int(i) % side) % (side - 1) == 0 && (int(i) / side) % (side - 1) == 0;
        const float half = px(corner ? 4.5f : 3.5f);
        if (corner) {
            draw.AddRectFilled({mark.at.x - half - px(1.2f), mark.at.y - half - px(1.2f)},
                               {mark.at.x + half + px(1.2f), mark.at.y + half + px(1.2f)}, dark, px(2));
            draw.AddRectFilled({mark.at.x - half, mark.at.y - half}, {mark.at.x + half, mark.at.y + half},
                               color(is_hot), px(1.5f));
        } else {
            draw.AddCircleFilled(mark.at, half + px(1.2f), dark);
            draw.AddCircleFilled(mark.at, half, color(is_hot));
        }
    }
}

bool StickerGizmo::draw(Studio& studio, const ViewportOutput& output, const ImVec2& from) {
    StickerService& stickers = studio.stickers();
    const PaintLayer* const layer = stickers.selected();
    const auto let_go = [&] {
        if (held()) stickers.end_edit();
        held_ = Handle::none;
        return false;
    };
    const bool shown = layer && stickers.handles() && studio.paint().tool() == PaintTool::select &&
                       shown_opacity(*studio.document().avatar().paint, *layer) > 0 && studio.view().gizmo.empty() &&
                       output.camera().width > 0;
    if (!shown) return let_go();
    const auto surface = studio.paint().surface();
    const SurfacePicker* const picker = studio.paint().picker();
    if (!surface || !picker || picker->avatar().triangles().size() != surface->avatar().triangles().size())
        return let_go();
    if (held() && !stickers.editing()) held_ = Handle::none;  // undone, or another document
    if (sticker_ != layer->sticker || surface_ != surface || warping_ != stickers.warping()) {
        sticker_ = layer->sticker;
        surface_ = surface;
        warping_ = stickers.warping();
        lay(*surface_, *sticker_, warping_);
    }
    const ImGuiIO& io = ImGui::GetIO();
    View view{output.camera(), from, io.DisplayFramebufferScale, float(output.left()), *picker, {0, 0}};
    view.pixel = view.picture(io.MousePos);
    view.lay_plane(*surface_, sticker_place(*surface_, *sticker_));
    project(view);
    const bool free = ImGui::IsItemHovered() && !ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopup);
    int which = which_;
    const Handle hot = held() ? held_ : free ? hit(io.MousePos, which) : Handle::none;
    if (ImGui::IsKeyPressed(ImGuiKey_Escape, false) && !io.WantTextInput &&
        !ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopup)) {
        if (held())
            stickers.cancel_edit();
        else
            stickers.show_handles(false);
        held_ = Handle::none;
    } else if (!held() && hot != Handle::none && ImGui::IsItemActivated() &&
               ImGui::IsMouseClicked(ImGuiMouseButton_Left)) {
        press(studio, view, hot, which);
    } else if (held() && !ImGui::IsMouseDown(ImGuiMouseButton_Left)) {
        let_go();
    } else if (held()) {
        drag(studio, view);
    }
    paint(view, hot, which);
    static constexpr std::array<ImGuiMouseCursor, 5> cursors = {ImGuiMouseCursor_Arrow, ImGuiMouseCursor_ResizeAll,
                                                                ImGuiMouseCursor_ResizeNWSE, ImGuiMouseCursor_Hand,
                                                                ImGuiMouseCursor_ResizeAll};
    if (hot != Handle::none) ImGui::SetMouseCursor(cursors[std::size_t(hot)]);
    return hot != Handle::none;
}

void StickerGizmo::click(Studio& studio, const Camera& camera, const Eigen::Vector2f& pixel) {
    if (!studio.document().has_avatar()) return;
    const auto surface = studio.paint().surface();
    const auto found = studio.paint().pick(camera, pixel);
    const int id = surface && found ? studio.stickers().at(atlas_position(surface->avatar(), found->point)) : 0;
    studio.stickers().show_handles(id != 0);
    if (id != 0 && id != studio.paint().selected()) {
        studio.invoke("layer.select", {{"layer", layer_key(*studio.document().avatar().paint,
                                                           *paint_layer(*studio.document().avatar().paint, id))}});
    }
}

}  // namespace likeness::ui

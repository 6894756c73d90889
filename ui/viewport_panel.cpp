#include "ui/viewport_panel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <numbers>

#include "ui/icons.h"
#include "ui/theme.h"
#include "ui/view_cube.h"
#include "ui/widgets.h"

namespace likeness::ui {
namespace {

constexpr float pi = std::numbers::pi_v<float>;
constexpr float orbit_speed = 0.4f * pi / 180;  // radians a unit of the screen
constexpr float largest_pitch = 0.499f * pi;
constexpr float turn_seconds = 0.22f;

constexpr std::array<const char*, 6> mode_titles = {"Splats", "Mesh", "Wireframe", "Normals", "Depth", "Alpha"};
constexpr std::array<const char*, 6> mode_abouts = {
    "The avatar itself: its Gaussians.",          "The head mesh that carries the Gaussians, as clay.",
    "The mesh's edges over the avatar.",          "Which way the surface looks: red right, green up, blue towards you.",
    "How far away each point is: light is near.", "How opaque the avatar is: white is solid."};

float wrapped(float angle) { return std::remainder(angle, 2 * pi); }

void leave_source_camera(ViewState& view, const Camera& camera, const Document& document) {
    if (!view.source_camera) return;
    // Orbiting goes on from about where the photograph's camera stands.
    const Eigen::Vector3f away = camera.position() - document.middle;
    view.source_camera = false;
    view.yaw = std::atan2(away.x(), away.z());
    view.pitch = std::atan2(away.y(), std::hypot(away.x(), away.z()));
    view.pan = {};
    view.zoom = 1;
}

}  // namespace

ViewportPanel::ViewportPanel(ViewportOutput& output)
    : Panel("Viewport", ICON_FA_CUBE, "The avatar."), output_(output) {}

void ViewportPanel::turn_to(Studio& studio, float yaw, float pitch) {
    leave_source_camera(studio.view(), output_.camera(), studio.document());
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
        turn_left_ = 0;
    }
    continue_turn(studio);
    const ImVec2 from = ImGui::GetCursorScreenPos(), size = ImGui::GetContentRegionAvail();
    if (size.x < 16 || size.y < 16) return;
    // The interface's units may differ from pixels on displays that scale for themselves.
    const ImVec2 pixels = ImGui::GetIO().DisplayFramebufferScale;
    output_.set_moving(dragged_ || wiping_ || turning() || gizmo_.held());
    const ImTextureID texture = output_.show(int(size.x * pixels.x), int(size.y * pixels.y));
    ImGui::GetWindowDrawList()->AddImage(texture, from, from + size, {0, 1}, {1, 0});

    navigate(studio, from, size);
    const Document& document = studio.document();
    const ViewState& view = studio.view();
    const bool something = !studio.scene().empty();
    if (something) {
        ImGui::PushClipRect(from, from + size, true);
        if (view.landmarks && document.has_avatar()) draw_landmarks(studio, from);
        draw_pick(from);
        if (view.compare == CompareMode::wipe) draw_wipe(studio, from, size);
        const float left = float(output_.left()) / pixels.x;
        gizmo_.draw(studio, output_.camera(), {from.x + left, from.y}, {size.x - left, size.y});
        ImGui::PopClipRect();
        if (view.statistics) draw_statistics(from, size);
        if (view.view_cube && !view.source_camera) {
            const float cube = px(84);
            if (const auto chosen = view_cube({from.x + size.x - 0.5f * cube - px(12), from.y + 0.5f * cube + px(12)},
                                              cube, output_.camera().world_to_camera.topLeftCorner<3, 3>()))
                turn_to(studio, chosen->yaw, chosen->pitch);
        }
        draw_toolbar(studio, {from.x + px(10), from.y + px(10)}, size.x);
    }
    draw_state(studio, from, size);
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
    // From the screen to metres at the point that is looked at.
    const float metres = studio.document().view_height / view.zoom / size.y;
    const bool left = ImGui::IsMouseDown(ImGuiMouseButton_Left);
    const bool moves = io.MouseDelta.x != 0 || io.MouseDelta.y != 0;
    if (held && !wiping_ && moves &&
        (ImGui::IsMouseDragging(ImGuiMouseButton_Left, 3) || ImGui::IsMouseDragging(ImGuiMouseButton_Right, 3) ||
         ImGui::IsMouseDragging(ImGuiMouseButton_Middle, 3))) {
        turn_left_ = 0;
        leave_source_camera(view, output_.camera(), studio.document());
        dragged_ = true;
        if (left && !io.KeyShift) {
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
        if (clicked && !wiping_) picked_ = output_.pick(io.MousePos.x - from.x, io.MousePos.y - from.y);
        dragged_ = false;
    }
    if (hovered && io.MouseWheel != 0) {
        leave_source_camera(view, output_.camera(), studio.document());
        const float factor = std::pow(1.12f, io.MouseWheel);
        const float before = view.zoom;
        view.zoom = std::clamp(view.zoom * factor, 0.1f, 40.0f);
        // What lies under the pointer stays there.
        const float shift = studio.document().view_height / size.y * (1 / view.zoom - 1 / before);
        view.pan[0] += (io.MousePos.x - from.x - 0.5f * size.x) * shift;
        view.pan[1] -= (io.MousePos.y - from.y - 0.5f * size.y) * shift;
    }
    if (hovered && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) {
        view.zoom = 1;
        view.pan = {};
    }
}

namespace {

// A rounded strip that floats over the picture.
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

// A button with a menu, in a bar: the menu has the room of other menus, not the bar's.
void menu_button(const char* id, const std::string& label, const std::string& about,
                 const std::function<void()>& menu) {
    const bool pressed = button(label + "  " ICON_FA_CARET_DOWN "##" + id, ButtonStyle::flat, about);
    if (pressed) ImGui::OpenPopup(id);
    ImGui::SetNextWindowPos({ImGui::GetItemRectMin().x, ImGui::GetItemRectMax().y + px(4)});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(px(10), px(10)));
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(px(8), px(6)));
    if (ImGui::BeginPopup(id)) {
        menu();
        ImGui::EndPopup();
    }
    ImGui::PopStyleVar(2);
}

}  // namespace

void ViewportPanel::draw_toolbar(Studio& studio, const ImVec2& from, float width) {
    const FloatingBar bar("toolbar", from);
    const bool wide = width > px(640);
    const auto label = [&](const char* icon, const char* words) {
        return wide ? std::string(icon) + "  " + words : std::string(icon);
    };
    menu_button("display", label(ICON_FA_EYE, mode_titles[std::size_t(studio.view().mode)]),
                "What is drawn, and what lies over it.", [&] { display_menu(studio); });
    ImGui::SameLine();
    menu_button("background", label(ICON_FA_IMAGE, "Background"), "What is seen behind the avatar.",
                [&] { background_menu(studio); });
    ImGui::SameLine();
    menu_button("camera", label(ICON_FA_VIDEO, "View"), "Directions to look from, and the lens.",
                [&] { camera_menu(studio); });
    if (studio.document().has_avatar()) {
        ImGui::SameLine();
        menu_button("joint", label(ICON_FA_ARROWS_SPIN, "Turn"),
                    "Rings that turn the head, jaw or eyes by dragging (R).", [&] { joint_menu(studio); });
        ImGui::SameLine();
        ViewState& view = studio.view();
        const bool has_photo = studio.document().source || !studio.document().avatar->source.picture.empty();
        const auto compare = [&](CompareMode mode) {
            view.compare = view.compare == mode ? CompareMode::off : mode;
            if (view.compare != CompareMode::off) view.source_camera = true;
        };
        if (icon_button("wipe", ICON_FA_CIRCLE_HALF_STROKE, view.compare == CompareMode::wipe,
                        "Wipe between the photograph and the avatar, at the photograph's camera (C).", has_photo))
            compare(CompareMode::wipe);
        ImGui::SameLine();
        if (icon_button("beside", ICON_FA_TABLE_COLUMNS, view.compare == CompareMode::side_by_side,
                        "The photograph beside the avatar.", has_photo))
            compare(CompareMode::side_by_side);
    }
    ImGui::SameLine();
    if (icon_button("shot", ICON_FA_CAMERA, false, "Save a picture of the view; Export has more (F12)."))
        studio.invoke("capture.screenshot");
    if (output_.recording()) {
        ImGui::SameLine();
        ImGui::PushStyleColor(ImGuiCol_Text, palette().bad);
        if (button(ICON_FA_CIRCLE_STOP "  Recording##stop", ButtonStyle::flat,
                   "The view is being recorded; a click ends the recording."))
            studio.invoke("capture.record", {{"on", false}});
        ImGui::PopStyleColor();
    }
}

void ViewportPanel::display_menu(Studio& studio) {
    ViewState& view = studio.view();
    const bool avatar = studio.document().has_avatar();
    for (std::size_t i = 0; i < mode_titles.size(); ++i) {
        const bool needs_mesh = ViewMode(i) == ViewMode::mesh || ViewMode(i) == ViewMode::wireframe;
        if (ImGui::MenuItem(mode_titles[i], nullptr, view.mode == ViewMode(i), avatar || !needs_mesh))
            view.mode = ViewMode(i);
        tooltip(mode_abouts[i]);
    }
    ImGui::Separator();
    ImGui::MenuItem("Landmarks", "L", &view.landmarks, avatar);
    tooltip("The 478 points of the face that the fit uses, on the head as it is posed.");
    ImGui::MenuItem("Grid", "G", &view.grid);
    tooltip("A floor of 5 cm squares.");
    ImGui::MenuItem("View cube", nullptr, &view.view_cube);
    ImGui::MenuItem("Statistics", "F3", &view.statistics);
    tooltip("Pictures a second, and the milliseconds of each stage.");
}

void ViewportPanel::background_menu(Studio& studio) {
    ViewState& view = studio.view();
    static constexpr std::array<const char*, 2> titles = {"Colour", "Checker"};
    for (int i = 0; i < 2; ++i)
        if (ImGui::MenuItem(titles[std::size_t(i)], nullptr, int(view.background) == i))
            view.background = BackgroundKind(i);
    if (ImGui::MenuItem("Picture...", nullptr, view.background == BackgroundKind::picture))
        studio.invoke("view.background_picture");
    tooltip("A picture of yours behind the avatar; it covers the view.");
    ImGui::Separator();
    ImGui::SetNextItemWidth(px(180));
    if (ImGui::ColorPicker3(
            "##colour", view.background_colour.data(),
            ImGuiColorEditFlags_NoSidePreview | ImGuiColorEditFlags_NoSmallPreview | ImGuiColorEditFlags_DisplayHex))
        view.background = BackgroundKind::colour;
    static constexpr std::array<std::array<float, 3>, 6> swatches = {{{0.2f, 0.21f, 0.23f},
                                                                      {0.05f, 0.05f, 0.06f},
                                                                      {0.5f, 0.5f, 0.5f},
                                                                      {0.86f, 0.87f, 0.88f},
                                                                      {1, 1, 1},
                                                                      {0.16f, 0.55f, 0.3f}}};
    for (std::size_t i = 0; i < swatches.size(); ++i) {
        if (i > 0) ImGui::SameLine(0, px(5));
        ImGui::PushID(int(i));
        if (ImGui::ColorButton("##swatch", {swatches[i][0], swatches[i][1], swatches[i][2], 1},
                               ImGuiColorEditFlags_NoTooltip, {px(25), px(20)})) {
            view.background_colour = swatches[i];
            view.background = BackgroundKind::colour;
        }
        ImGui::PopID();
    }
}

void ViewportPanel::joint_menu(Studio& studio) {
    struct Joint {
        const char* title;
        const char* name;
    };
    static constexpr std::array<Joint, 7> joints = {{{"Nothing", "none"},
                                                     {"Head", "head"},
                                                     {"Neck", "neck"},
                                                     {"Jaw", "jaw"},
                                                     {"Left eye", "eye_left"},
                                                     {"Right eye", "eye_right"},
                                                     {"Shoulders", "root"}}};
    const std::string shown = studio.view().gizmo.empty() ? "none" : studio.view().gizmo;
    for (const Joint& joint : joints) {
        const bool known = studio.document().model()->joint(joint.name) >= 0 || std::string("none") == joint.name;
        if (known && ImGui::MenuItem(joint.title, nullptr, shown == joint.name))
            studio.invoke("view.gizmo", {{"joint", joint.name}});
    }
}

void ViewportPanel::camera_menu(Studio& studio) {
    ViewState& view = studio.view();
    struct Preset {
        const char* title;
        const char* shortcut;
        float yaw, pitch;
    };
    static constexpr std::array<Preset, 6> presets = {{{"Front", "1", 0, 0},
                                                       {"Back", "Ctrl+1", pi, 0},
                                                       {"Left", "3", pi / 2, 0},
                                                       {"Right", "Ctrl+3", -pi / 2, 0},
                                                       {"Top", "7", 0, pi / 2},
                                                       {"Bottom", "Ctrl+7", 0, -pi / 2}}};
    for (const Preset& preset : presets)
        if (ImGui::MenuItem(preset.title, preset.shortcut)) turn_to(studio, preset.yaw, preset.pitch);
    if (ImGui::MenuItem("Three quarters", "5")) turn_to(studio, 0.6f, 0.1f);
    ImGui::Separator();
    if (ImGui::MenuItem("Photograph's camera", "0", view.source_camera, studio.document().has_avatar()))
        view.source_camera = !view.source_camera;
    tooltip("Look through the lens that took the photograph; moving the view leaves it.");
    if (ImGui::MenuItem("Frame the head", "F")) {
        view.zoom = 1;
        view.pan = {};
        view.source_camera = false;
    }
    ImGui::Separator();
    float degrees = view.fov * 180 / pi;
    ImGui::SetNextItemWidth(px(190));
    if (slider(studio, "fov",
               {.label = "Field of view",
                .low = 5,
                .high = 90,
                .fallback = 20.6f,
                .format = "%.0f",
                .unit = "°",
                .about = "Height of what the lens sees. The head keeps its size.",
                .width = px(190)},
               degrees))
        view.fov = degrees * pi / 180;
}

void ViewportPanel::draw_landmarks(const Studio& studio, const ImVec2& from) const {
    const Vertices* vertices = output_.vertices();
    const HeadModel* model = studio.document().model();
    if (!vertices || !model || vertices->cols() < model->vertex_count()) return;
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const ImVec2 pixels = ImGui::GetIO().DisplayFramebufferScale;
    for (std::size_t i = 0; i < model->landmarks.size(); ++i) {
        float depth = 0;
        const Eigen::Vector2f p =
            output_.camera().project(surface_position(*vertices, model->triangles, model->landmarks[i]), &depth);
        if (depth <= 0) continue;
        const bool iris = i >= 468;
        draw.AddCircleFilled({from.x + (float(output_.left()) + p.x()) / pixels.x, from.y + p.y() / pixels.y},
                             px(iris ? 2.2f : 1.5f), u32(iris ? palette().accent_strong : palette().info, 0.9f), 8);
    }
}

void ViewportPanel::draw_pick(const ImVec2& from) const {
    const Vertices* vertices = output_.vertices();
    if (!picked_ || !vertices) return;
    const ImVec2 pixels = ImGui::GetIO().DisplayFramebufferScale;
    const Eigen::Vector2f p = output_.camera().project(picked_->position);
    const ImVec2 at = {from.x + (float(output_.left()) + p.x()) / pixels.x, from.y + p.y() / pixels.y};
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddCircle(at, px(6), u32(palette().line, 0.8f), 24, px(3));
    draw.AddCircle(at, px(6), u32(palette().accent_strong), 24, px(1.6f));
    std::array<char, 160> words{};
    std::snprintf(words.data(), words.size(), "%s   %.0f, %.0f, %.0f mm", readable(picked_->region).c_str(),
                  double(picked_->position.x() * 1000), double(picked_->position.y() * 1000),
                  double(picked_->position.z() * 1000));
    const ImVec2 size = ImGui::CalcTextSize(words.data());
    const ImVec2 box = {at.x + px(12), at.y - 0.5f * size.y};
    draw.AddRectFilled({box.x - px(6), box.y - px(3)}, {box.x + size.x + px(6), box.y + size.y + px(3)},
                       u32(palette().panel, 0.86f), px(4));
    draw.AddText(box, u32(palette().text), words.data());
}

void ViewportPanel::draw_wipe(Studio& studio, const ImVec2& from, const ImVec2& size) {
    ViewState& view = studio.view();
    const float x = from.x + view.wipe * size.x;
    ImGui::SetCursorScreenPos({x - px(10), from.y});
    ImGui::InvisibleButton("wipe line", {px(20), size.y});
    const bool hot = ImGui::IsItemHovered() || ImGui::IsItemActive();
    wiping_ = ImGui::IsItemActive();
    if (wiping_) view.wipe = std::clamp((ImGui::GetIO().MousePos.x - from.x) / size.x, 0.0f, 1.0f);
    if (hot) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const ImVec2 knob = {x, from.y + 0.5f * size.y};
    draw.AddLine({x, from.y}, {x, from.y + size.y}, u32(hot ? palette().accent : ImVec4(1, 1, 1, 0.85f)), px(1.5f));
    draw.AddCircleFilled(knob, px(12), u32(hot ? palette().accent : ImVec4(1, 1, 1, 0.92f)), 24);
    const ImVec2 icon = ImGui::CalcTextSize(ICON_FA_LEFT_RIGHT);
    draw.AddText({knob.x - 0.5f * icon.x, knob.y - 0.5f * icon.y}, IM_COL32(30, 32, 36, 255), ICON_FA_LEFT_RIGHT);
    const auto tag = [&](const char* words, float right_edge, bool to_left) {
        const ImVec2 extent = ImGui::CalcTextSize(words);
        const ImVec2 at = {to_left ? right_edge - extent.x - px(16) : right_edge + px(16),
                           from.y + size.y - extent.y - px(14)};
        draw.AddRectFilled({at.x - px(7), at.y - px(4)}, {at.x + extent.x + px(7), at.y + extent.y + px(4)},
                           IM_COL32(20, 21, 24, 170), px(4));
        draw.AddText(at, IM_COL32(235, 237, 240, 255), words);
    };
    tag("Photograph", x, true);
    tag("Avatar", x, false);
}

void ViewportPanel::draw_statistics(const ImVec2& from, const ImVec2& size) const {
    const ViewportStatistics& s = output_.statistics();
    std::array<char, 512> words{};
    std::snprintf(words.data(), words.size(),
                  "%5.1f pictures a second   %3.0f %% resolution\n"
                  "%s Gaussians   %s\n"
                  "pose %.1f   rasterize %.1f   convert %.1f ms\n"
                  "compose %.1f   interface %.1f ms\n"
                  "%s (%s)",
                  double(s.frames_per_second), double(s.resolution * 100), format_count(s.gaussians).c_str(),
                  s.rasterizer.c_str(), double(s.pose_ms), double(s.raster_ms), double(s.convert_ms),
                  double(s.compose_ms), double(s.interface_ms), s.path.c_str(), s.path_reason.c_str());
    const ImVec2 extent = ImGui::CalcTextSize(words.data());
    const ImVec2 at = {from.x + px(18), from.y + size.y - extent.y - px(18)};
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled({at.x - px(8), at.y - px(6)}, {at.x + extent.x + px(8), at.y + extent.y + px(6)},
                       u32(palette().panel, 0.86f), px(5));
    draw.AddText(at, u32(palette().text), words.data());
}

void ViewportPanel::draw_state(Studio& studio, const ImVec2& from, const ImVec2& size) {
    const Document& document = studio.document();
    if (document.stage == DocumentStage::preparing ||
        (document.stage == DocumentStage::ready && studio.scene().empty())) {
        std::string stage = "Opening";
        float fraction = -1;
        for (const JobInfo& job : studio.jobs().list())
            if (job.state == JobState::running && !job.quiet && !job.cancelling) {
                stage = job.stage.empty() ? job.name : job.stage;
                fraction = float(job.fraction);
                break;
            }
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
        ImGui::EndChild();
    }
}

}  // namespace likeness::ui

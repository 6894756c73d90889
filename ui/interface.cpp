#include "ui/interface.h"

#include <imgui_internal.h>

#include <algorithm>
#include <cctype>

#include "core/files/file_formats.h"
#include "core/image/svg.h"
#include "ui/canvas_panel.h"
#include "ui/export_panel.h"
#include "ui/expression_panel.h"
#include "ui/history_panel.h"
#include "ui/icons.h"
#include "ui/identity_panel.h"
#include "ui/layers_panel.h"
#include "ui/log_panel.h"
#include "ui/menu_bar.h"
#include "ui/motion_panel.h"
#include "ui/paint_panel.h"
#include "ui/parts_panel.h"
#include "ui/pose_panel.h"
#include "ui/preferences_panel.h"
#include "ui/reenact_panel.h"
#include "ui/source_panel.h"
#include "ui/status_bar.h"
#include "ui/tasks_panel.h"
#include "ui/theme.h"
#include "ui/training_panel.h"
#include "ui/video_panel.h"
#include "ui/widgets.h"

namespace likeness::ui {
namespace {

bool popup_is_open() { return ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel); }

// The pointer has to rest on an item for a moment; the time on the item before counts, the rest does not.
bool tooltip_waits() {
    const ImGuiContext& g = *GImGui;
    return g.HoverItemDelayId != 0 &&
           (g.HoverItemDelayTimer < g.Style.HoverDelayNormal || g.HoverItemUnlockedStationaryId != g.HoverItemDelayId);
}

// What grows with its content is measured in a first frame, and not drawn in that.
bool window_appears() {
    return std::ranges::any_of(GImGui->Windows, [](const ImGuiWindow* window) {
        return window->Active && window->HiddenFramesCannotSkipItems > 0;
    });
}

}  // namespace

Interface::Interface(Studio& studio, ViewportOutput& output) : studio_(studio), output_(output) {
    viewport_ = &add<ViewportPanel>(output);
    add<SourcePanel>();
    add<TrainingPanel>();
    add<ExpressionPanel>();
    add<PosePanel>();
    add<IdentityPanel>();
    add<PartsPanel>();
    add<PaintPanel>();
    add<LayersPanel>();
    add<CanvasPanel>();
    add<ReenactPanel>();
    add<MotionPanel>();
    add<VideoPanel>();
    add<HistoryPanel>();
    add<TasksPanel>();
    add<LogPanel>();
    add<ExportPanel>(output);
    add<PreferencesPanel>(output);
    add_commands();
}

Panel& Interface::add_panel(std::unique_ptr<Panel> panel) {
    const auto& closed = studio_.settings().closed_panels;
    panel->open = panels_.empty() || std::ranges::find(closed, panel->name()) == closed.end();  // the viewport always
    Command command;
    command.id = "panel." + panel->name();
    command.id[6] = char(std::tolower(static_cast<unsigned char>(command.id[6])));
    command.title = "Show " + panel->name();
    command.category = "Window";
    command.tooltip = panel->about();
    command.run = [this, name = panel->name()](const Arguments&) -> Status {
        show_panel(name);
        return {};
    };
    studio_.commands().add(std::move(command));
    panels_.push_back(std::move(panel));
    return *panels_.back();
}

// What only a window can do, for the palette and for scripts.
void Interface::add_commands() {
    const auto add_command = [&](const std::string& id, const std::string& title, const std::string& about,
                                 const std::string& shortcut, std::function<void()> run) {
        Command command;
        command.id = id;
        command.title = title;
        command.category = "Window";
        command.tooltip = about;
        command.shortcut = shortcut;
        command.run = [run = std::move(run)](const Arguments&) -> Status {
            run();
            return {};
        };
        studio_.commands().add(std::move(command));
    };
    add_command("panel.reset_layout", "Reset layout", "Opens the usual panels and puts them where they were at first.",
                "", [this] { reset_layout(); });
    add_command("panel.hide_all", "Hide or show all panels",
                "Leaves the window to the viewport, or brings panels back.", "H", [this] { hide_panels(!hidden_); });
    add_command("window.shortcuts", "Keyboard and mouse", "Lists keys and mouse movements.", "",
                [this] { shortcut_sheet_.toggle(); });
    add_command("window.palette", "Command palette", "Lists every command.", "", [this] { command_palette_.open(); });
}

Interface::~Interface() = default;

void Interface::reset_layout() {
    layout_.reset();
    hidden_ = false;
    for (auto& panel : panels_) panel->open = PanelLayout::is_usual(panel->name());
}

void Interface::fit(float width, float height, float scale) {
    const auto front = layout_.fit(width, height, scale);
    front_.insert(front_.end(), front.begin(), front.end());
}

void Interface::hide_panels(bool on) {
    if (on == hidden_) return;
    hidden_ = on;
    if (on) studio_.messages().info("Panels are hidden; H shows them again.");
}

bool Interface::show_panel(const std::string& name) {
    for (auto& panel : panels_)
        if (panel->name() == name) {
            panel->open = true;
            hide_panels(false);
            front_.push_back(name);
            return true;
        }
    return false;
}

// A picture may be meant for the skin, if an avatar is seen: that is known where the pointer is, in the next frame.
void Interface::drop(const std::filesystem::path& file) {
    const std::array picture = {FileContent::picture};
    const bool may_be_sticker = studio_.document().has_avatar() && !PreparationView::wanted(studio_) &&
                                !studio_.maps().takes(file) && (is_svg_file(file) || format_of(file, picture));
    if (may_be_sticker)
        viewport_->drop(file);
    else
        studio_.invoke("file.open", {{"path", file.string()}});
}

double Interface::next_frame_in() const {
    double seconds = 10;
    for (const auto& panel : panels_)
        if (panel->open) seconds = std::min(seconds, panel->next_frame_in());
    const ImGuiIO& io = ImGui::GetIO();
    if (viewport_->turning() || studio_.motion().playing() || (!front_.empty() && !popup_is_open())) return 0;
    if (window_appears()) return 0;
    if (preparation_.moving()) return 0.03;
    if (GImGui->DimBgRatio > 0 && GImGui->DimBgRatio < 1) return 0;  // what lies behind a dialog grows dark
    if (dialogs_.awaits_desktop()) seconds = 0.1;
    // Bars that move without a number, the text cursor, tooltips that wait.
    if (studio_.document().stage == DocumentStage::preparing) seconds = std::min(seconds, 0.15);
    if (io.WantTextInput || viewport_->noting()) seconds = std::min(seconds, 0.25);
    if (tooltip_waits()) seconds = std::min(seconds, 0.05);
    return seconds;
}

void Interface::draw() {
    run_shortcuts(studio_, *this);
    show_driver();
    draw_menu_bar();
    draw_status_bar();
    draw_dock();
    draw_panels();
    for (const std::filesystem::path& file : viewport_->take_dropped()) {
        if (is_svg_file(file))
            studio_.messages().error(
                {ErrorCode::bad_input,
                 "'" + file.string() + "' is an SVG, which is no portrait; drop it on the head to make it a sticker.",
                 ""});
        else
            studio_.invoke("file.open", {{"path", file.string()}});
    }
    remember_panels();
    command_palette_.draw(studio_);
    shortcut_sheet_.draw(studio_);
    dialogs_.draw(studio_);
}

void Interface::draw_menu_bar() { ui::draw_menu_bar(studio_, output_, *this); }
void Interface::draw_status_bar() { ui::draw_status_bar(studio_, output_, *this); }

// Who drops a video sees it tracked.
void Interface::show_driver() {
    const int job = studio_.driver().job().id();  // 0 before the first
    if (job != driver_job_) show_panel("Reenact");
    driver_job_ = job;
}

void Interface::draw_dock() {
    if (!layout_.draw(panels_)) return;
    front_ = layout_.first_in_front();
    frames_until_front_ = 0;
}

// A panel may be closed by its own button, a menu, a command: whichever, the next start has it closed too. Where panels
// are, Dear ImGui's layout file knows.
void Interface::remember_panels() {
    std::vector<std::string> closed;
    for (const auto& panel : panels_)
        if (!panel->open) closed.push_back(panel->name());
    if (closed == studio_.settings().closed_panels) return;
    studio_.settings().closed_panels = std::move(closed);
    studio_.settings_changed();
}

// False when it is to be closed.
bool Interface::draw_panel(Panel& panel) {
    const bool is_viewport = &panel == viewport_;
    const ImGuiViewport& main = *ImGui::GetMainViewport();
    if (!panel.wants_padding()) ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
    ImGui::SetNextWindowSize({std::min(px(440), main.WorkSize.x), std::min(px(570), main.WorkSize.y - px(40))},
                             ImGuiCond_FirstUseEver);
    ImGui::SetNextWindowPos(main.GetWorkCenter(), ImGuiCond_FirstUseEver, {0.5f, 0.5f});
    // At the start all appear, and the last would come before the tab that was in front when the studio ended.
    ImGuiWindowFlags flags = ImGuiWindowFlags_NoCollapse | ImGuiWindowFlags_NoFocusOnAppearing;
    if (is_viewport) flags |= ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse;
    // The tabs of a small window are icons without a cross, so that all have room.
    const ImGuiWindow* before = ImGui::FindWindowByName(panel.window().c_str());
    const bool is_icon = layout_.small() && !is_viewport && before && before->DockIsActive;
    const std::string title = is_icon ? panel.icon() + "###" + panel.name() : panel.window();
    bool stays = true;
    const bool shown = ImGui::Begin(title.c_str(), is_viewport || is_icon ? nullptr : &stays, flags);
    if (!panel.wants_padding()) ImGui::PopStyleVar();
    if (is_icon) tooltip(panel.name() + "\n" + panel.about());
    if (shown) {
        const bool floats = !ImGui::IsWindowDocked();
        if (floats && ImGui::IsWindowFocused(ImGuiFocusedFlags_RootAndChildWindows) && !ImGui::IsAnyItemActive() &&
            ImGui::IsKeyPressed(ImGuiKey_Escape, false))
            stays = false;
        if (is_viewport && studio_.document().stage == DocumentStage::empty)
            welcome_.draw(studio_);
        else if (is_viewport && PreparationView::wanted(studio_))
            preparation_.draw(studio_);
        else
            panel.draw(studio_);
    }
    ImGui::End();
    return stays;
}

void Interface::draw_panels() {
    if (!PreparationView::wanted(studio_)) preparation_.clear();
    for (auto& panel : panels_)
        if (panel->open && (!hidden_ || panel.get() == viewport_)) panel->open = draw_panel(*panel);
    // One a frame, not before a panel that was closed has been drawn, and never before a dialog.
    if (front_.empty() || popup_is_open() || frames_until_front_-- > 0) return;
    for (auto& panel : panels_)
        if (panel->name() == front_.front()) ImGui::SetWindowFocus(panel->window().c_str());
    front_.erase(front_.begin());
    frames_until_front_ = 1;
}

}  // namespace likeness::ui

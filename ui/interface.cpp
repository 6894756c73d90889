#include "ui/interface.h"

#include <imgui_internal.h>

#include <algorithm>
#include <cctype>

#include "ui/export_panel.h"
#include "ui/expression_panel.h"
#include "ui/history_panel.h"
#include "ui/icons.h"
#include "ui/identity_panel.h"
#include "ui/log_panel.h"
#include "ui/menu_bar.h"
#include "ui/motion_panel.h"
#include "ui/parts_panel.h"
#include "ui/pose_panel.h"
#include "ui/preferences_panel.h"
#include "ui/source_panel.h"
#include "ui/status_bar.h"
#include "ui/tasks_panel.h"
#include "ui/theme.h"
#include "ui/training_panel.h"
#include "ui/widgets.h"

namespace likeness::ui {
namespace {

constexpr float most_below = 0.4f;  // of a side's height for its lower panels: the sliders above need it more

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
    add<MotionPanel>();
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
                                 std::function<void()> run) {
        Command command;
        command.id = id;
        command.title = title;
        command.category = "Window";
        command.tooltip = about;
        command.run = [run = std::move(run)](const Arguments&) -> Status {
            run();
            return {};
        };
        studio_.commands().add(std::move(command));
    };
    add_command("panel.reset_layout", "Reset layout", "Opens the usual panels and puts them where they were at first.",
                [this] { layout_wanted_ = true; });
    add_command("window.shortcuts", "Keyboard and mouse", "Lists keys and mouse movements.",
                [this] { shortcut_sheet_.toggle(); });
    add_command("window.palette", "Command palette", "Lists every command.", [this] { command_palette_.open(); });
}

Interface::~Interface() = default;

bool Interface::show_panel(const std::string& name) {
    for (auto& panel : panels_)
        if (panel->name() == name) {
            panel->open = true;
            front_.push_back(name);
            return true;
        }
    return false;
}

void Interface::drop(const std::filesystem::path& file) { studio_.invoke("file.open", {{"path", file.string()}}); }

double Interface::next_frame_in() const {
    double seconds = 10;
    const ImGuiIO& io = ImGui::GetIO();
    if (viewport_->turning() || studio_.motion().playing() || !front_.empty()) return 0;
    if (window_appears()) return 0;
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
    draw_menu_bar();
    draw_status_bar();
    draw_dock();
    draw_panels();
    remember_panels();
    command_palette_.draw(studio_);
    shortcut_sheet_.draw(studio_);
    dialogs_.draw(studio_);
}

void Interface::draw_menu_bar() { ui::draw_menu_bar(studio_, output_, *this); }
void Interface::draw_status_bar() { ui::draw_status_bar(studio_, output_, *this); }

void Interface::draw_dock() {
    const ImGuiViewport& main = *ImGui::GetMainViewport();
    ImGui::SetNextWindowPos(main.WorkPos);
    ImGui::SetNextWindowSize(main.WorkSize);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 0.0f);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 0.0f);
    ImGui::Begin("##dock", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoDocking |
                     ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoNavFocus |
                     ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoBackground);
    ImGui::PopStyleVar(3);
    const ImGuiID dock = ImGui::GetID("studio");
    if (layout_wanted_ || !ImGui::DockBuilderGetNode(dock)) {
        layout_wanted_ = false;
        build_layout(dock, main.WorkSize.x, main.WorkSize.y);
    }
    ImGui::DockSpace(dock, {0, 0}, ImGuiDockNodeFlags_NoCloseButton | ImGuiDockNodeFlags_NoWindowMenuButton);
    ImGui::End();
}

void Interface::build_layout(unsigned dock, float width, float height) {
    ImGui::DockBuilderRemoveNode(dock);
    ImGui::DockBuilderAddNode(dock, ImGuiDockNodeFlags_DockSpace);
    ImGui::DockBuilderSetNodeSize(dock, {width, height});
    ImGuiID middle = dock, left = 0, right = 0, bottom = 0, left_lower = 0;
    // Sides of fixed width, so that a larger window gives the viewport more.
    const float right_share = std::min(0.30f, px(300) / width);
    ImGui::DockBuilderSplitNode(middle, ImGuiDir_Right, right_share, &right, &middle);
    ImGuiID right_lower = 0;
    ImGui::DockBuilderSplitNode(right, ImGuiDir_Down, std::clamp(px(290) / height, 0.2f, most_below), &right_lower,
                                &right);
    const float left_share = std::min(0.34f, px(264) / (width * (1 - right_share)));
    ImGui::DockBuilderSplitNode(middle, ImGuiDir_Left, left_share, &left, &middle);
    ImGui::DockBuilderSplitNode(middle, ImGuiDir_Down, std::min(0.30f, px(164) / height), &bottom, &middle);
    ImGui::DockBuilderSplitNode(left, ImGuiDir_Down, 0.56f, &left_lower, &left);
    for (auto& panel : panels_) panel->open = panel.get() == viewport_;  // what floats by choice goes too
    const auto put = [&](std::initializer_list<const char*> names, ImGuiID node) {
        for (const char* name : names)
            for (auto& panel : panels_)
                if (panel->name() == name) {
                    ImGui::DockBuilderDockWindow(panel->window().c_str(), node);
                    panel->open = true;
                }
    };
    put({"Viewport"}, middle);
    put({"Source"}, left);
    put({"Training"}, left_lower);
    put({"Expression", "Pose", "Identity"}, right);
    put({"Parts", "Export"}, right_lower);
    put({"Motion", "History", "Tasks", "Log"}, bottom);
    if (ImGuiDockNode* node = ImGui::DockBuilderGetNode(middle))
        node->SetLocalFlags(node->LocalFlags | ImGuiDockNodeFlags_NoTabBar | ImGuiDockNodeFlags_NoWindowMenuButton);
    ImGui::DockBuilderFinish(dock);
    front_ = {"Motion", "Expression", "Parts"};
}

namespace {

void scale_nodes(ImGuiDockNode* node, float ratio) {
    if (!node || node->IsLeafNode()) return;
    ImGuiDockNode *upper = node->ChildNodes[0], *lower = node->ChildNodes[1];
    const int axis = node->SplitAxis;
    if (upper->HasCentralNodeChild || lower->HasCentralNodeChild) {
        (upper->HasCentralNodeChild ? lower : upper)->SizeRef[axis] *= ratio;
    } else if (axis == ImGuiAxis_Y) {  // one above the other: they share the height, the smaller one below grows
        const float height = upper->SizeRef.y + lower->SizeRef.y;
        if (lower->SizeRef.y < most_below * height)
            lower->SizeRef.y = std::min(lower->SizeRef.y * ratio, most_below * height);
        upper->SizeRef.y = height - lower->SizeRef.y;
    }
    scale_nodes(upper, ratio);
    scale_nodes(lower, ratio);
}

}  // namespace

void Interface::scale_panels(float ratio) {
    const ImGuiDockContext& docks = ImGui::GetCurrentContext()->DockContext;
    for (int i = 0; i < docks.Nodes.Data.Size; ++i) {
        auto* node = static_cast<ImGuiDockNode*>(docks.Nodes.Data[i].val_p);
        if (node && node->IsRootNode() && node->IsDockSpace()) scale_nodes(node, ratio);
    }
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

void Interface::draw_panels() {
    for (auto& panel : panels_) {
        if (!panel->open) continue;
        const bool is_viewport = panel.get() == viewport_;
        if (!panel->wants_padding()) ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
        ImGui::SetNextWindowSize({px(440), std::min(px(570), ImGui::GetMainViewport()->WorkSize.y - px(40))},
                                 ImGuiCond_FirstUseEver);
        ImGui::SetNextWindowPos(ImGui::GetMainViewport()->GetCenter(), ImGuiCond_FirstUseEver, {0.5f, 0.5f});
        // At the start all appear, and the last would come before the tab that was in front when the studio ended.
        ImGuiWindowFlags flags = ImGuiWindowFlags_NoCollapse | ImGuiWindowFlags_NoFocusOnAppearing;
        if (is_viewport) flags |= ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse;
        const bool shown = ImGui::Begin(panel->window().c_str(), is_viewport ? nullptr : &panel->open, flags);
        if (!panel->wants_padding()) ImGui::PopStyleVar();
        if (shown) {
            const bool empty = studio_.document().stage == DocumentStage::empty;
            if (is_viewport && empty)
                welcome_.draw(studio_);
            else
                panel->draw(studio_);
        }
        ImGui::End();
    }
    // One a frame, and not before a panel that was closed has been drawn.
    if (front_.empty() || frames_until_front_-- > 0) return;
    for (auto& panel : panels_)
        if (panel->name() == front_.front()) ImGui::SetWindowFocus(panel->window().c_str());
    front_.erase(front_.begin());
    frames_until_front_ = 1;
}

}  // namespace likeness::ui

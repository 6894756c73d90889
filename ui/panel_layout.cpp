#include "ui/panel_layout.h"

#include <imgui_internal.h>

#include <algorithm>
#include <cstdio>
#include <span>

#include "ui/theme.h"

namespace likeness::ui {
namespace {

constexpr float most_below = 0.4f;  // of a side's height for its lower panels: the sliders above need it more
// Units below which panels on three sides leave the viewport too little.
constexpr float least_width = 920, least_height = 440;
constexpr float most_aside = 0.62f;  // of the window, for all that stands beside the viewport
constexpr float bar_height = 31;     // units, of the menu bar and of the status bar at most

// As GetID("studio") in the window "##dock".
ImGuiID dock_id() { return ImHashStr("studio", 0, ImHashStr("##dock")); }

// From the first tab to the last in a small window.
constexpr std::array usual_panels = {"Source", "Training", "Expression", "Pose",    "Identity",
                                     "Parts",  "Paint",    "Layers",     "Reenact", "Motion",
                                     "Video",  "Export",   "History",    "Tasks",   "Log"};

// Holds the viewport's place; the nodes' own flags say so only after they were drawn.
bool has_middle(const ImGuiDockNode* node) {
    return node && (node->IsCentralNode() || has_middle(node->ChildNodes[0]) || has_middle(node->ChildNodes[1]));
}

// Of two children the one beside that which has the viewport; null where neither has.
ImGuiDockNode* side_of(const ImGuiDockNode& node) {
    for (const int k : {0, 1})
        if (has_middle(node.ChildNodes[k])) return node.ChildNodes[1 - k];
    return nullptr;
}

void scale_nodes(ImGuiDockNode* node, float ratio) {
    if (!node || node->IsLeafNode()) return;
    ImGuiDockNode *upper = node->ChildNodes[0], *lower = node->ChildNodes[1];
    const int axis = node->SplitAxis;
    if (ImGuiDockNode* side = side_of(*node)) {
        side->SizeRef[axis] *= ratio;
    } else if (axis == ImGuiAxis_Y) {  // one above the other: they share the height, the smaller one below grows
        const float height = upper->SizeRef.y + lower->SizeRef.y;
        if (lower->SizeRef.y < most_below * height)
            lower->SizeRef.y = std::min(lower->SizeRef.y * ratio, most_below * height);
        upper->SizeRef.y = height - lower->SizeRef.y;
    }
    scale_nodes(upper, ratio);
    scale_nodes(lower, ratio);
}

// What stands beside the viewport leaves it enough of `room`.
void limit_sides(const ImGuiDockNode& root, const ImVec2& room) {
    ImVec2 aside;
    const auto each_side = [&](auto&& visit) {
        const ImGuiDockNode* node = &root;
        while (ImGuiDockNode* side = side_of(*node)) {
            visit(node->SplitAxis, *side);
            node = node->ChildNodes[node->ChildNodes[0] == side ? 1 : 0];
        }
    };
    each_side([&](int axis, const ImGuiDockNode& side) { aside[axis] += side.SizeRef[axis]; });
    each_side([&](int axis, ImGuiDockNode& side) {
        const float most = most_aside * room[axis];
        if (aside[axis] > most) side.SizeRef[axis] *= most / aside[axis];
    });
}

// Panels that float, by their windows or by what is kept of them: as much larger as the text, and inside the window.
void fit_floating(float ratio, const ImVec2& room, float scale) {
    ImGuiContext& g = *GImGui;
    const float top = bar_height * scale;
    const auto placed = [&](ImVec2& at, ImVec2& size) {
        size = {std::min(size.x * ratio, room.x), std::min(size.y * ratio, room.y - 2 * top)};
        at = {std::clamp(at.x, 0.0f, room.x - size.x), std::clamp(at.y, top, std::max(top, room.y - top - size.y))};
    };
    for (ImGuiWindow* window : g.Windows) {
        constexpr int other = ImGuiWindowFlags_ChildWindow | ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_Popup;
        if (window->DockId != 0 || (window->Flags & other)) continue;
        ImVec2 at = window->Pos, size = window->SizeFull;
        placed(at, size);
        ImGui::SetWindowPos(window, at);
        ImGui::SetWindowSize(window, size);
    }
    for (auto* kept = g.SettingsWindows.begin(); kept; kept = g.SettingsWindows.next_chunk(kept)) {
        if (kept->DockId != 0 || kept->Size.x <= 0) continue;
        ImVec2 at(kept->Pos.x, kept->Pos.y), size(kept->Size.x, kept->Size.y);
        placed(at, size);
        kept->Pos = ImVec2ih(at);
        kept->Size = ImVec2ih(size);
    }
}

}  // namespace

// In the text of an arrangement the scale that it was written at.
PanelLayout::PanelLayout() {
    ImGuiSettingsHandler handler;
    handler.TypeName = "Likeness";
    handler.TypeHash = ImHashStr("Likeness");
    handler.UserData = this;
    handler.ReadOpenFn = [](ImGuiContext*, ImGuiSettingsHandler* h, const char*) { return h->UserData; };
    handler.ReadLineFn = [](ImGuiContext*, ImGuiSettingsHandler*, void* to, const char* line) {
        float scale = 0;
        if (std::sscanf(line, "Scale=%f", &scale) == 1 && scale >= 0.25f && scale <= 16)
            static_cast<PanelLayout*>(to)->read_scale_ = scale;
    };
    handler.WriteAllFn = [](ImGuiContext*, ImGuiSettingsHandler* h, ImGuiTextBuffer* to) {
        to->appendf("[Likeness][Layout]\nScale=%.4f\n\n", double(static_cast<PanelLayout*>(h->UserData)->scale_));
    };
    ImGui::AddSettingsHandler(&handler);
}

PanelLayout::~PanelLayout() { ImGui::RemoveSettingsHandler("Likeness"); }

PanelLayout::Texts PanelLayout::texts() const {
    Texts all = kept_;
    if (scale_ > 0) all[small_ ? 1 : 0] = ImGui::SaveIniSettingsToMemory();
    return all;
}

// Windows that are there already would come to the front as they are added to their tabs.
std::vector<std::string> PanelLayout::change_to(bool small) {
    kept_ = texts();
    small_ = small;
    read_scale_ = 0;
    const std::string& text = kept_[small ? 1 : 0];
    ImGui::LoadIniSettingsFromMemory(text.c_str(), text.size());
    std::vector<std::string> front;
    for (const ImGuiWindow* window : GImGui->Windows) {
        const std::string name = window->Name;
        const ImGuiDockNode* node = ImGui::DockBuilderGetNode(window->DockId);
        if (const std::size_t at = name.find("###"); at != std::string::npos && node)
            if (node->SelectedTabId == window->TabId) front.push_back(name.substr(at + 3));
    }
    return front;
}

std::vector<std::string> PanelLayout::fit(float width, float height, float scale) {
    std::vector<std::string> front;
    if (width == width_ && height == height_ && scale == scale_) return front;
    const bool small = width < least_width * scale || height < least_height * scale;
    float from = scale_;  // that the arrangement has
    if (scale_ == 0 || small != small_) {
        front = change_to(small);
        from = read_scale_;
    }
    const float ratio = from > 0 ? scale / from : 1.0f;
    width_ = width;
    height_ = height;
    scale_ = scale;
    if (ImGuiDockNode* root = ImGui::DockBuilderGetNode(dock_id())) {
        if (ratio != 1) scale_nodes(root, ratio);
        limit_sides(*root, {width, height});
    }
    fit_floating(ratio, {width, height}, scale);
    return front;
}

bool PanelLayout::is_usual(const std::string& panel) {
    return panel == "Viewport" || std::ranges::find(usual_panels, panel) != usual_panels.end();
}

std::vector<std::string> PanelLayout::first_in_front() const {
    if (small_) return {"Expression"};
    return {"Motion", "Training", "Expression", "Parts"};
}

bool PanelLayout::draw(const std::vector<std::unique_ptr<Panel>>& panels) {
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
    const ImGuiID dock = dock_id();
    const bool builds = wanted_ || !ImGui::DockBuilderGetNode(dock);
    if (builds) {
        wanted_ = false;
        build(dock, main.WorkSize.x, main.WorkSize.y, panels);
        canvas_homeless_ = true;
    }
    for (const auto& panel : panels)
        if (panel->open && panel->name() == "Canvas") place_canvas(dock, *panel);
    // Icons as tabs are small and stand close together, so that all have room.
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(px(small_ ? 1 : 8), ImGui::GetStyle().FramePadding.y));
    ImGui::PushStyleVar(ImGuiStyleVar_ItemInnerSpacing,
                        ImVec2(small_ ? px(1) : ImGui::GetStyle().ItemInnerSpacing.x, px(4)));
    ImGui::PushFont(nullptr, ImGui::GetStyle().FontSizeBase * (small_ ? 0.85f : 1.0f));
    ImGui::DockSpace(dock, {0, 0}, ImGuiDockNodeFlags_NoCloseButton | ImGuiDockNodeFlags_NoWindowMenuButton);
    ImGui::PopFont();
    ImGui::PopStyleVar(2);
    ImGui::End();
    return builds;
}

// A panel that is not open at first and wants as much room as the viewport: the first time it takes half of that, in a
// small window a tab beside the others.
void PanelLayout::place_canvas(unsigned dock, const Panel& panel) {
    const char* const window = panel.window().c_str();
    const bool known = ImGui::FindWindowByName(window) || ImGui::FindWindowSettingsByID(ImHashStr(window));
    if (known && !canvas_homeless_) return;
    canvas_homeless_ = false;
    const ImGuiWindow* const other = ImGui::FindWindowByName("###Paint");
    const ImGuiDockNode* const middle = ImGui::DockBuilderGetCentralNode(dock);
    ImGuiID node = small_ && other ? other->DockId : 0;
    if (!small_ && middle) {
        ImGuiID rest = 0;
        ImGui::DockBuilderSplitNode(middle->ID, ImGuiDir_Right, 0.5f, &node, &rest);
    }
    if (node != 0) ImGui::DockBuilderDockWindow(window, node);
}

void PanelLayout::build(unsigned dock, float width, float height,
                        const std::vector<std::unique_ptr<Panel>>& panels) const {
    ImGui::DockBuilderRemoveNode(dock);
    ImGui::DockBuilderAddNode(dock, ImGuiDockNodeFlags_DockSpace);
    ImGui::DockBuilderSetNodeSize(dock, {width, height});
    ImGuiID middle = dock;
    const auto put = [&](std::span<const char* const> names, ImGuiID node) {
        for (const char* name : names)
            for (const auto& panel : panels)
                if (panel->name() == name) ImGui::DockBuilderDockWindow(panel->window().c_str(), node);
    };
    // Sides of fixed width, so that a larger window gives the viewport more.
    if (small_) {
        ImGuiID right = 0;
        ImGui::DockBuilderSplitNode(middle, ImGuiDir_Right, std::min(0.46f, px(292) / width), &right, &middle);
        put(usual_panels, right);
    } else {
        ImGuiID left = 0, right = 0, bottom = 0, left_lower = 0, right_lower = 0;
        const float right_share = std::min(0.30f, px(300) / width);
        ImGui::DockBuilderSplitNode(middle, ImGuiDir_Right, right_share, &right, &middle);
        ImGui::DockBuilderSplitNode(right, ImGuiDir_Down, std::clamp(px(290) / height, 0.2f, most_below), &right_lower,
                                    &right);
        const float left_share = std::min(0.34f, px(264) / (width * (1 - right_share)));
        ImGui::DockBuilderSplitNode(middle, ImGuiDir_Left, left_share, &left, &middle);
        ImGui::DockBuilderSplitNode(middle, ImGuiDir_Down, std::min(0.30f, px(164) / height), &bottom, &middle);
        ImGui::DockBuilderSplitNode(left, ImGuiDir_Down, 0.6f, &left_lower, &left);
        put(std::array{"Source", "Paint"}, left);
        put(std::array{"Training", "Reenact"}, left_lower);
        put(std::array{"Expression", "Pose", "Identity"}, right);
        put(std::array{"Parts", "Layers", "Export"}, right_lower);
        put(std::array{"Motion", "Video", "History", "Tasks", "Log"}, bottom);
    }
    put(std::array{"Viewport"}, middle);
    if (ImGuiDockNode* node = ImGui::DockBuilderGetNode(middle))
        node->SetLocalFlags(node->LocalFlags | ImGuiDockNodeFlags_NoTabBar | ImGuiDockNodeFlags_NoWindowMenuButton);
    ImGui::DockBuilderFinish(dock);
}

}  // namespace likeness::ui

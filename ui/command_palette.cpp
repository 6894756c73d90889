#include "ui/command_palette.h"

#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "ui/icons.h"
#include "ui/theme.h"
#include "ui/widgets.h"

namespace likeness::ui {
namespace {

constexpr const char* window_name = "Commands###palette";

// Words that people use for what has the first one's name here.
constexpr std::array<std::array<const char*, 7>, 16> synonyms = {{
    {"mesh", "topology", "polygons", "geometry", "triangles", "vertices", "3d model"},
    {"compare", "split", "before", "original", "curtain", "reference", "difference"},
    {"gaze", "eyes", "eyeballs", "pupils", "stare", "look direction", "iris"},
    {"expression", "emotion", "blendshape", "smile", "mimic", "arkit", "shape key"},
    {"preset", "smile", "laugh", "kiss", "angry", "sad", "surprised"},
    {"text_scale", "text size", "font size", "ui scale", "bigger", "smaller", "dpi"},
    {"theme", "dark mode", "night", "appearance", "bright", "skin of the program", "colours"},
    {"motion", "animation", "animate", "recording", "track", "video", "drive"},
    {"screenshot", "image", "snapshot", "photo of the view", "capture", "save picture", "render"},
    {"splats", "gaussians", "points", "3dgs", "splatting", "cloud", "particles"},
    {"neutral", "rest", "default pose", "relaxed", "clear", "zero", "t-pose"},
    {"part", "layer", "hide", "visibility", "isolate", "mask", "toggle hair"},
    {"undo", "revert", "mistake", "go back", "history", "cancel change", "previous"},
    {"preferences", "settings", "options", "configuration", "setup", "config", "customize"},
    {"identity", "morph", "nose", "body", "sculpt", "proportions", "face shape"},
    {"device", "gpu", "graphics card", "nvidia", "processor", "hardware", "cuda"},
}};

// Other words to look for beside the query.
std::vector<std::string> own_words(const std::string& query) {
    std::vector<std::string> words;
    if (query.size() < 3) return words;
    for (const auto& group : synonyms)
        if (std::any_of(group.begin() + 1, group.end(), [&](const char* word) { return matches(word, query); }))
            words.emplace_back(group.front());
    return words;
}

std::string spaced(std::string name) {
    std::replace(name.begin(), name.end(), '_', ' ');
    return name;
}

// The values of an argument that has few; empty: any.
std::vector<std::string> values_of(const ArgumentSpec& spec) {
    if (spec.type == ArgumentSpec::Type::flag) return {"on", "off"};
    if (spec.type == ArgumentSpec::Type::choice) return spec.choices;
    return spec.suggestions ? spec.suggestions() : std::vector<std::string>{};
}
Value value_named(const ArgumentSpec& spec, const std::string& name) {
    return spec.type == ArgumentSpec::Type::flag ? Value(name == "on") : Value(name);
}

std::vector<const ArgumentSpec*> needed(const Command& command) {
    std::vector<const ArgumentSpec*> specs;
    for (const ArgumentSpec& spec : command.arguments)
        if (spec.required && !spec.fallback) specs.push_back(&spec);
    return specs;
}

std::vector<CommandPalette::Row> rows_of(const std::string& id, const Command& command) {
    const std::vector<const ArgumentSpec*> specs = needed(command);
    if (specs.empty()) return {{id, command.title, {}, false}};
    std::vector<CommandPalette::Row> rows;
    if (specs.size() == 1)
        for (const std::string& value : values_of(*specs[0]))
            rows.push_back(
                {id, command.title + ": " + spaced(value), {{specs[0]->name, value_named(*specs[0], value)}}, false});
    if (rows.empty()) rows.push_back({id, command.title + "...", {}, true});
    return rows;
}

}  // namespace

void CommandPalette::open() {
    open_ = true;
    appeared_ = false;
    query_.clear();
    chosen_ = 0;
    asking_ = {};
}

std::vector<CommandPalette::Row> CommandPalette::find(const Studio& studio, const std::string& query) {
    std::array<std::vector<Row>, 3> found;
    const std::vector<std::string> others = own_words(query);
    for (const std::string& id : studio.commands().ids()) {
        const Command& command = *studio.commands().find(id);
        for (Row& row : rows_of(id, command)) {
            const std::string about = row.title + " " + command.category + " " + id + " " + command.tooltip;
            if (!matches(about, query) && std::none_of(others.begin(), others.end(),
                                                       [&](const std::string& word) { return matches(about, word); }))
                continue;
            const bool first = matches(row.title.substr(0, query.size()), query), in_title = matches(row.title, query);
            found[first ? 0 : in_title ? 1 : 2].push_back(std::move(row));
        }
    }
    std::vector<Row> rows;
    for (std::vector<Row>& some : found) rows.insert(rows.end(), some.begin(), some.end());
    std::stable_partition(rows.begin(), rows.end(),
                          [&](const Row& row) { return studio.unavailable(row.command).empty(); });
    return rows;
}

void CommandPalette::choose(Studio& studio, const Row& row) {
    if (!row.asks) {
        open_ = false;
        studio.invoke(row.command, row.arguments);
        return;
    }
    asking_ = row;
    asked_ = row.arguments;
    form_appeared_ = false;
    for (const ArgumentSpec* spec : needed(*studio.commands().find(row.command))) {
        const bool numeric = spec->type == ArgumentSpec::Type::number || spec->type == ArgumentSpec::Type::integer;
        const std::vector<std::string> values = values_of(*spec);
        asked_.set(spec->name, numeric          ? Value(std::clamp(0.0, spec->low, spec->high))
                               : values.empty() ? Value("")
                                                : value_named(*spec, values.front()));
    }
}

void CommandPalette::draw(Studio& studio) {
    if (!open_) return;
    const ImGuiViewport& main = *ImGui::GetMainViewport();
    const float width = std::min(px(520), main.WorkSize.x - px(40));
    ImGui::SetNextWindowPos({main.WorkPos.x + 0.5f * (main.WorkSize.x - width), main.WorkPos.y + px(60)});
    ImGui::SetNextWindowSize({width, std::min(px(420), main.WorkSize.y - px(100))});
    if (!appeared_) ImGui::SetNextWindowFocus();
    ImGui::Begin(window_name, nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoDocking |
                     ImGuiWindowFlags_NoSavedSettings);
    bool popup = false;
    if (asking_.title.empty()) {
        draw_rows(studio);
    } else {
        draw_form(studio);
        popup = ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel);
    }
    const bool lost = appeared_ && !popup && !ImGui::IsWindowFocused(ImGuiFocusedFlags_RootAndChildWindows);
    appeared_ = true;
    ImGui::End();
    if (lost || (!popup && ImGui::IsKeyPressed(ImGuiKey_Escape))) open_ = false;
}

void CommandPalette::draw_rows(Studio& studio) {
    if (!appeared_) ImGui::SetKeyboardFocusHere();
    ImGui::SetNextItemWidth(-1);
    if (ImGui::InputTextWithHint("##query", ICON_FA_TERMINAL "  What shall be done?", &query_)) chosen_ = 0;
    const std::vector<Row> found = find(studio, query_);
    if (ImGui::IsKeyPressed(ImGuiKey_DownArrow)) ++chosen_;
    if (ImGui::IsKeyPressed(ImGuiKey_UpArrow)) --chosen_;
    chosen_ = std::clamp(chosen_, 0, std::max(0, int(found.size()) - 1));
    const Row* run = nullptr;
    if (!found.empty() && (ImGui::IsKeyPressed(ImGuiKey_Enter) || ImGui::IsKeyPressed(ImGuiKey_KeypadEnter)))
        run = &found[std::size_t(chosen_)];
    ImGui::BeginChild("found");
    ImGui::Dummy({0, px(1)});  // rows reach a little above themselves
    for (std::size_t i = 0; i < found.size(); ++i) {
        const Command& command = *studio.commands().find(found[i].command);
        const std::string reason = studio.unavailable(found[i].command);
        ImGui::PushID(int(i));
        ImGui::PushStyleColor(ImGuiCol_Text, reason.empty() ? palette().text : palette().faint);
        if (ImGui::Selectable("##row", int(i) == chosen_, 0, {0, ImGui::GetTextLineHeight() + px(4)})) run = &found[i];
        tooltip(command.tooltip + (reason.empty() ? "" : "\nNot now: " + reason));
        if (int(i) == chosen_ && (ImGui::IsKeyPressed(ImGuiKey_DownArrow) || ImGui::IsKeyPressed(ImGuiKey_UpArrow)))
            ImGui::SetScrollHereY();
        ImGui::SameLine(px(8));
        ImGui::TextUnformatted(found[i].title.c_str());
        ImGui::PopStyleColor();
        ImGui::PushStyleColor(ImGuiCol_Text, reason.empty() ? palette().dim : palette().faint);
        ImGui::SameLine();
        ImGui::TextUnformatted(command.category.c_str());
        if (!command.shortcut.empty()) {
            const float shortcut_width = ImGui::CalcTextSize(command.shortcut.c_str()).x;
            ImGui::SameLine(ImGui::GetWindowWidth() - shortcut_width - px(20));
            ImGui::TextUnformatted(command.shortcut.c_str());
        }
        ImGui::PopStyleColor();
        ImGui::PopID();
    }
    if (found.empty()) note("No command is about that.");
    ImGui::EndChild();
    if (run) choose(studio, Row(*run));
}

// Asks for the values that the chosen command needs.
void CommandPalette::draw_form(Studio& studio) {
    const Command& command = *studio.commands().find(asking_.command);
    ImGui::TextUnformatted(asking_.title.c_str());
    note(command.tooltip);
    if (!form_appeared_) ImGui::SetKeyboardFocusHere();
    form_appeared_ = true;
    for (const ArgumentSpec* spec : needed(command)) {
        const std::string label = spec->name + (spec->unit.empty() ? "" : " (" + spec->unit + ")");
        ImGui::SetNextItemWidth(px(260));
        const std::vector<std::string> values = values_of(*spec);
        if (spec->type == ArgumentSpec::Type::flag) {
            bool on = asked_.flag(spec->name);
            if (ImGui::Checkbox(label.c_str(), &on)) asked_.set(spec->name, on);
        } else if (spec->type == ArgumentSpec::Type::number || spec->type == ArgumentSpec::Type::integer) {
            double number = asked_.number(spec->name);
            const bool whole = spec->type == ArgumentSpec::Type::integer;
            if (ImGui::InputDouble(label.c_str(), &number, 0, 0, whole ? "%.0f" : "%g"))
                asked_.set(spec->name, std::clamp(whole ? std::round(number) : number, spec->low, spec->high));
        } else if (!values.empty()) {
            if (ImGui::BeginCombo(label.c_str(), asked_.text(spec->name).c_str())) {
                for (const std::string& value : values)
                    if (ImGui::Selectable(value.c_str(), value == asked_.text(spec->name)))
                        asked_.set(spec->name, value);
                ImGui::EndCombo();
            }
        } else {
            std::string text = asked_.text(spec->name);
            if (ImGui::InputText(label.c_str(), &text)) asked_.set(spec->name, text);
        }
        tooltip(spec->tooltip);
    }
    const bool popup = ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel);
    const bool entered = !popup && (ImGui::IsKeyPressed(ImGuiKey_Enter) || ImGui::IsKeyPressed(ImGuiKey_KeypadEnter));
    if (ImGui::Button("Run") || entered) {
        open_ = false;
        studio.invoke(asking_.command, asked_);
    }
}

}  // namespace likeness::ui

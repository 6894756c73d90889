#include "ui/status_bar.h"

#include <imgui.h>
#include <imgui_internal.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "core/studio/status_line.h"
#include "ui/icons.h"
#include "ui/interface.h"
#include "ui/theme.h"
#include "ui/widgets.h"

namespace likeness::ui {
namespace {

// A task's cross and bar stay where they are whatever its words become: a hand that aims at them must not miss.
void draw_job(Studio& studio, const JobInfo& job, float width) {
    const float from = ImGui::GetCursorPosX();
    ImGui::PushID(job.id);
    cancel_button(studio, job);
    ImGui::SameLine(0, px(4));
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const ImVec2 bar = {0.3f * width, px(6)};
    const float top = at.y + 0.5f * (ImGui::GetFrameHeight() - bar.y);
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled({at.x, top}, {at.x + bar.x, top + bar.y}, ImGui::GetColorU32(ImGuiCol_FrameBg), 0.5f * bar.y);
    draw.AddRectFilled({at.x, top}, {at.x + std::max(bar.y, bar.x * float(job.fraction)), top + bar.y},
                       u32(palette().accent), 0.5f * bar.y);
    ImGui::Dummy({bar.x, ImGui::GetFrameHeight()});
    ImGui::SameLine();
    ImGui::AlignTextToFramePadding();
    const std::string numbers = progress_words(job);
    const float room = from + width - px(16) - ImGui::GetCursorPosX() - ImGui::GetStyle().ItemSpacing.x -
                       ImGui::CalcTextSize(numbers.c_str()).x;
    ImGui::TextUnformatted(shortened(job.paused ? job.name + ", paused" : job.stage.empty() ? job.name : job.stage, room).c_str());
    tooltip(job.name);
    ImGui::SameLine();
    ImGui::PushStyleColor(ImGuiCol_Text, palette().dim);
    ImGui::TextUnformatted(numbers.c_str());
    ImGui::PopStyleColor();
    ImGui::PopID();
    ImGui::SameLine(from + width);
}

void draw_jobs(Studio& studio, Interface& interface) {
    std::size_t running = 0;
    const float width = std::clamp(0.5f * (ImGui::GetContentRegionAvail().x - px(330)), px(230), px(380));
    for (const JobInfo& job : studio.jobs().list()) {
        if (job.state != JobState::running || job.quiet) continue;
        if (++running <= 2) draw_job(studio, job, width);
    }
    if (running > 2) {
        if (button("and " + std::to_string(running - 2) + " more", ButtonStyle::flat, "Lists all tasks."))
            interface.show_panel("Tasks");
        ImGui::SameLine();
    }
    const auto message = status_message(studio.messages(), studio.jobs());
    if (!message) return;
    const Message& last = *message;
    const ImVec4& color = last.level == MessageLevel::error     ? palette().bad
                          : last.level == MessageLevel::warning ? palette().warning
                                                                : palette().dim;
    const std::string all = last.text + (last.detail.empty() ? "" : "\n" + last.detail);
    if (running > 0) {
        // Beside the tasks a sign that something needs to be read: an autosave that fails must not wait for their end.
        if (last.level == MessageLevel::info) return;
        ImGui::PushStyleColor(ImGuiCol_Text, color);
        if (button(ICON_FA_TRIANGLE_EXCLAMATION "##said", ButtonStyle::flat, all)) interface.show_panel("Log");
        ImGui::PopStyleColor();
        ImGui::SameLine();
        return;
    }
    // At rest, the newest thing that was said.
    ImGui::PushStyleColor(ImGuiCol_Text, color);
    const float room = std::max(px(60), ImGui::GetContentRegionAvail().x - px(430));
    ImGui::TextUnformatted(shortened(last.text, room).c_str());
    ImGui::PopStyleColor();
    if (ImGui::IsItemClicked()) interface.show_panel("Log");
    tooltip(all);
    ImGui::SameLine();
}

}  // namespace

void draw_status_bar(Studio& studio, ViewportOutput& output, Interface& interface) {
    const float height = ImGui::GetFrameHeight() + px(4);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(px(10), px(2)));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 0);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 0);
    ImGui::PushStyleColor(ImGuiCol_WindowBg, ImGui::GetStyleColorVec4(ImGuiCol_MenuBarBg));
    const bool shown = ImGui::BeginViewportSideBar(
        "##status", ImGui::GetMainViewport(), ImGuiDir_Down, height,
        ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoFocusOnAppearing);
    ImGui::PopStyleColor();
    ImGui::PopStyleVar(3);
    if (shown) {
        ImGui::AlignTextToFramePadding();
        draw_jobs(studio, interface);
        const ViewportStatistics& s = output.statistics();
        std::string right;
        if (!studio.scene().empty()) {
            right = format_count(s.gaussians) + " Gaussians";
            if (s.paint_gaussians > 0) {
                right += " + " + format_count(s.paint_gaussians) + " of paint";
                if (s.paint_coarser) right += " (limit reached)";
            }
            std::array<char, 48> words{};
            std::snprintf(words.data(), words.size(), "   %.0f ms   %.0f %%",
                          double(s.pose_ms + s.raster_ms + s.convert_ms), double(s.resolution * 100));
            right += words.data();
        }
        right += std::string("   ") + (studio.device() ? (studio.device()->name == "cpu" ? "Processor" : "GPU") : "");
        const float width = ImGui::CalcTextSize(right.c_str()).x;
        const float at = ImGui::GetWindowWidth() - width - px(12);
        if (at > ImGui::GetCursorPosX()) {
            ImGui::SameLine(at);
            ImGui::PushStyleColor(ImGuiCol_Text, palette().dim);
            ImGui::TextUnformatted(right.c_str());
            ImGui::PopStyleColor();
            tooltip(
                "Gaussians shown, and those that make paint sharp (50,000 at most: beyond that its edges are "
                "coarser), milliseconds of the last picture, its share of the full resolution, and where it was "
                "computed" +
                (studio.device() ? ": " + studio.device()->hardware : std::string()) + ".\nTo the screen: " + s.path +
                " (" + s.path_reason + ").\n" + s.surface);
        }
    }
    ImGui::End();
}

}  // namespace likeness::ui

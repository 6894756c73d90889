#include "ui/tasks_panel.h"

#include "ui/icons.h"
#include "ui/theme.h"
#include "ui/widgets.h"

namespace likeness::ui {

TasksPanel::TasksPanel() : Panel("Tasks", ICON_FA_LIST_CHECK, "What is being computed, and what was.") {}

void TasksPanel::draw(Studio& studio) {
    std::vector<JobInfo> jobs;
    for (JobInfo& job : studio.jobs().list())
        if (!job.quiet || job.state == JobState::failed || (studio.ending() && !job.target.empty()))
            jobs.push_back(std::move(job));
    if (jobs.empty()) {
        empty_state(ICON_FA_LIST_CHECK, "Nothing is running",
                    "Opening, training, saving and exporting show here, and can be ended.");
        return;
    }
    bool ended = false;
    for (const JobInfo& job : jobs) {
        ImGui::PushID(job.id);
        if (job.state == JobState::running) {
            std::string text = job.name;
            if (job.paused)
                text += "   Paused";
            else if (!job.stage.empty() && job.stage != job.name)
                text += "   " + job.stage;
            text += "   " + (job.cancelling ? "ending" : progress_words(job));
            const float button_width = ImGui::GetFrameHeight() + ImGui::GetStyle().ItemSpacing.x;
            progress_bar(float(job.fraction), text, ImGui::GetContentRegionAvail().x - button_width);
            ImGui::SameLine();
            cancel_button(studio, job);
        } else {
            ended = true;
            const bool failed = job.state == JobState::failed;
            const char* icon = job.state == JobState::finished ? ICON_FA_CHECK
                               : failed                        ? ICON_FA_TRIANGLE_EXCLAMATION
                                                               : ICON_FA_BAN;
            ImGui::PushStyleColor(ImGuiCol_Text, job.state == JobState::finished ? palette().good
                                                 : failed                        ? palette().bad
                                                                                 : palette().dim);
            ImGui::TextUnformatted(icon);
            ImGui::PopStyleColor();
            ImGui::SameLine();
            ImGui::TextUnformatted(job.name.c_str());
            ImGui::SameLine();
            ImGui::PushStyleColor(ImGuiCol_Text, palette().dim);
            if (failed && job.error)
                ImGui::TextWrapped("%s", job.error->message.c_str());
            else
                ImGui::Text("%s%.1f s", job.state == JobState::cancelled ? "ended by hand after " : "", job.seconds);
            ImGui::PopStyleColor();
        }
        ImGui::PopID();
    }
    if (ended) {
        ImGui::Spacing();
        command_button(studio, "task.clear", {}, "Clear", ButtonStyle::flat);
    }
}

}  // namespace likeness::ui

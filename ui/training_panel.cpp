#include "ui/training_panel.h"

#include <implot.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>

#include "ui/icons.h"
#include "ui/theme.h"
#include "ui/widgets.h"

namespace likeness::ui {
namespace {

template <class... A>
std::string printed(const char* format, A... arguments) {
    std::array<char, 96> buffer{};
    std::snprintf(buffer.data(), buffer.size(), format, arguments...);
    return buffer.data();
}

// A number with its name below, a third of the line.
void figure(const char* name, const std::string& value, const std::string& about, float width) {
    ImGui::BeginGroup();
    const float x = ImGui::GetCursorPosX();
    ImGui::PushFont(medium_font(), 17);
    ImGui::TextUnformatted(value.c_str());
    ImGui::PopFont();
    ImGui::PushStyleColor(ImGuiCol_Text, palette().dim);
    ImGui::SetCursorPosX(x);
    ImGui::TextUnformatted(name);
    ImGui::PopStyleColor();
    ImGui::EndGroup();
    tooltip(about);
    ImGui::SameLine(x + width);
}

}  // namespace

TrainingPanel::TrainingPanel() : Panel("Training", ICON_FA_CHART_LINE, "How the avatar learns from its photograph.") {}

void TrainingPanel::draw(Studio& studio) {
    const Document& document = studio.document();
    const TrainingStatus& training = studio.training();
    if (document.stage == DocumentStage::preparing && training.state == TrainingState::none) {
        busy_state("Preparing the portrait", -1);
        return;
    }
    if (!document.has_avatar()) {
        empty_state(ICON_FA_CHART_LINE, "Nothing to train",
                    document.kind == DocumentKind::splats ? "A file of splats is only looked at."
                                                          : "Training starts by itself when a portrait is opened.");
        return;
    }
    draw_controls(studio);
    if (training.problem) {
        problem_box(training.problem->message);
        ImGui::Spacing();
    }
    draw_progress(studio);
    if (!training.curve.empty()) {
        draw_plots(training);
        draw_stages(training);
    }
    draw_options(studio);
}

void TrainingPanel::draw_controls(Studio& studio) {
    const TrainingState state = studio.training().state;
    const float half = 0.5f * (ImGui::GetContentRegionAvail().x - ImGui::GetStyle().ItemSpacing.x);
    if (state == TrainingState::running) {
        command_button(studio, "train.pause", {}, ICON_FA_PAUSE "  Pause", ButtonStyle::normal, half);
    } else if (state == TrainingState::paused) {
        command_button(studio, "train.resume", {}, ICON_FA_PLAY "  Resume", ButtonStyle::primary, half);
    } else {
        command_button(studio, "train.start", {}, ICON_FA_PLAY "  Train",
                       studio.unavailable("train.start").empty() ? ButtonStyle::primary : ButtonStyle::normal, half);
    }
    ImGui::SameLine();
    command_button(studio, "train.stop", {}, ICON_FA_STOP "  Stop", ButtonStyle::normal, half);
}

void TrainingPanel::draw_progress(Studio& studio) {
    const TrainingStatus& training = studio.training();
    if (training.state == TrainingState::none && training.curve.empty()) {
        note(studio.unavailable("train.start").empty() ? "Ready to train." : studio.unavailable("train.start"));
        return;
    }
    const int steps = std::max(1, training.options.steps);
    std::string text = printed("%d of %d steps", training.step, steps);
    if (training.state == TrainingState::paused) text += "   paused";
    if (training.state == TrainingState::stopping) text += "   ending";
    if (training.state == TrainingState::finished)
        text = training.step < steps ? printed("Ended at %d of %d steps, ", training.step, steps)
                                     : printed("Done: %d steps in ", training.step);
    if (training.state == TrainingState::finished) text += format_seconds(training.seconds);
    if (training.state == TrainingState::running && training.seconds_left)
        text += "   " + format_seconds(*training.seconds_left) + " left";
    progress_bar(float(training.step) / float(steps), text);
    const float third = ImGui::GetContentRegionAvail().x / 3;
    const TrainingSample* last = training.curve.empty() ? nullptr : &training.curve.back();
    figure("PSNR, dB", last ? printed("%.1f", last->psnr) : "-",
           "How close the picture is to the photograph, in decibels over the person; above 30 is close.", third);
    figure("Gaussians", last ? format_count(last->gaussians) : "-", "How many there are now.", third);
    figure("Steps / s", printed("%.1f", training.steps_per_second),
           "Training steps a second" + (training.device.empty() ? std::string(".") : " on " + training.device + "."),
           third);
    ImGui::NewLine();
}

void TrainingPanel::draw_plots(const TrainingStatus& training) {
    steps_.clear();
    loss_.clear();
    psnr_.clear();
    for (const TrainingSample& s : training.curve) {
        steps_.push_back(double(s.step));
        loss_.push_back(s.loss);
        psnr_.push_back(s.psnr);
    }
    const float height = std::clamp(0.5f * (ImGui::GetContentRegionAvail().y - px(110)), px(84), px(150));
    const auto plot = [&](const char* title, const std::vector<double>& values, const ImVec4& color,
                          const char* about) {
        // Above it: within, any corner is where the curve is at some time of a run.
        ImGui::Spacing();
        note(title);
        if (!ImPlot::BeginPlot(title, {-1, height},
                               ImPlotFlags_NoMenus | ImPlotFlags_NoBoxSelect | ImPlotFlags_NoMouseText |
                                   ImPlotFlags_NoTitle | ImPlotFlags_NoLegend))
            return;
        ImPlot::SetupAxes(nullptr, nullptr, ImPlotAxisFlags_NoTickMarks, ImPlotAxisFlags_NoTickMarks);
        // From step 0 on; the first values, close to each other, are not blown up to fill the height, and three
        // numbers are as many as fit beside it.
        const auto [least, most] = std::ranges::minmax(values);
        const double middle = 0.5 * (double(least) + double(most));
        const double half = std::max(0.55 * (double(most) - double(least)), 0.01 * std::abs(middle) + 1e-9);
        ImPlot::SetupAxesLimits(0, std::max(20.0, double(steps_.back())), middle - half, middle + half,
                                ImPlotCond_Always);
        ImPlot::SetupAxisFormat(ImAxis_Y1, "%.3g");
        ImPlot::SetupAxisTicks(ImAxis_Y1, middle - 0.8 * half, middle + 0.8 * half, 3);
        ImPlotSpec spec;
        spec.LineColor = color;
        spec.LineWeight = px(1.8f);
        ImPlot::PlotLine(title, steps_.data(), values.data(), int(values.size()), spec);
        ImPlot::EndPlot();
        tooltip(about);
    };
    plot("PSNR (dB)", psnr_, palette().curve[1],
         "Closeness to the photograph over the training steps; higher is better.");
    plot("Loss", loss_, palette().curve[0], "What training makes small, over the training steps.");
}

void TrainingPanel::draw_stages(const TrainingStatus& training) {
    if (!section("Time of a step", false)) return;
    if (training.stages.empty()) {
        note("Not measured on this device.");
        return;
    }
    double sum = 0, most = 0;
    for (const StageTime& s : training.stages) {
        sum += s.milliseconds;
        most = std::max(most, s.milliseconds);
    }
    // A line a stage, behind its name a bar as long as its share.
    const auto line = [](std::string name, double milliseconds, double share) {
        name[0] = char(std::toupper(static_cast<unsigned char>(name[0])));
        const ImVec2 from = ImGui::GetCursorScreenPos();
        const float width = ImGui::GetContentRegionAvail().x, height = ImGui::GetTextLineHeight();
        ImGui::GetWindowDrawList()->AddRectFilled(from, {from.x + width * float(share), from.y + height},
                                                  u32(palette().fill), px(2));
        ImGui::SetCursorPosX(ImGui::GetCursorPosX() + px(4));
        ImGui::TextUnformatted(name.c_str());
        const std::string value =
            milliseconds < 1 ? printed("%.0f us", 1000 * milliseconds) : printed("%.1f ms", milliseconds);
        ImGui::SameLine(std::max(0.0f, width - ImGui::CalcTextSize(value.c_str()).x));
        ImGui::TextUnformatted(value.c_str());
    };
    ImGui::BeginGroup();
    for (const StageTime& s : training.stages) line(s.stage, s.milliseconds, most > 0 ? s.milliseconds / most : 0);
    line("together", sum, 0);
    ImGui::EndGroup();
    tooltip("What one of the last training steps took" +
            (training.device.empty() ? std::string() : " on " + training.device) +
            ", stage by stage. On a GPU a step that is timed takes a little longer than the others.");
}

void TrainingPanel::draw_options(Studio& studio) {
    if (!section("Next run", studio.training().state == TrainingState::none)) return;
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(ImGui::GetStyle().ItemSpacing.x, px(3)));
    const TrainerOptions& next = studio.next_training();
    const TrainingState state = studio.training().state;
    if (state == TrainingState::running || state == TrainingState::paused || state == TrainingState::stopping)
        note("From the next start on. The run under way keeps its own; Stop, then Train goes on with these.");
    for (const TrainerOption& option : trainer_options) {
        if (!option.setting) continue;
        float value = float(option.get(next));
        const std::string unit = *option.unit ? std::string(" ") + option.unit : "";
        if (slider(studio, option.name,
                   {.label = option.title,
                    .low = float(option.slider_low),
                    .high = float(option.slider_high),
                    .fallback = float(option.get(TrainerOptions())),
                    .format = option.whole ? "%.0f" : "%.2f",
                    .unit = unit.c_str(),
                    .about = option.about,
                    .logarithmic = option.logarithmic},
                   value))
            studio.invoke(std::string("train.set_") + option.name,
                          {{"value", std::round(value / option.slider_step) * option.slider_step}});
    }
    ImGui::PopStyleVar();
}

}  // namespace likeness::ui

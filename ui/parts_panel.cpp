#include "ui/parts_panel.h"

#include "ui/icons.h"
#include "ui/theme.h"
#include "ui/widgets.h"

namespace likeness::ui {
namespace {

constexpr std::array<const char*, splat_part_count> icons = {ICON_FA_USER,     ICON_FA_EYE,   ICON_FA_TEETH,
                                                             ICON_FA_SCISSORS, ICON_FA_SHIRT, ICON_FA_GLASSES};
constexpr std::array<const char*, splat_part_count> abouts = {"Face, scalp, ears and neck.",
                                                              "The eyeballs.",
                                                              "Teeth, gums, tongue and the inside of the mouth.",
                                                              "Hair and its shell.",
                                                              "What is worn on the shoulders.",
                                                              "Things on the head that are none of these."};

}  // namespace

PartsPanel::PartsPanel()
    : Panel("Parts", ICON_FA_LAYER_GROUP, "Skin, eyes, mouth, hair and clothes, each to be shown or hidden.") {}

void PartsPanel::draw(Studio& studio) {
    const Document& document = studio.document();
    if (!document.has_avatar()) {
        empty_state(
            ICON_FA_LAYER_GROUP, "No parts",
            document.kind == DocumentKind::splats ? "A file of splats has no parts." : needs_avatar_text(studio));
        return;
    }
    if (const auto& splats = document.avatar().splats; counted_ != splats.version()) {
        counted_ = splats.version();
        counts_.fill(0);
        for (const SplatPart part : splats->part) ++counts_[std::size_t(part)];
    }
    ImGui::PushStyleVar(ImGuiStyleVar_CellPadding, ImVec2(px(6), px(3)));
    if (ImGui::BeginTable("parts", 4, ImGuiTableFlags_RowBg | ImGuiTableFlags_NoPadOuterX)) {
        ImGui::TableSetupColumn("name", ImGuiTableColumnFlags_WidthStretch);
        ImGui::TableSetupColumn("count", ImGuiTableColumnFlags_WidthFixed, px(64));
        ImGui::TableSetupColumn("show", ImGuiTableColumnFlags_WidthFixed, ImGui::GetFrameHeight());
        ImGui::TableSetupColumn("solo", ImGuiTableColumnFlags_WidthFixed, px(40));
        for (std::size_t i = 0; i < splat_part_count; ++i) {
            if (counts_[i] == 0 && SplatPart(i) == SplatPart::accessory) continue;
            const bool shown = !document.state.parts->hidden[i], solo = document.state.parts->solo[i];
            ImGui::PushID(int(i));
            ImGui::TableNextRow();
            ImGui::TableNextColumn();
            ImGui::AlignTextToFramePadding();
            ImGui::PushStyleColor(ImGuiCol_Text, document.part_shown(SplatPart(i)) ? palette().text : palette().faint);
            ImGui::Text("%s  %s", icons[i], readable(splat_part_names[i]).c_str());
            tooltip(abouts[i]);
            ImGui::PopStyleColor();
            ImGui::TableNextColumn();
            const std::string count = format_count(counts_[i]);
            ImGui::AlignTextToFramePadding();
            ImGui::SetCursorPosX(ImGui::GetCursorPosX() + std::max(0.0f, ImGui::GetContentRegionAvail().x -
                                                                             ImGui::CalcTextSize(count.c_str()).x));
            ImGui::PushStyleColor(ImGuiCol_Text, palette().dim);
            ImGui::TextUnformatted(count.c_str());
            ImGui::PopStyleColor();
            tooltip("Gaussians in this part.");
            ImGui::TableNextColumn();
            if (icon_button("show", shown ? ICON_FA_EYE : ICON_FA_EYE_SLASH, false,
                            shown ? "Hide this part." : "Show this part."))
                studio.invoke("part.show", {{"part", splat_part_names[i]}, {"on", !shown}});
            ImGui::TableNextColumn();
            if (toggle_button("Solo", solo,
                              solo ? "Solo: other parts are hidden. A click ends that."
                                   : "Show only this part, and others that are solo.",
                              -1))
                studio.invoke("part.solo", {{"part", splat_part_names[i]}, {"on", !solo}});
            ImGui::PopID();
        }
        ImGui::EndTable();
    }
    ImGui::PopStyleVar();
    ImGui::Spacing();
    command_button(studio, "part.show_all", {}, "Show all", ButtonStyle::normal, -1);
}

}  // namespace likeness::ui

#include "ui/dialogs.h"

#include <imgui_internal.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>

#include "ui/icons.h"
#include "ui/modal.h"
#include "ui/native_file_dialog.h"
#include "ui/theme.h"
#include "ui/widgets.h"

namespace likeness::ui {
Dialogs::Dialogs() = default;
Dialogs::~Dialogs() = default;

void Dialogs::draw(Studio& studio) {
    asks_ = false;
    answer_file_request(studio);
    if (asks_) return;
    if (studio.messages().dialog())
        draw_error(studio);
    else if (studio.question() && !studio.question()->saving)
        draw_question(studio);
    else if (!studio.recoveries().empty() && !recovery_dismissed_ && studio.document().stage == DocumentStage::empty)
        draw_recovery(studio);
}

// Where a file was chosen last, also before this start; an avatar is saved beside itself.
std::filesystem::path Dialogs::first_folder(const Studio& studio, const FileRequest& request) {
    const Document& document = studio.document();
    const auto& recent = studio.settings().recent_folders;
    const std::filesystem::path last = recent.empty() ? "" : recent.front(), own = document.path.parent_path(),
                                photograph = document.source ? document.source->file.parent_path() : "";
    std::vector<std::filesystem::path> folders = {last, own, photograph};
    if (request.saving) folders = {own, last, photograph};
    const auto& data = studio.settings().data_folders;
    folders.insert(folders.end(), data.begin(), data.end());
    std::error_code ignored;
    for (const std::filesystem::path& folder : folders)
        if (!folder.empty() && std::filesystem::is_directory(folder, ignored)) return folder;
    const char* home = std::getenv("HOME");
    return home && *home ? std::filesystem::path(home) : std::filesystem::current_path(ignored);
}

void Dialogs::answer_file_request(Studio& studio) {
    const auto request = studio.file_request();
    if (!request) captures_.forget();
    if (request && captures_.wants(*request)) {
        asks_ = true;
        captures_.draw(studio, *request);
        return;
    }
    // A dialog for something else goes: its answer would become this command's.
    if (request != asked_) {
        native_.reset();
        browser_.close();
        asked_ = request;
    }
    if (!request) return;
    asks_ = true;
    std::optional<std::filesystem::path> chosen;
    bool cancelled = false;
    if (native_) {
        if (!native_->ready()) return;
        const std::filesystem::path result = native_->result();
        native_.reset();
        if (result.empty())
            cancelled = true;
        else
            chosen = result;
    } else if (!browser_.is_open()) {
        if (native_allowed_ && NativeFileDialog::available())
            native_ = std::make_unique<NativeFileDialog>(*request, first_folder(studio, *request));
        else
            browser_.open(studio, *request, first_folder(studio, *request));
        return;
    } else {
        chosen = browser_.draw(studio, cancelled);
    }
    if (cancelled) studio.withdraw_file_request();
    if (!chosen) return;
    // A request without patterns is for a folder.
    studio.settings().add_recent_folder(request->patterns.empty() ? *chosen : chosen->parent_path());
    studio.settings_changed();
    std::filesystem::path file = *chosen;
    if (request->saving && with_ending(file, *request) != file) {
        file = with_ending(file, *request);
        // The desktop asked about the name without its ending.
        if (std::error_code ignored; std::filesystem::exists(file, ignored)) {
            FileRequest again = *request;
            again.suggested_name = file.filename().string();
            browser_.open(studio, again, file.parent_path(), true);
            return;
        }
    }
    const FileRequest answered = *request;
    Arguments arguments = answered.arguments;
    arguments.set("path", file.string());
    studio.complete_file_request();
    studio.invoke(answered.command, arguments);
}

void Dialogs::draw_question(Studio& studio) {
    asks_ = true;
    const bool replaced = studio.question()->replaced;
    if (!begin_modal(replaced ? "The file has changed" : "Unsaved changes", px(420))) return;
    ImGui::TextWrapped("%s", studio.question()->text.c_str());
    ImGui::Spacing();
    ImGui::Spacing();
    std::string answer;
    if (replaced) {
        if (button("Save as...", ButtonStyle::primary, "Keep both: write the avatar to another file.", px(110)) ||
            entered())
            answer = "elsewhere";
        ImGui::SameLine();
        if (button("Save over it", ButtonStyle::normal, "Lose what the other program wrote.", px(110))) answer = "save";
    } else {
        if (button("Save", ButtonStyle::primary, "Write the avatar to its file, then go on.", px(110)) || entered())
            answer = "save";
        ImGui::SameLine();
        if (button("Don't save", ButtonStyle::normal, "Go on and lose the changes.", px(110))) answer = "discard";
    }
    ImGui::SameLine();
    if (button("Cancel", ButtonStyle::normal, "Stay here.", px(90)) || escaped()) answer = "cancel";
    if (answer.empty()) {
        ImGui::EndPopup();
        return;
    }
    close_modal();
    studio.invoke("question.answer", {{"what", answer}});
}

void Dialogs::draw_error(Studio& studio) {
    asks_ = true;
    if (!begin_modal("That did not work###error", px(460))) return;
    const Error error = *studio.messages().dialog();
    ImGui::PushFont(regular_font(), 24);
    ImGui::PushStyleColor(ImGuiCol_Text, palette().bad);
    ImGui::TextUnformatted(ICON_FA_TRIANGLE_EXCLAMATION);
    ImGui::PopStyleColor();
    ImGui::PopFont();
    ImGui::SameLine(0, px(14));
    ImGui::BeginGroup();
    ImGui::TextWrapped("%s", error.message.c_str());
    ImGui::EndGroup();
    if (!error.detail.empty() && ImGui::TreeNodeEx("Details", ImGuiTreeNodeFlags_SpanAvailWidth)) {
        ImGui::PushStyleColor(ImGuiCol_Text, palette().dim);
        ImGui::TextWrapped("%s", error.detail.c_str());
        ImGui::PopStyleColor();
        ImGui::TreePop();
    }
    ImGui::Spacing();
    ImGui::Spacing();
    const bool close = button("Close", ButtonStyle::primary, "", px(110)) || escaped() || entered();
    ImGui::SetItemDefaultFocus();  // before the details
    ImGui::SameLine();
    if (button(ICON_FA_COPY "  Copy", ButtonStyle::normal, "Puts the sentence and its details on the clipboard.",
               px(110)))
        ImGui::SetClipboardText((error.message + (error.detail.empty() ? "" : "\n" + error.detail)).c_str());
    const std::size_t more = studio.messages().dialogs() - 1;
    if (more > 0) {
        ImGui::SameLine();
        note(std::to_string(more) + (more == 1 ? " more error" : " more errors"));
    }
    if (close) {
        close_modal();
        studio.messages().dismiss_dialog();
    } else {
        ImGui::EndPopup();
    }
}

void Dialogs::draw_recovery(Studio& studio) {
    asks_ = true;
    if (!begin_modal("Recover unsaved work", px(540))) return;
    ImGui::TextWrapped("The studio ended unexpectedly last time. This was not saved:");
    ImGui::Spacing();
    std::string command;
    std::size_t index = 0;
    const auto& list = studio.recoveries();
    for (std::size_t i = 0; i < list.size(); ++i) {
        ImGui::PushID(int(i));
        const std::time_t time = std::time_t(list[i].time);
        std::tm parts{};
        localtime_r(&time, &parts);
        std::array<char, 48> when{};
        std::strftime(when.data(), when.size(), "%d %B, %H:%M", &parts);
        ImGui::AlignTextToFramePadding();
        const float buttons = px(196), gap = ImGui::GetStyle().ItemSpacing.x;
        const float room = ImGui::GetContentRegionAvail().x - buttons - ImGui::CalcTextSize(when.data()).x - 2 * gap;
        ImGui::TextUnformatted(shortened(list[i].name, room).c_str());
        ImGui::SameLine();
        ImGui::PushStyleColor(ImGuiCol_Text, palette().dim);
        ImGui::TextUnformatted(when.data());
        ImGui::PopStyleColor();
        tooltip(list[i].document.empty() ? "It was never saved to a file." : list[i].document.string());
        ImGui::SameLine(ImGui::GetCursorPosX() + ImGui::GetContentRegionAvail().x - buttons);
        if (button("Recover", ButtonStyle::primary, "Open it as it was.", px(94)) || (i == 0 && entered()))
            command = "recovery.recover", index = i;
        ImGui::SameLine(0, px(8));
        if (button("Discard", ButtonStyle::normal, "Delete it.", px(94))) command = "recovery.discard", index = i;
        ImGui::PopID();
    }
    ImGui::Spacing();
    ImGui::Spacing();
    const bool later = button("Later", ButtonStyle::normal, "Ask again at the next start.", px(94)) || escaped();
    if (later) recovery_dismissed_ = true;
    if (later || !command.empty())
        close_modal();
    else
        ImGui::EndPopup();
    if (!command.empty()) studio.invoke(command, {{"index", index}});
}

}  // namespace likeness::ui

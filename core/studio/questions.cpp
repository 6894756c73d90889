#include "core/studio/questions.h"

#include <filesystem>

#include "core/files/file_formats.h"
#include "core/studio/command_parts.h"
#include "core/studio/studio.h"

namespace likeness {

Result<bool> Questions::may_lose_document(const CommandCall& then, bool discard) {
    const Document& document = studio_.document();
    if (!document.dirty() || discard) return true;
    std::string text = "'" + document.name + "' has changes that were not saved.";
    if (!studio_.options().interactive) return studio_error(text + " Save it first, or pass discard=true.");
    if (then.arguments.has("path"))
        text += " '" + std::filesystem::path(then.arguments.text("path")).filename().string() + "' takes its place.";
    question_ = Question{text, then, false};
    return false;
}

Status Questions::ask_about_replaced(const std::filesystem::path& file) {
    const std::string text = "'" + file.string() + "' was changed by another program since it was opened.";
    if (!studio_.options().interactive)
        return studio_error(text + " Save it under another name, or pass force=true to save over it.");
    // What was to follow the save follows the answer.
    question_ = Question{text, question_ ? question_->then : CommandCall{}, false, true};
    return {};
}

Status Questions::save_elsewhere() {
    ask_for_file({"file.save_as",
                  "Save the avatar",
                  with_ending(studio_.document().name, FileContent::avatar).string(),
                  file_patterns(std::array{FileContent::avatar}, true),
                  true,
                  {}});
    return {};
}

Status Questions::answer(const std::string& what) {
    if (!question_) return studio_error("Nothing was asked.");
    if (what == "cancel") {
        question_.reset();
        return {};
    }
    if (what == "discard") return go_on();
    const std::filesystem::path file = studio_.document().path;
    const bool over = question_->replaced;
    question_->replaced = false;
    if (question_->then.id.empty())
        question_.reset();
    else
        question_->saving = true;
    if (what == "elsewhere" || file.empty()) return save_elsewhere();
    Status status = studio_.saving().save(file, over);
    if (!status && question_) question_->saving = false;
    return status;
}

// What was asked about follows; changes may be lost now.
Status Questions::go_on() {
    CommandCall then = question_->then;
    question_.reset();
    if (then.id.empty()) return {};
    then.arguments.set("discard", true);
    return studio_.execute(then);
}

void Questions::saved() {
    if (!question_ || !question_->saving) return;
    // Training may have gone on since; what was saved is what the person asked for.
    if (Status next = go_on(); !next) studio_.messages().error(next.error());
}

void Questions::saving_failed() {
    quitting_ = false;  // the program does not end with work that is not written
    if (question_) question_->saving = false;
}

void Questions::withdraw_file_request() {
    file_request_.reset();
    if (question_) question_->saving = false;
}

void Questions::path_chosen(const CommandCall& call) {
    if (file_request_ && file_request_->command == call.id && call.arguments.has("path")) file_request_.reset();
}

void Questions::drain() {
    const Document& document = studio_.document();
    if (quitting_ && quit_at_ != std::pair(document.id, document.revision.edits)) quitting_ = false;
}

Status Questions::quit(bool discard) {
    const auto may = may_lose_document({"app.quit", {}}, discard);
    if (!may) return may.error();
    if (*may) {
        quitting_ = true;
        quit_at_ = {studio_.document().id, studio_.document().revision.edits};
        // What they bring would be work on the document, and take the wish back.
        studio_.trainer().end();
        studio_.openings().cancel_opening();
        for (const JobInfo& job : studio_.jobs().list())
            if (job.state == JobState::running && !job.target.empty())
                studio_.messages().info("The program ends when this is done: " + job.name + ".");
    }
    return {};
}

void Questions::add_commands(CommandRegistry& registry) {
    registry.add({"file.close",
                  "Close",
                  "File",
                  "Closes the document.",
                  {discard_argument()},
                  "Ctrl+W",
                  false,
                  "",
                  [this] { return studio_.document().stage == DocumentStage::empty ? "Nothing is open." : ""; },
                  [this](const Arguments& a) { return studio_.openings().close(a.flag("discard")); }});
    registry.add({"app.quit",
                  "Quit",
                  "File",
                  "Ends the program.",
                  {discard_argument()},
                  "Ctrl+Q",
                  false,
                  "",
                  {},
                  [this](const Arguments& a) { return quit(a.flag("discard")); }});
    registry.add({"question.answer",
                  "Answer",
                  "File",
                  "Answers whether unsaved changes are saved, saved elsewhere, discarded, or nothing is done.",
                  {choice_argument("what", "The answer", {"save", "elsewhere", "discard", "cancel"})},
                  "",
                  false,
                  "",
                  [this] { return question_ ? "" : "Nothing was asked."; },
                  [this](const Arguments& a) { return answer(a.text("what")); }});
}

}  // namespace likeness

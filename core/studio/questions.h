// What a person is asked: whether changes may be lost, for a file, and whether the program ends.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/commands/command.h"

namespace likeness {

class Studio;

// Asked when a command would lose unsaved changes, or when saving would lose another program's; see the commands
// question.*.
struct Question {
    std::string text;       // "'astronaut' has changes that were not saved."
    CommandCall then;       // what goes on afterwards; none (an empty id) when only a save was asked for
    bool saving = false;    // a save is under way; `then` follows it
    bool replaced = false;  // the document's file is not the one that was opened
};

// A path that only a person can give: the window shows a dialog, calls complete_file_request() and executes `command`
// with `arguments` and the argument "path"; or withdraw_file_request().
struct FileRequest {
    std::string command;  // "file.save_as", "file.open", ...
    std::string title, suggested_name;
    std::vector<std::string> patterns;  // "*.likeness"
    bool saving = false;
    Arguments arguments{};  // what else the command was called with
    bool operator==(const FileRequest&) const = default;
};

class Questions {
  public:
    explicit Questions(Studio& studio) : studio_(studio) {}
    void add_commands(CommandRegistry& registry);

    const std::optional<Question>& question() const { return question_; }
    const std::optional<FileRequest>& file_request() const { return file_request_; }
    bool quitting() const { return quitting_; }  // a person wants the program to end

    // False when the person is asked first; `then` follows. Error: nobody can be asked.
    Result<bool> may_lose_document(const CommandCall& then, bool discard);
    // Before saving over a file that another program has changed. Error: nobody can be asked.
    Status ask_about_replaced(const std::filesystem::path& file);
    void ask_for_file(FileRequest request) { file_request_ = std::move(request); }
    void withdraw_file_request();
    void complete_file_request() { file_request_.reset(); }
    void path_chosen(const CommandCall& call);  // a command with a path answers its request
    void saved();
    void saving_failed();
    void drain();  // each frame: work on the document takes the wish to end back

  private:
    Status answer(const std::string& what);  // save, elsewhere, discard, cancel
    Status save_elsewhere();
    Status go_on();
    Status quit(bool discard);

    Studio& studio_;
    std::optional<Question> question_;
    std::optional<FileRequest> file_request_;
    bool quitting_ = false;
    std::pair<std::uint64_t, std::uint64_t> quit_at_{};  // the document, and which of its edits, when that was wished
};

}  // namespace likeness

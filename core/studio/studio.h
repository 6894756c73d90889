// The studio without its window: one open document, its jobs, its commands, undo, autosave, settings.
//
// One thread owns a Studio (the window's). Everything a person does goes through execute(); drain() is called at the
// start of each frame and takes in what workers finished. Neither waits for work.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/studio/command.h"
#include "core/studio/devices.h"
#include "core/studio/document.h"
#include "core/studio/history.h"
#include "core/studio/identity_edit.h"
#include "core/studio/jobs.h"
#include "core/studio/messages.h"
#include "core/studio/motion_player.h"
#include "core/studio/recovery.h"
#include "core/studio/settings.h"
#include "core/studio/training_session.h"
#include "core/studio/view_state.h"

namespace likeness {

struct StudioOptions {
    UserFolders folders = UserFolders::find();
    std::string device;                     // overrides the settings' when not empty
    bool interactive = true;                // may ask questions; else what would ask is an error
    bool remember = true;                   // write settings and autosaves
    bool preload = false;                   // load heads and networks at once, for a photograph that will come
    std::shared_ptr<const HeadModel> head;  // that avatars share; the default head unless given
    std::function<double()> clock;          // seconds; the system's steady clock unless given
    std::function<void()> wake;             // called from any thread when there is something to drain
    std::function<void(const std::string&)> set_clipboard;
    std::function<std::string()> get_clipboard;
};

// Asked when a command would lose unsaved changes; see the commands question.*.
struct Question {
    std::string text;     // "'astronaut' has changes that were not saved."
    CommandCall then;     // what goes on afterwards
    bool saving = false;  // a save is under way; `then` follows it
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

class Studio {
  public:
    explicit Studio(StudioOptions options = {});
    ~Studio();  // cancels jobs and waits for them; a clean end removes this program's autosave
    Studio(const Studio&) = delete;
    Studio& operator=(const Studio&) = delete;

    // ---- each frame ----
    // Applies what workers finished, takes the trainer's newest snapshot, moves a playing motion, starts autosaves.
    void drain();
    // Nothing runs, and nothing waits to be applied. `busy` of set_busy() counts too.
    bool idle() const;
    // A file is on its way to being the document, which is another until then.
    bool opening() const { return jobs_.running(open_job_); }
    // A window's own work that scripts wait for (captures).
    void set_busy(std::function<bool()> busy) { busy_ = std::move(busy); }
    bool busy() const { return busy_ && busy_(); }
    double now() const { return clock_(); }

    // ---- commands ----
    CommandRegistry& commands() { return commands_; }
    const CommandRegistry& commands() const { return commands_; }
    // Checks, runs, records for undo. Errors: those of CommandRegistry::check, "not now", and the command's own.
    Status execute(const CommandCall& call);
    Status execute(const std::string& id, const Arguments& arguments = {}) {
        return execute(CommandCall{id, arguments});
    }
    // The same for panels: an error goes into the log and a dialog.
    bool invoke(const std::string& id, const Arguments& arguments = {});
    // Why not now; empty when it can run.
    std::string unavailable(const std::string& id) const;
    // A slider is held: its changes become one undo entry.
    void begin_gesture();
    void end_gesture();

    // ---- what there is ----
    const Document& document() const { return document_; }
    Scene scene() const;
    HeadPose shown_pose() const;  // with a motion's controls when one is shown; precondition: has_avatar()
    const TrainingStatus& training() const { return training_; }
    const TrainerOptions& next_training() const { return next_training_; }
    const MotionPlayer& motion() const { return motion_; }
    const History& history() const { return history_; }
    Jobs& jobs() { return jobs_; }
    const Jobs& jobs() const { return jobs_; }
    Messages& messages() { return messages_; }
    ViewState& view() { return view_; }
    const ViewState& view() const { return view_; }
    Settings& settings() { return settings_; }  // call settings_changed() after a change
    const Settings& settings() const { return settings_; }
    void settings_changed() { settings_dirty_ = true; }
    const Device* device() const { return device_ ? &*device_ : nullptr; }  // null until it was found
    const std::optional<Question>& question() const { return question_; }
    const std::optional<FileRequest>& file_request() const { return file_request_; }
    void withdraw_file_request();
    void complete_file_request() { file_request_.reset(); }  // a path was chosen; the command follows
    const std::vector<Recovery>& recoveries() const { return recoveries_; }
    // A person wants the program to end; work on the document after that takes it back.
    bool ending() const { return quitting_; }
    // The window may close now: what a person asked for is written.
    bool quitting() const { return quitting_ && !jobs_.writing(); }
    const StudioOptions& options() const { return options_; }
    std::string window_title() const;  // "astronaut* - Likeness"

    // ---- for commands (core/studio/commands_*.cpp) ----
    Status open(const std::filesystem::path& file, bool discard);
    Status close(bool discard);
    Status save(const std::filesystem::path& file);
    Status export_ply(const std::filesystem::path& file, bool sh3);
    Status prepare_face(int face);  // another face of the photograph, or the same again
    Status start_training();
    // Why not now; empty when it can start.
    std::string training_unavailable() const;
    Status steer_training(const std::string& what);  // pause, resume, stop
    Status change_training(const std::function<void(TrainerOptions&)>& change);
    Status open_motion(const std::filesystem::path& file);
    Status turn_over();  // precondition: the document is a file of splats
    MotionPlayer& player() { return motion_; }
    DocumentState& state() { return document_.state; }
    void set_symmetric(bool on) { document_.symmetric = on; }
    void redraw() { ++scene_version_; }  // something of the view changed
    void set_device(const std::string& name);
    void adopt_shown_pose();  // pose edits begin at what a motion shows
    Status undo();
    Status redo();
    Status jump_history(std::size_t position);
    Status recover(std::size_t index);
    Status discard_recovery(std::size_t index);
    Status answer(const std::string& what);  // save, discard, cancel
    Status quit(bool discard);
    void ask_for_file(FileRequest request) { file_request_ = std::move(request); }
    void set_clipboard(const std::string& text);
    std::string clipboard() const;
    void set_undo_cap(std::size_t bytes);

  private:
    struct Tools;  // loaded on a worker the first time they are needed
    struct Opened;
    void find_device();
    void replace_document(Document document);
    Result<bool> may_lose_document(const CommandCall& then, bool discard);
    void open_picture(const std::filesystem::path& file);
    void open_avatar_file(const std::filesystem::path& file, const std::optional<Recovery>& recovery);
    void open_splats(const std::filesystem::path& file);
    void prepare(std::shared_ptr<const SourcePhotograph> source, int face);
    void portrait_prepared(const Opened& opened);
    void restore_photograph();  // of an avatar from a file; training follows
    void take_snapshot();
    void follow_training(double elapsed);
    void training_ended(const Status& status, const std::optional<TrainerReport>& report);
    void cancel_document_jobs();
    void edited();   // the history moved
    void learned();  // content changed that undo does not cover
    void shape_head();
    void autosave(bool now);
    void autosaved(const Status& status, std::uint64_t document, const Revision& revision);
    bool awaits_recovery(const std::filesystem::path& autosave) const;
    void saved(const Status& status, std::uint64_t document, const Revision& revision,
               const std::filesystem::path& file);
    void write_settings();
    void return_memory();  // that jobs and pictures needed, once nothing happens any more
    void frame_document();

    StudioOptions options_;
    std::function<double()> clock_;
    std::function<bool()> busy_;
    Messages messages_;
    Settings settings_;
    bool settings_dirty_ = false;
    double settings_due_ = 0;
    std::string internal_clipboard_;
    CommandRegistry commands_;
    std::optional<Device> device_;
    std::shared_ptr<Tools> tools_;
    Document document_;
    std::uint64_t next_document_ = 1;
    std::uint64_t scene_version_ = 1;
    History history_;
    std::uint64_t gesture_ = 0, next_gesture_ = 1;
    ViewState view_;
    MotionPlayer motion_;
    double last_drain_ = 0;
    TrainingStatus training_;
    TrainerOptions next_training_;
    std::shared_ptr<TrainingSession> session_;
    std::weak_ptr<const PhotoEvidence> trained_;  // what the last training job works on
    int prepare_job_ = 0, train_job_ = 0, open_job_ = 0, bake_job_ = 0, save_job_ = 0, autosave_job_ = 0,
        settings_job_ = 0, memory_job_ = 0, turn_job_ = 0;
    std::uint64_t activity_seen_ = 0, activity_returned_ = 0;  // see return_memory()
    double memory_due_ = 0;
    std::optional<Question> question_;
    std::optional<FileRequest> file_request_;
    std::shared_ptr<RecoveryFolder> recovery_folder_;  // workers write to it
    std::vector<Recovery> recoveries_;
    std::optional<Recovery> recovered_;  // the document came from it; removed when another copy is safe
    double autosave_due_ = 0;
    bool autosave_warned_ = false;
    bool quitting_ = false;
    std::pair<std::uint64_t, std::uint64_t> quit_at_{};  // the document, and which of its edits, when that was wished
    Jobs jobs_;  // last: its threads end before what they use
};

// Adds every command that needs no window; Studio's constructor calls it.
void add_commands(CommandRegistry& registry);

}  // namespace likeness

// The studio without its window: hosts one open document, its history, its view, the jobs, and the services that open,
// train, save, recover and play; see docs/architecture.md.
//
// One thread owns a Studio (the window's). Everything a person does goes through execute(); drain() is called at the
// start of each frame and takes in what workers finished. Neither waits for work.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/commands/command.h"
#include "core/document/document.h"
#include "core/document/history.h"
#include "core/document/identity_edit.h"
#include "core/document/view_state.h"
#include "core/studio/camera_service.h"
#include "core/studio/canvas_service.h"
#include "core/studio/driver_service.h"
#include "core/studio/housekeeping.h"
#include "core/studio/jobs.h"
#include "core/studio/maps_service.h"
#include "core/studio/messages.h"
#include "core/studio/motion_service.h"
#include "core/studio/opening_service.h"
#include "core/studio/paint_service.h"
#include "core/studio/presets.h"
#include "core/studio/questions.h"
#include "core/studio/recovery_service.h"
#include "core/studio/saving_service.h"
#include "core/studio/settings_service.h"
#include "core/studio/sticker_service.h"
#include "core/studio/training_service.h"
#include "core/studio/workshop.h"

namespace likeness {

struct StudioOptions {
    UserFolders folders = UserFolders::find();
    std::string device;                     // overrides the settings' when not empty
    bool interactive = true;                // may ask questions; else what would ask is an error
    bool remember = true;                   // write settings
    bool autosave = true;                   // and unsaved work, for after a crash
    bool preload = false;                   // load heads and networks at once, for a photograph that will come
    std::shared_ptr<const HeadModel> head;  // in the default head's place, if given
    std::function<double()> clock;          // seconds; the system's steady clock unless given
    std::function<void()> wake;             // called from any thread when there is something to drain
    std::function<void(const std::string&)> set_clipboard;  // the studio's own clipboard unless given
    std::function<std::string()> get_clipboard;
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
    bool opening() const { return opening_.opening(); }
    // A window's own work that scripts wait for (captures).
    void set_busy(std::function<bool()> busy) { busy_ = std::move(busy); }
    bool busy() const { return busy_ && busy_(); }
    // Whether an export, a picture or a video may become that file. Errors: invalid_argument (it is what is open or
    // used here, or what a job is writing; a folder or device), io (nothing can be written there).
    Status may_write(const std::filesystem::path& file) const;
    double now() const { return options_.clock(); }

    // ---- commands ----
    CommandRegistry& commands() { return commands_; }
    const CommandRegistry& commands() const { return commands_; }
    // Checks, runs, records for undo. Errors: those of CommandRegistry::check, "not now", and the command's own.
    Status execute(const CommandCall& call) { return execute(call, false); }
    Status execute(const std::string& id, const Arguments& arguments = {}) {
        return execute(CommandCall{id, arguments});
    }
    // The same for panels: an error goes into the log and a dialog.
    bool invoke(const std::string& id, const Arguments& arguments = {});
    // For services: what `change` makes of the state becomes an entry of the history, as an undoable command's work.
    void change(const std::string& title, const std::function<void()>& change);
    // Why not now; empty when it can run.
    std::string unavailable(const std::string& id) const;
    // A slider is held: its changes become one undo entry.
    void begin_gesture() { history_.begin_gesture(); }
    void end_gesture() { history_.end_gesture(); }

    // ---- what there is ----
    const Document& document() const { return document_; }
    Scene scene() const;
    HeadPose shown_pose() const;  // with a motion's controls when one is shown; precondition: has_avatar()
    const History& history() const { return history_; }
    Jobs& jobs() { return jobs_; }
    const Jobs& jobs() const { return jobs_; }
    Messages& messages() { return messages_; }
    ViewState& view() { return view_; }
    const ViewState& view() const { return view_; }
    Settings& settings() { return settings_.values(); }  // call settings_changed() after a change
    const Settings& settings() const { return settings_.values(); }
    void settings_changed() { settings_.changed(); }
    const StudioOptions& options() const { return options_; }
    std::string window_title() const;  // "astronaut* - Likeness"
    // A person wants the program to end; work on the document after that takes it back.
    bool ending() const { return questions_.quitting(); }
    // The system ends the program: unsaved changes become an autosave when the studio is destroyed.
    void interrupt() { interrupted_ = true; }
    // The window may close now: what a person asked for is written.
    bool quitting() const { return questions_.quitting() && !jobs_.writing(); }

    // What services know, for panels.
    const TrainingStatus& training() const { return training_.status(); }
    const TrainerOptions& next_training() const { return training_.next(); }
    const MotionPlayer& motion() const { return motion_.player(); }
    const Device* device() const { return workshop_.device(); }  // null until it was found
    const std::optional<Question>& question() const { return questions_.question(); }
    const std::optional<FileRequest>& file_request() const { return questions_.file_request(); }
    void ask_for_file(FileRequest request) { questions_.ask_for_file(std::move(request)); }
    void withdraw_file_request() { questions_.withdraw_file_request(); }
    void complete_file_request() { questions_.complete_file_request(); }  // a path was chosen; the command follows
    const std::vector<Recovery>& recoveries() const { return recovery_.recoveries(); }

    // ---- for commands and services ----
    TrainingService& trainer() { return training_; }
    MotionService& motions() { return motion_; }
    const MotionService& motions() const { return motion_; }
    DriverService& driver() { return driver_; }
    const DriverService& driver() const { return driver_; }
    PaintService& paint() { return paint_; }
    const PaintService& paint() const { return paint_; }
    StickerService& stickers() { return stickers_; }
    const StickerService& stickers() const { return stickers_; }
    CanvasService& canvas() { return canvas_; }
    const CanvasService& canvas() const { return canvas_; }
    CameraService& camera() { return camera_; }
    const CameraService& camera() const { return camera_; }
    MapsService& maps() { return maps_; }
    Presets& presets() { return presets_; }
    OpeningService& openings() { return opening_; }
    SavingService& saving() { return saving_; }
    RecoveryService& recovery() { return recovery_; }
    Questions& questions() { return questions_; }
    Workshop& workshop() { return workshop_; }
    Document& edit_document() { return document_; }
    DocumentState& state() { return document_.state; }
    void set_symmetric(bool on) { document_.symmetric = on; }
    void replace_document(Document document);
    void cancel_document_jobs();
    void clear_history() { history_.clear(); }
    void edited();                           // the history moved
    void learned();                          // content changed that undo does not cover
    void redraw() { ++document_.pictures; }  // something of the view changed
    void frame_document();
    // The view leaves the photograph's camera. A comparison, which is true through that one only, ends and that is
    // said.
    void free_camera();
    // What was done by hand, beside commands, becomes an entry of the history; `before` is the state without it.
    void record(const std::string& title, const DocumentState& before);
    void record(const HistoryTitle& title, const DocumentState& before);
    // The entry of the undoable command that a panel sent, while it runs: work that it leaves to a worker becomes that.
    // None in commands of scripts, which are done when they return.
    const std::optional<HistoryTitle>& by_hand() const { return by_hand_; }
    Status undo();
    Status redo();
    Status jump_history(std::size_t position);
    void set_undo_cap(std::size_t bytes);
    void set_device(const std::string& name);
    void set_clipboard(const std::string& text) { options_.set_clipboard(text); }
    std::string clipboard() const { return options_.get_clipboard(); }

  private:
    Status history_moved(bool moved, const char* why_not);
    Status execute(const CommandCall& call, bool by_hand);

    StudioOptions options_;
    std::function<bool()> busy_;
    bool interrupted_ = false;
    std::optional<HistoryTitle> by_hand_;
    Messages messages_;
    SettingsService settings_;
    CommandRegistry commands_;
    Document document_;
    History history_;
    ViewState view_;
    Workshop workshop_;
    TrainingService training_;
    MotionService motion_;
    DriverService driver_;
    CameraService camera_;
    MapsService maps_;
    PaintService paint_;
    StickerService stickers_;
    CanvasService canvas_;
    Presets presets_;
    OpeningService opening_;
    SavingService saving_;
    RecoveryService recovery_;
    Questions questions_;
    Housekeeping housekeeping_;
    Jobs jobs_;  // last: its threads end before what they use
};

}  // namespace likeness

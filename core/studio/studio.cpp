#include "core/studio/studio.h"

#include <algorithm>
#include <chrono>

#include "core/base/memory.h"
#include "core/studio/studio_parts.h"

namespace likeness {
namespace {

double steady_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

constexpr double settings_delay = 1.0;  // seconds after the last change until settings are written
constexpr double memory_delay = 2.0;    // seconds at rest until memory that was needed is given back

}  // namespace

Studio::Studio(StudioOptions options)
    : options_(std::move(options)),
      clock_(options_.clock ? options_.clock : steady_seconds),
      tools_(std::make_shared<Tools>()),
      jobs_(options_.wake) {
    tools_->head = options_.head;
    LoadedSettings loaded = load_settings(options_.folders.settings);
    settings_ = std::move(loaded.settings);
    if (!loaded.warning.empty()) messages_.warning(loaded.warning);
    history_.set_cap(settings_.undo_bytes);
    next_training_.steps = settings_.training_steps;
    next_training_.resolution = settings_.training_resolution;
    next_training_.cap = settings_.gaussian_cap;
    recovery_folder_ = std::make_shared<RecoveryFolder>(options_.folders.state / "autosave");
    if (options_.remember) recoveries_ = recovery_folder_->find();
    last_drain_ = now();
    autosave_due_ = now() + settings_.autosave_seconds;
    add_commands(commands_);
    find_device();
}

Studio::~Studio() {
    if (session_) session_->stop();
    jobs_.shut_down();  // an autosave may be under way
    // What a person chose to lose, or what is saved, leaves no autosave; anything else is offered at the next start.
    if (quitting_ || !document_.dirty()) recovery_folder_->forget();
    if (quitting_ && recovered_ && options_.remember) RecoveryFolder::discard(*recovered_);
    if (options_.remember && settings_dirty_) (void)save_settings(options_.folders.settings, settings_);
}

void Studio::find_device() {
    const std::string name = options_.device.empty() ? settings_.device : options_.device;
    const JobOptions quiet{.cancellable = false, .quiet = true};
    struct Found {
        Device device;
        std::string instead;  // why not the one that was asked for
    };
    jobs_.start_for<Found>(
        "Looking for devices",
        [tools = tools_, name](Progress&) -> Result<Found> {
            auto device = tools->open_device(name);
            if (device) return Found{*std::move(device), ""};
            // A GPU that is gone must not keep anybody from working.
            auto processor = tools->open_device("cpu");
            if (!processor) return device.error();
            return Found{*std::move(processor), device.error().message};
        },
        [this](Result<Found> found) {
            if (!found) {
                messages_.error(found.error());
                return;
            }
            device_ = std::move(found->device);
            if (!found->instead.empty()) messages_.warning(found->instead + " The processor is used instead.");
        },
        quiet);
    if (options_.preload)
        jobs_.start(
            "Loading networks",
            [tools = tools_](Progress&) -> Status {
                std::lock_guard lock(tools->mutex);
                auto loaded = tools->load_portrait_tools();
                return loaded ? Status() : Status(loaded.error());
            },
            {}, quiet);
}

void Studio::set_device(const std::string& name) {
    settings_.device = name;
    options_.device.clear();
    find_device();
}

void Studio::drain() {
    const double time = now(), elapsed = std::max(0.0, time - last_drain_);
    last_drain_ = time;
    jobs_.drain();
    if (quitting_ && quit_at_ != std::pair(document_.id, document_.revision.edits)) quitting_ = false;
    take_snapshot();
    follow_training(elapsed);
    if (motion_.playing()) {
        motion_.advance(elapsed);
        ++scene_version_;
    }
    shape_head();
    autosave(false);
    write_settings();
    return_memory();
}

bool Studio::idle() const {
    const bool shaped = !document_.has_avatar() || document_.avatar().prepared();
    return jobs_.idle() && shaped && device_.has_value() && !(busy_ && busy_());
}

void Studio::write_settings() {
    if (!settings_dirty_ || !options_.remember) return;
    if (settings_due_ == 0) settings_due_ = now() + settings_delay;
    if (now() < settings_due_ || jobs_.running(settings_job_)) return;
    settings_dirty_ = false;
    settings_due_ = 0;
    settings_job_ = jobs_.start(
        "Writing settings",
        [folder = options_.folders.settings, settings = settings_](Progress&) {
            return save_settings(folder, settings);
        },
        [this](const Status& status) {
            if (!status) messages_.warning(status.error().message, status.error().detail);
        },
        {.cancellable = false, .quiet = true});
}

void Studio::return_memory() {
    if (jobs_.running(memory_job_)) return;
    const std::uint64_t activity = jobs_.ended() + scene_version_;  // each only counts up
    if (activity == activity_returned_) return;
    if (activity != activity_seen_ || !jobs_.idle()) {
        activity_seen_ = activity;
        memory_due_ = now() + memory_delay;
    }
    if (now() < memory_due_) return;
    activity_returned_ = activity + 1;  // its own end is nothing new
    memory_job_ = jobs_.start("Returning memory",
                              [](Progress&) -> Status {
                                  return_unused_memory();
                                  return {};
                              },
                              {}, {.cancellable = false, .quiet = true});
}

// ---- commands ----

std::string Studio::unavailable(const std::string& id) const {
    const Command* command = commands_.find(id);
    if (!command) return "There is no command '" + id + "'.";
    if (!command->run) return "This needs a window or a renderer.";
    return command->unavailable ? command->unavailable(*this) : "";
}

Status Studio::execute(const CommandCall& call) {
    auto arguments = commands_.check(call);
    if (!arguments) return arguments.error();
    if (const std::string why = unavailable(call.id); !why.empty()) return studio_error(why, call.id);
    const Command command = *commands_.find(call.id);
    if (file_request_ && file_request_->command == call.id && call.arguments.has("path")) file_request_.reset();
    if (!command.undoable) return command.run(*this, *arguments);

    const DocumentState before = document_.state;
    const std::uint64_t document = document_.id;
    Status status;
    try {
        status = command.run(*this, *arguments);
    } catch (...) {
        if (document_.id == document) document_.state = before;
        throw;
    }
    if (!status) {
        if (document_.id == document) document_.state = before;
        return status;
    }
    if (Edit edit(before, document_.state); !edit.nothing()) {
        const std::string what =
            !command.merge_by.empty() && arguments->has(command.merge_by) ? arguments->text(command.merge_by) : "";
        history_.push(what.empty() ? command.title : command.title + ": " + what, call.id + " " + what, gesture_,
                      std::move(edit));
        edited();
    } else if (document_.id == document) {
        document_.state = before;  // equal parts stay the same parts
    }
    return status;
}

bool Studio::invoke(const std::string& id, const Arguments& arguments) {
    const Status status = execute(id, arguments);
    if (!status) messages_.error(status.error());
    return status.ok();
}

void Studio::begin_gesture() { gesture_ = next_gesture_++; }
void Studio::end_gesture() { gesture_ = 0; }

Status Studio::undo() {
    if (!history_.undo(document_)) return studio_error("There is nothing to undo.");
    motion_.hide();
    edited();
    return {};
}

Status Studio::redo() {
    if (!history_.redo(document_)) return studio_error("There is nothing to redo.");
    motion_.hide();
    edited();
    return {};
}

Status Studio::jump_history(std::size_t position) {
    if (position > history_.entries().size()) return studio_error("The history has no such place.");
    history_.jump(document_, position);
    motion_.hide();
    edited();
    return {};
}

void Studio::set_undo_cap(std::size_t bytes) {
    settings_.undo_bytes = bytes;
    settings_changed();
    history_.set_cap(bytes);
}

void Studio::set_clipboard(const std::string& text) {
    internal_clipboard_ = text;
    if (options_.set_clipboard) options_.set_clipboard(text);
}

std::string Studio::clipboard() const {
    return options_.get_clipboard ? options_.get_clipboard() : internal_clipboard_;
}

// ---- the document ----

void Studio::edited() {
    document_.revision.edits = history_.state();
    ++scene_version_;
}

void Studio::learned() {
    ++document_.revision.learned;
    ++scene_version_;
}

Scene Studio::scene() const {
    Scene scene;
    scene.version = scene_version_;
    scene.avatar = document_.avatar();
    scene.splats = document_.splats;
    if (document_.has_avatar()) scene.pose = shown_pose();
    for (std::size_t i = 0; i < layer_count; ++i) scene.visible[i] = document_.layer_shown(Layer(i));
    return scene;
}

HeadPose Studio::shown_pose() const {
    HeadPose pose = *document_.state.pose;
    if (document_.has_avatar()) motion_.apply(*document_.model(), pose);
    return pose;
}

void Studio::adopt_shown_pose() {
    if (!motion_.shown() || !document_.has_avatar()) return;
    document_.state.pose = shown_pose();
    motion_.hide();
    ++scene_version_;
}

void Studio::cancel_document_jobs() {
    if (session_) session_->stop();
    for (const int job : {prepare_job_, train_job_, bake_job_, turn_job_}) jobs_.cancel(job);
    session_.reset();
}

void Studio::replace_document(Document document) {
    cancel_document_jobs();
    recovery_folder_->forget();
    if (recovered_ && options_.remember) RecoveryFolder::discard(*recovered_);
    recovered_.reset();
    document.id = next_document_++;
    document.symmetric = document_.symmetric;
    document_ = std::move(document);
    history_.clear();
    for (Revision* revision : {&document_.revision, &document_.saved_revision, &document_.autosaved_revision})
        revision->edits = history_.state();
    gesture_ = 0;
    training_ = {};
    training_.options = next_training_;
    if (!document_.has_avatar()) motion_.hide();
    autosave_due_ = now() + settings_.autosave_seconds;
    view_.source_camera = false;
    view_.yaw = view_.pitch = 0;
    view_.zoom = 1;
    view_.pan = {};
    frame_document();
    ++scene_version_;
}

void Studio::frame_document() {
    if (!document_.has_avatar()) return;  // a file of splats brought its own middle
    // Of the person as fitted: what is looked at stays where it is while the shape is edited.
    document_.middle = head_middle(as_fitted(document_.avatar()));
    document_.view_height = 0.40f;
}

void Studio::shape_head() {
    if (!document_.has_avatar() || document_.avatar().prepared() || jobs_.running(bake_job_)) return;
    using Shaped = std::shared_ptr<const RestSurface>;
    bake_job_ = jobs_.start_for<Shaped>(
        "Shaping the head",
        [avatar = document_.avatar()](Progress&) mutable -> Result<Shaped> {
            avatar.prepare();
            return avatar.rest;
        },
        [this, id = document_.id](Result<Shaped> shaped) {
            if (id != document_.id) return;
            Avatar& avatar = document_.state.avatar;
            if (shaped) {
                // Of another person, that was prepared meanwhile: made again.
                if ((*shaped)->person == avatar.person && (*shaped)->shells == avatar.shells)
                    avatar.rest = *std::move(shaped);
            } else {
                messages_.error(shaped.error());
                avatar.identity_change = avatar.rest->change;  // no endless second try
            }
            ++scene_version_;
        },
        {.cancellable = false, .quiet = true});
}

std::string Studio::window_title() const {
    if (document_.kind == DocumentKind::empty && document_.stage == DocumentStage::empty) return "Likeness";
    return document_.name + (document_.dirty() ? "*" : "") + " - Likeness";
}

// ---- questions ----

Result<bool> Studio::may_lose_document(const CommandCall& then, bool discard) {
    if (!document_.dirty() || discard) return true;
    const std::string text = "'" + document_.name + "' has changes that were not saved.";
    if (!options_.interactive) return studio_error(text + " Save it first, or pass discard=true.");
    question_ = Question{text, then, false};
    return false;
}

Status Studio::answer(const std::string& what) {
    if (!question_) return studio_error("Nothing was asked.");
    if (what == "cancel") {
        question_.reset();
        return {};
    }
    if (what == "save") {
        question_->saving = true;
        if (!document_.path.empty()) {
            Status status = save(document_.path);
            if (!status) question_->saving = false;
            return status;
        }
        ask_for_file({"file.save_as", "Save the avatar", document_.name + ".likeness", {"*.likeness"}, true, {}});
        return {};
    }
    CommandCall then = question_->then;
    question_.reset();
    then.arguments.set("discard", true);
    return execute(then);
}

void Studio::withdraw_file_request() {
    file_request_.reset();
    if (question_) question_->saving = false;
}

Status Studio::quit(bool discard) {
    const auto may = may_lose_document({"app.quit", {}}, discard);
    if (!may) return may.error();
    if (*may) {
        quitting_ = true;
        quit_at_ = {document_.id, document_.revision.edits};
        if (session_) session_->stop();
        // What they bring would be work on the document, and take the wish back.
        for (const int job : {open_job_, prepare_job_}) jobs_.cancel(job);
        for (const JobInfo& job : jobs_.list())
            if (job.state == JobState::running && job.writes)
                messages_.info("The program ends when this is done: " + job.name + ".");
    }
    return {};
}

}  // namespace likeness

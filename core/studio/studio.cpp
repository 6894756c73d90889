#include "core/studio/studio.h"

#include <chrono>

#include "core/base/output_file.h"
#include "core/studio/command_parts.h"

namespace likeness {
namespace {

double steady_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// A clock and a clipboard where the window brings none.
StudioOptions completed(StudioOptions options) {
    if (!options.clock) options.clock = steady_seconds;
    if (!options.get_clipboard) {
        const auto kept = std::make_shared<std::string>();
        options.get_clipboard = [kept] { return *kept; };
        options.set_clipboard = [kept, also = options.set_clipboard](const std::string& text) {
            *kept = text;
            if (also) also(text);
        };
    }
    if (!options.set_clipboard) options.set_clipboard = [](const std::string&) {};
    return options;
}

}  // namespace

Studio::Studio(StudioOptions options)
    : options_(completed(std::move(options))),
      settings_(*this),
      workshop_(*this),
      training_(*this),
      motion_(*this),
      driver_(*this),
      camera_(*this),
      maps_(*this),
      paint_(*this),
      stickers_(*this),
      canvas_(*this),
      presets_(*this),
      opening_(*this),
      saving_(*this),
      recovery_(*this),
      questions_(*this),
      housekeeping_(*this),
      jobs_(options_.wake) {
    history_.set_cap(settings().undo_bytes);
    opening_.add_commands(commands_);
    saving_.add_commands(commands_);
    questions_.add_commands(commands_);
    recovery_.add_commands(commands_);
    add_studio_commands(*this);
    training_.add_commands(commands_);
    add_pose_commands(*this);
    add_shape_commands(*this);
    motion_.add_commands(commands_);
    add_motion_commands(*this);
    driver_.add_commands(commands_);
    camera_.add_commands(commands_);
    maps_.add_commands(commands_);
    paint_.add_commands(commands_);
    canvas_.add_commands(commands_);
    add_view_commands(*this);
    stickers_.add_commands(commands_);
    add_make_up_commands(*this);
    workshop_.find_device();
}

Studio::~Studio() {
    training_.end();
    jobs_.shut_down();  // an autosave may be under way
    recovery_.end(questions_.quitting(), interrupted_);
    settings_.end();
}

void Studio::drain() {
    const double elapsed = housekeeping_.elapsed();
    jobs_.drain();
    opening_.drain();
    questions_.drain();
    training_.drain(elapsed);
    driver_.drain();
    motion_.drain(elapsed);
    camera_.drain();
    maps_.drain();
    paint_.drain();
    stickers_.drain();
    canvas_.drain();
    presets_.drain();
    housekeeping_.shape_head();
    recovery_.autosave(false);
    settings_.drain();
    housekeeping_.return_memory(jobs_.ended() + document_.pictures);  // each only counts up
}

bool Studio::idle() const {
    const bool shaped = !document_.has_avatar() || document_.avatar().prepared();
    return jobs_.idle() && !paint_.work().working() && canvas_.complete() && shaped && device() && !busy();
}

Status Studio::may_write(const std::filesystem::path& file) const {
    const auto used = [&](const std::filesystem::path& other, const char* what) -> Status {
        if (other.empty() || !same_file(file, other)) return {};
        return studio_error("'" + file.string() + "' is " + what + "; choose another name.");
    };
    if (Status free = used(document_.path, "the file that is open"); !free) return free;
    if (document_.source)
        if (Status free = used(document_.source->file, "the photograph that is open"); !free) return free;
    if (Status free = used(view_.background_picture, "the background's picture"); !free) return free;
    if (Status free = used(motion().title(), "the motion that is open"); !free) return free;
    if (driver_.driving())
        if (Status free = used(driver_.driving()->video, "the video that is open"); !free) return free;
    for (const std::filesystem::path& target : jobs_.targets())
        if (Status free = used(target, "being written already"); !free) return free;
    return check_target(file);
}

// ---- commands ----

std::string Studio::unavailable(const std::string& id) const {
    const Command* command = commands_.find(id);
    if (!command) return "There is no command '" + id + "'.";
    if (!command->run) return "This needs a window or a renderer.";
    return command->unavailable ? command->unavailable() : "";
}

Status Studio::execute(const CommandCall& call, bool by_hand) {
    auto arguments = commands_.check(call);
    if (!arguments) return arguments.error();
    if (const std::string why = unavailable(call.id); !why.empty()) return studio_error(why, call.id);
    const Command command = *commands_.find(call.id);
    questions_.path_chosen(call);
    if (command.category == "File") paint_.work().finish();  // what is written has it
    if (!command.undoable) return command.run(*arguments);
    const std::string what =
        !command.merge_by.empty() && arguments->has(command.merge_by) ? arguments->text(command.merge_by) : "";
    const HistoryTitle title{what.empty() ? command.title : command.title + ": " + what, call.id + " " + what,
                             history_.gesture()};

    const DocumentState before = document_.state;
    const std::uint64_t document = document_.id;
    Status status;
    if (by_hand) by_hand_ = title;
    try {
        status = command.run(*arguments);
        by_hand_.reset();
    } catch (...) {
        by_hand_.reset();
        if (document_.id == document) document_.state = before;
        throw;
    }
    if (!status) {
        if (document_.id == document) document_.state = before;
        return status;
    }
    if (document_.id == document || !Edit(before, document_.state).nothing()) record(title, before);
    return status;
}

void Studio::record(const HistoryTitle& title, const DocumentState& before) {
    if (Edit edit(before, document_.state); !edit.nothing()) {
        history_.push(title.title, title.merge_key, title.gesture, std::move(edit));
        edited();
    } else {
        document_.state = before;  // equal parts stay the same parts
    }
}

void Studio::change(const std::string& title, const std::function<void()>& change) {
    const DocumentState before = document_.state;
    change();
    record(HistoryTitle{title, title, history_.gesture()}, before);
}

bool Studio::invoke(const std::string& id, const Arguments& arguments) {
    const Status status = execute(CommandCall{id, arguments}, true);
    if (!status) messages_.error(status.error());
    return status.ok();
}

Status Studio::history_moved(bool moved, const char* why_not) {
    if (!moved) return studio_error(why_not);
    edited();
    return {};
}

void Studio::record(const std::string& title, const DocumentState& before) {
    if (!Edit(before, document_.state).nothing()) record(HistoryTitle{title, "", 0}, before);
}

Status Studio::undo() {
    paint_.end_stroke();  // that is what is undone
    stickers_.end_edit();
    if (const auto dropped = paint_.work().drop(); dropped.any && !dropped.in_history) return {};
    return history_moved(history_.undo(document_), "There is nothing to undo.");
}

Status Studio::redo() {
    paint_.end_stroke();
    stickers_.end_edit();
    paint_.work().drop();
    return history_moved(history_.redo(document_), "There is nothing to redo.");
}

Status Studio::jump_history(std::size_t position) {
    paint_.end_stroke();
    stickers_.end_edit();
    paint_.work().drop();
    const bool there = position <= history_.entries().size();
    if (there) history_.jump(document_, position);
    return history_moved(there, "The history has no such place.");
}

void Studio::set_undo_cap(std::size_t bytes) {
    settings().undo_bytes = bytes;
    settings_changed();
    history_.set_cap(bytes);
}

void Studio::set_device(const std::string& name) {
    settings().device = name;
    options_.device.clear();
    workshop_.find_device();
}

// ---- the document ----

void Studio::edited() {
    document_.revision.edits = history_.state();
    driver_.refresh();
    motion_.refresh();
    redraw();
}

void Studio::learned() {
    ++document_.revision.learned;
    redraw();
}

Scene Studio::scene() const {
    Scene scene;
    scene.version = document_.pictures;
    scene.avatar = document_.avatar();
    if (maps_.preview().version() != 0) scene.avatar.splats = maps_.preview();
    scene.splats = document_.splats;
    if (document_.has_avatar()) scene.pose = shown_pose();
    for (std::size_t i = 0; i < splat_part_count; ++i) scene.visible[i] = document_.part_shown(SplatPart(i));
    return scene;
}

HeadPose Studio::shown_pose() const { return document_.has_avatar() ? motion_.shown() : *document_.state.pose; }

void Studio::free_camera() {
    view_.source_camera = false;
    if (view_.compare == CompareMode::off) return;
    view_.compare = CompareMode::off;
    messages_.info("The comparison with the photograph ended: it needs the photograph's camera.");
}

void Studio::cancel_document_jobs() {
    training_.cancel();
    maps_.cancel();
    housekeeping_.cancel_shaping();
    opening_.cancel_turning();
}

void Studio::replace_document(Document document) {
    cancel_document_jobs();
    document.id = document_.id + 1;
    document.symmetric = document_.symmetric;
    document.pictures = document_.pictures;
    document_ = std::move(document);
    history_.clear();
    history_.end_gesture();
    for (Revision* revision : {&document_.revision, &document_.saved_revision, &document_.autosaved_revision})
        revision->edits = history_.state();
    training_.begin_document();
    recovery_.begin_document();
    if (!document_.has_avatar()) motion_.pause();
    view_.source_camera = false;
    view_.compare = CompareMode::off;
    view_.yaw = view_.pitch = 0;
    view_.zoom = 1;
    view_.pan = {};
    frame_document();
    driver_.refresh();
    motion_.refresh();
    redraw();
}

void Studio::frame_document() {
    if (!document_.has_avatar()) return;  // a file of splats brought its own middle
    document_.middle = head_middle(as_fitted(document_.avatar()));
    document_.view_height = 0.40f;
}

std::string Studio::window_title() const {
    if (document_.kind == DocumentKind::empty && document_.stage == DocumentStage::empty) return "Likeness";
    return document_.name + (document_.dirty() ? "*" : "") + " - Likeness";
}

}  // namespace likeness

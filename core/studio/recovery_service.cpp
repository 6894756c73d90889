#include "core/studio/recovery_service.h"

#include <algorithm>

#include "core/document/document_writer.h"
#include "core/studio/command_parts.h"
#include "core/studio/studio.h"

namespace likeness {
namespace fs = std::filesystem;

namespace {

Status keep(RecoveryFolder& folder, const Recovery& recovery, const DocumentState& state) {
    const auto file = folder.autosave();
    if (!file) return file.error();
    // First what it is of: an autosave without a record would have no name.
    if (Status remembered = folder.remember(recovery); !remembered) return remembered;
    return write_autosave(state, *file);
}

}  // namespace

RecoveryService::RecoveryService(Studio& studio)
    : studio_(studio), folder_(std::make_shared<RecoveryFolder>(studio.options().folders.autosaves())) {
    if (on()) recoveries_ = folder_->find();
    due_ = studio_.now() + studio_.settings().autosave_seconds;
}

Document& RecoveryService::document() { return studio_.edit_document(); }

void RecoveryService::begin_document() {
    folder_->forget();
    forget_recovered();
    due_ = studio_.now() + studio_.settings().autosave_seconds;
}

bool RecoveryService::on() const { return studio_.options().autosave; }

// Another copy of it is safe, or nobody wants it.
void RecoveryService::forget_recovered() {
    if (recovered_) (void)folder_->discard(*recovered_);
    recovered_.reset();
}

void RecoveryService::end(bool wished, bool interrupted) {
    // What a person chose to lose, or what is saved, leaves no autosave; anything else is offered at the next start.
    if (wished || !document().dirty()) folder_->forget();
    if (wished) forget_recovered();
    if (wished || !interrupted || !on() || !document().dirty()) return;
    if (document().autosaved_revision == document().revision) return;
    (void)keep(*folder_, record(), document().state);
}

std::function<std::string(const DocumentState&)> RecoveryService::keeper() const {
    if (!on()) return [](const DocumentState&) { return std::string(); };
    return [folder = folder_, recovery = record()](const DocumentState& state) -> std::string {
        if (!keep(*folder, recovery, state)) return "";
        return "The changes are kept in '" + folder->autosave()->string() + "' until they are saved.";
    };
}

void RecoveryService::document_saved() {
    if (!document().dirty() && !job_.running()) folder_->forget();
    forget_recovered();
}

void RecoveryService::recovered(const Recovery& recovery) {
    recovered_ = recovery;
    std::erase_if(recoveries_, [&](const Recovery& r) { return r.autosave == recovery.autosave; });
    autosave(true);
}

Recovery RecoveryService::record() const {
    const Document& of = studio_.document();
    std::error_code ignored;
    Recovery recovery;
    if (!of.path.empty()) recovery.document = fs::absolute(of.path, ignored);
    recovery.on_disk = of.on_disk;
    recovery.name = of.name;
    return recovery;
}

void RecoveryService::autosave(bool at_once) {
    // Undone back to what is on disk: an autosave of what was in between is of no use.
    if (!document().dirty() && document().autosaved_revision != document().saved_revision && !job_.running()) {
        document().autosaved_revision = document().saved_revision;
        folder_->forget();
    }
    if (!on() || studio_.settings().autosave_seconds <= 0 || !document().dirty()) return;
    due_ = std::min(due_, studio_.now() + studio_.settings().autosave_seconds);  // a shorter time was chosen
    if (document().autosaved_revision == document().revision || (!at_once && studio_.now() < due_)) return;
    if (job_.running() || studio_.saving().saving()) return;
    due_ = studio_.now() + studio_.settings().autosave_seconds;
    job_ = studio_.jobs().start(
        "Autosave",
        [state = document().state, recovery = record(), folder = folder_](Progress&) {
            return keep(*folder, recovery, state);
        },
        [this, id = document().id, revision = document().revision](const Status& status) {
            autosaved(status, id, revision);
        },
        {.cancellable = false, .quiet = true});
}

void RecoveryService::autosaved(const Status& status, std::uint64_t id, const Revision& revision) {
    job_ = {};
    if (!status) {
        if (!warned_)
            studio_.messages().warning("The autosave failed: " + status.error().message, status.error().detail);
        warned_ = true;  // once is enough
        return;
    }
    warned_ = false;
    // Saved or closed in the meantime: nobody needs it.
    if (id != document().id || !document().dirty()) {
        folder_->forget();
        return;
    }
    document().autosaved_revision = revision;
    forget_recovered();
}

Status RecoveryService::recover(std::size_t index) {
    if (index >= recoveries_.size()) return studio_error("There is nothing to recover.");
    const auto may = studio_.questions().may_lose_document({"recovery.recover", {{"index", index}}}, false);
    if (!may) return may.error();
    if (!*may) return {};
    if (Status mine = folder_->claim(recoveries_[index]); !mine) {
        recoveries_.erase(recoveries_.begin() + std::ptrdiff_t(index));
        return mine;
    }
    studio_.openings().cancel_opening();
    studio_.openings().open_autosave(recoveries_[index]);
    return {};
}

Status RecoveryService::discard(std::size_t index) {
    if (index >= recoveries_.size()) return studio_error("There is nothing to discard.");
    const Status discarded = folder_->discard(recoveries_[index]);
    recoveries_.erase(recoveries_.begin() + std::ptrdiff_t(index));
    return discarded;
}

void RecoveryService::add_commands(CommandRegistry& registry) {
    const auto some_recovery = [this] { return recoveries_.empty() ? "There is nothing to recover." : ""; };
    const auto which = with_default(integer_argument("index", "Which of the list, from 0", 0, 1000), 0);
    registry.add({"recovery.recover",
                  "Recover unsaved work",
                  "File",
                  "Opens what was not saved when the program ended unexpectedly.",
                  {which, discard_argument()},
                  "",
                  false,
                  "",
                  some_recovery,
                  [this](const Arguments& a) -> Status {
                      if (a.flag("discard") && document().dirty())
                          if (Status closed = studio_.openings().close(true); !closed) return closed;
                      return recover(std::size_t(a.integer("index")));
                  }});
    registry.add({"recovery.discard",
                  "Discard unsaved work",
                  "File",
                  "Deletes what was not saved when the program ended unexpectedly.",
                  {which},
                  "",
                  false,
                  "",
                  some_recovery,
                  [this](const Arguments& a) { return discard(std::size_t(a.integer("index"))); }});
}

}  // namespace likeness

#include "core/studio/recovery_service.h"

#include <algorithm>

#include "core/document/document_writer.h"
#include "core/studio/command_parts.h"
#include "core/studio/studio.h"

namespace likeness {
namespace {

namespace fs = std::filesystem;

bool same_file(const fs::path& a, const fs::path& b) { return a.lexically_normal() == b.lexically_normal(); }

}  // namespace

RecoveryService::RecoveryService(Studio& studio)
    : studio_(studio), folder_(std::make_shared<RecoveryFolder>(studio.options().folders.state / "autosave")) {
    if (studio_.options().remember) recoveries_ = folder_->find();
    due_ = studio_.now() + studio_.settings().autosave_seconds;
}

Document& RecoveryService::document() { return studio_.edit_document(); }

void RecoveryService::begin_document() {
    folder_->forget();
    forget_recovered();
    due_ = studio_.now() + studio_.settings().autosave_seconds;
}

// Another copy of it is safe, or nobody wants it.
void RecoveryService::forget_recovered() {
    if (recovered_ && studio_.options().remember) RecoveryFolder::discard(*recovered_);
    recovered_.reset();
}

void RecoveryService::end(bool wished) {
    // What a person chose to lose, or what is saved, leaves no autosave; anything else is offered at the next start.
    if (wished || !document().dirty()) folder_->forget();
    if (wished && recovered_ && studio_.options().remember) RecoveryFolder::discard(*recovered_);
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

void RecoveryService::look_beside(const fs::path& file) {
    if (!studio_.options().remember) return;
    for (Recovery& found : RecoveryFolder::find_beside(file))
        if (!awaits_recovery(found.autosave)) recoveries_.push_back(std::move(found));
}

bool RecoveryService::awaits_recovery(const fs::path& autosave) const {
    const auto same = [&](const Recovery& r) { return same_file(r.autosave, autosave); };
    return (recovered_ && same(*recovered_)) || std::any_of(recoveries_.begin(), recoveries_.end(), same);
}

void RecoveryService::autosave(bool at_once) {
    // Undone back to what is on disk: an autosave of what was in between is of no use.
    if (!document().dirty() && document().autosaved_revision != document().saved_revision && !job_.running()) {
        document().autosaved_revision = document().saved_revision;
        folder_->forget();
    }
    if (!studio_.options().remember || studio_.settings().autosave_seconds <= 0 || !document().dirty()) return;
    due_ = std::min(due_, studio_.now() + studio_.settings().autosave_seconds);  // a shorter time was chosen
    if (document().autosaved_revision == document().revision || (!at_once && studio_.now() < due_)) return;
    if (job_.running() || studio_.saving().saving()) return;
    due_ = studio_.now() + studio_.settings().autosave_seconds;
    Recovery recovery;
    recovery.document = document().path;
    recovery.name = document().name;
    const fs::path elsewhere = folder_->autosave_for_untitled(document().name);
    // An autosave that a person has not decided about is not overwritten.
    const bool beside = !document().path.empty() && !awaits_recovery(autosave_beside(document().path));
    recovery.autosave = beside ? autosave_beside(document().path) : elsewhere;
    job_ = studio_.jobs().start(
        "Autosave",
        [state = document().state, recovery, elsewhere, folder = folder_](Progress&) mutable -> Status {
            Status written = write_document(state, recovery.autosave, false);
            if (!written && recovery.autosave != elsewhere) {
                recovery.autosave = elsewhere;
                written = write_document(state, elsewhere, false);
            }
            return written ? folder->remember(recovery) : written;
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
    studio_.openings().cancel_opening();
    studio_.openings().open_autosave(recoveries_[index]);
    return {};
}

Status RecoveryService::discard(std::size_t index) {
    if (index >= recoveries_.size()) return studio_error("There is nothing to discard.");
    RecoveryFolder::discard(recoveries_[index]);
    recoveries_.erase(recoveries_.begin() + std::ptrdiff_t(index));
    return {};
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

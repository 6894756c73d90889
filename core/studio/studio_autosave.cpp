// Autosaves of the open document, and taking up what a crash left.
#include <algorithm>

#include "core/studio/document_writer.h"
#include "core/studio/studio_parts.h"

namespace likeness {
namespace {

namespace fs = std::filesystem;

bool same_file(const fs::path& a, const fs::path& b) { return a.lexically_normal() == b.lexically_normal(); }

}  // namespace

bool Studio::awaits_recovery(const fs::path& autosave) const {
    const auto same = [&](const Recovery& r) { return same_file(r.autosave, autosave); };
    return (recovered_ && same(*recovered_)) || std::any_of(recoveries_.begin(), recoveries_.end(), same);
}

void Studio::autosave(bool at_once) {
    // Undone back to what is on disk: an autosave of what was in between is of no use.
    if (!document_.dirty() && document_.autosaved_revision != document_.saved_revision &&
        !jobs_.running(autosave_job_)) {
        document_.autosaved_revision = document_.saved_revision;
        recovery_folder_->forget();
    }
    if (!options_.remember || settings_.autosave_seconds <= 0 || !document_.dirty()) return;
    autosave_due_ = std::min(autosave_due_, now() + settings_.autosave_seconds);  // a shorter time was chosen
    if (document_.autosaved_revision == document_.revision || (!at_once && now() < autosave_due_)) return;
    if (jobs_.running(autosave_job_) || jobs_.running(save_job_)) return;
    autosave_due_ = now() + settings_.autosave_seconds;
    Recovery recovery;
    recovery.document = document_.path;
    recovery.name = document_.name;
    const fs::path elsewhere = recovery_folder_->autosave_for_untitled(document_.name);
    // An autosave that a person has not decided about is not overwritten.
    const bool beside = !document_.path.empty() && !awaits_recovery(autosave_beside(document_.path));
    recovery.autosave = beside ? autosave_beside(document_.path) : elsewhere;
    autosave_job_ = jobs_.start(
        "Autosave",
        [state = document_.state, recovery, elsewhere,
         folder = recovery_folder_](Progress&) mutable -> Status {
            Status written = write_document(state, recovery.autosave, false);
            if (!written && recovery.autosave != elsewhere) {
                recovery.autosave = elsewhere;
                written = write_document(state, elsewhere, false);
            }
            return written ? folder->remember(recovery) : written;
        },
        [this, id = document_.id, revision = document_.revision](const Status& status) {
            autosaved(status, id, revision);
        },
        {.cancellable = false, .quiet = true});
}

void Studio::autosaved(const Status& status, std::uint64_t id, const Revision& revision) {
    autosave_job_ = 0;
    if (!status) {
        if (!autosave_warned_)
            messages_.warning("The autosave failed: " + status.error().message, status.error().detail);
        autosave_warned_ = true;  // once is enough
        return;
    }
    autosave_warned_ = false;
    // Saved or closed in the meantime: nobody needs it.
    if (id != document_.id || !document_.dirty()) {
        recovery_folder_->forget();
        return;
    }
    document_.autosaved_revision = revision;
    if (recovered_) RecoveryFolder::discard(*recovered_);
    recovered_.reset();
}

Status Studio::recover(std::size_t index) {
    if (index >= recoveries_.size()) return studio_error("There is nothing to recover.");
    const auto may = may_lose_document({"recovery.recover", {{"index", index}}}, false);
    if (!may) return may.error();
    if (!*may) return {};
    jobs_.cancel(open_job_);
    open_avatar_file(recoveries_[index].autosave, recoveries_[index]);
    return {};
}

Status Studio::discard_recovery(std::size_t index) {
    if (index >= recoveries_.size()) return studio_error("There is nothing to discard.");
    RecoveryFolder::discard(recoveries_[index]);
    recoveries_.erase(recoveries_.begin() + std::ptrdiff_t(index));
    return {};
}

}  // namespace likeness

// Saving and exporting.
#include "core/studio/document_writer.h"
#include "core/studio/export_splats.h"
#include "core/studio/studio_parts.h"

namespace likeness {

namespace fs = std::filesystem;

Status Studio::save(const fs::path& given) {
    if (!document_.has_avatar()) return studio_error("There is no avatar to save yet.");
    if (jobs_.running(save_job_)) return studio_error("The avatar is being saved already; wait until that is done.");
    fs::path file = given;
    if (lower_extension(file) != ".likeness") file += ".likeness";
    std::error_code failed;
    if (fs::is_directory(file, failed))
        return studio_error("'" + file.string() + "' is a folder; choose a file's name.");
    save_job_ = jobs_.start(
        "Saving " + file.filename().string(),
        [state = document_.state, file](Progress& progress) {
            progress.report(0.1, "Writing");
            return write_document(state, file, true);
        },
        [this, file, id = document_.id, revision = document_.revision](const Status& status) {
            saved(status, id, revision, file);
        },
        {.cancellable = false, .writes = true});
    return {};
}

void Studio::saved(const Status& status, std::uint64_t id, const Revision& revision, const fs::path& file) {
    save_job_ = 0;
    if (!status) {
        messages_.error(status.error());
        quitting_ = false;  // the program does not end with work that is not written
        if (question_) question_->saving = false;
        return;
    }
    messages_.info("Saved '" + file.string() + "'.");
    settings_.add_recent(file);
    settings_changed();
    if (id == document_.id) {
        document_.path = file;
        document_.name = file.stem().string();
        document_.saved_revision = revision;
        if (!document_.dirty() && !jobs_.running(autosave_job_)) recovery_folder_->forget();
        if (recovered_ && options_.remember) RecoveryFolder::discard(*recovered_);
        recovered_.reset();
    }
    if (question_ && question_->saving) {
        CommandCall then = question_->then;
        question_.reset();
        // Training may have gone on since; what was saved is what the person asked for.
        then.arguments.set("discard", true);
        if (Status next = execute(then); !next) messages_.error(next.error());
    }
}

Status Studio::export_ply(const fs::path& file, bool sh3) {
    const Scene what = scene();
    if (what.empty()) return studio_error("There is nothing to export yet.");
    jobs_.start(
        "Exporting " + file.filename().string(),
        [what, file, sh3](Progress& progress) { return export_splats(what, file, sh3, progress); },
        [this, file](const Status& status) {
            if (status)
                messages_.info("Exported '" + file.string() + "'.");
            else if (status.error().code != ErrorCode::cancelled)
                messages_.error(status.error());
        },
        {.writes = true});
    return {};
}

}  // namespace likeness

#include "core/studio/saving_service.h"

#include "core/document/document_writer.h"
#include "core/files/file_formats.h"
#include "core/pipeline/export_splats.h"
#include "core/studio/command_parts.h"
#include "core/studio/studio.h"

namespace likeness {

namespace fs = std::filesystem;

Status SavingService::save(const fs::path& given) {
    if (!studio_.document().has_avatar()) return studio_error("There is no avatar to save yet.");
    if (save_job_.running()) return studio_error("The avatar is being saved already; wait until that is done.");
    const fs::path file = with_ending(given, FileContent::avatar);
    std::error_code failed;
    if (fs::is_directory(file, failed))
        return studio_error("'" + file.string() + "' is a folder; choose a file's name.");
    save_job_ = studio_.jobs().start(
        "Saving " + file.filename().string(),
        [state = studio_.document().state, file](Progress& progress) {
            progress.report(0.1, "Writing");
            return write_document(state, file, true);
        },
        [this, file, id = studio_.document().id, revision = studio_.document().revision](const Status& status) {
            saved(status, id, revision, file);
        },
        {.cancellable = false, .writes = true});
    return {};
}

void SavingService::saved(const Status& status, std::uint64_t id, const Revision& revision, const fs::path& file) {
    save_job_ = {};
    if (!status) {
        studio_.messages().error(status.error());
        studio_.questions().saving_failed();
        return;
    }
    studio_.messages().info("Saved '" + file.string() + "'.");
    studio_.settings().add_recent(file);
    studio_.settings_changed();
    Document& document = studio_.edit_document();
    if (id == document.id) {
        document.path = file;
        document.name = file.stem().string();
        document.saved_revision = revision;
        studio_.recovery().document_saved();
    }
    studio_.questions().saved();
}

Status SavingService::export_as(const FileFormat& format, const fs::path& file, const WriteOptions& options) {
    const Scene what = studio_.scene();
    if (what.empty()) return studio_error("There is nothing to export yet.");
    studio_.jobs().start(
        "Exporting " + file.filename().string(),
        [what, file, &format, options](Progress& progress) {
            return export_splats(what, format, file, options, progress);
        },
        [this, file](const Status& status) {
            if (status)
                studio_.messages().info("Exported '" + file.string() + "'.");
            else if (status.error().code != ErrorCode::cancelled)
                studio_.messages().error(status.error());
        },
        {.writes = true});
    return {};
}

void SavingService::add_commands(CommandRegistry& registry) {
    Studio& s = studio_;
    const auto path = [](const std::string& what) { return optional_argument(text_argument("path", what)); };
    const auto suggested = [&s](FileContent content) { return with_ending(s.document().name, content).string(); };
    registry.add({"file.save",
                  "Save",
                  "File",
                  "Writes the avatar to its file.",
                  {},
                  "Ctrl+S",
                  false,
                  "",
                  needs_avatar(s),
                  [this, &s](const Arguments&) -> Status {
                      if (!s.document().path.empty()) return save(s.document().path);
                      return s.execute("file.save_as");
                  }});
    registry.add({"file.save_as",
                  "Save as...",
                  "File",
                  "Writes the avatar to a new file (" + file_endings(FileContent::avatar, true) + ").",
                  {path("The file")},
                  "Ctrl+Shift+S",
                  false,
                  "",
                  needs_avatar(s),
                  [this, &s, suggested](const Arguments& a) {
                      return with_path(s, a,
                                       {"file.save_as",
                                        "Save the avatar",
                                        suggested(FileContent::avatar),
                                        file_patterns(std::array{FileContent::avatar}, true),
                                        true,
                                        {}},
                                       [&](const std::string& file) { return save(file); });
                  }});
    for (const FileFormat* format : formats_to_write(FileContent::splats)) {
        std::vector<ArgumentSpec> arguments = {path("The file")};
        for (const FileFlag& flag : format->flags())
            arguments.push_back(with_default(flag_argument(flag.name, flag.about), false));
        const std::string command = "file.export_" + format->id(), ending = format->endings().front();
        registry.add(
            {command, "Export " + format->title() + " (" + ending + ")...", "File",
             "Writes the avatar in its present pose, or the splats, for other viewers.", std::move(arguments),
             format->id() == "ply" ? "Ctrl+E" : "", false, "", needs_scene(s),
             [this, &s, format, command, ending](const Arguments& a) {
                 WriteOptions options;
                 for (const FileFlag& flag : format->flags())
                     if (a.flag(flag.name)) options.flags.insert(flag.name);
                 return with_path(
                     s, a, {command, "Export " + format->title(), s.document().name + ending, {"*" + ending}, true, {}},
                     [&](const std::string& file) { return export_as(*format, file, options); });
             }});
    }
}

}  // namespace likeness

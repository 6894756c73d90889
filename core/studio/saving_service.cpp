#include "core/studio/saving_service.h"

#include "core/document/document_writer.h"
#include "core/files/file_formats.h"
#include "core/pipeline/export_splats.h"
#include "core/studio/command_parts.h"
#include "core/studio/studio.h"

namespace likeness {

namespace fs = std::filesystem;

Status SavingService::save(const fs::path& given, bool force) {
    if (!studio_.document().has_avatar()) return studio_error("There is no avatar to save yet.");
    if (save_job_.running()) return studio_error("The avatar is being saved already; wait until that is done.");
    const fs::path file = with_ending(given, FileContent::avatar);
    const Document& document = studio_.document();
    if (document.path.empty() || !same_file(file, document.path)) {
        if (Status may = studio_.may_write(file); !may) return may;
    } else if (const FileStamp now = FileStamp::of(file); !force && now.exists() && now != document.on_disk) {
        return studio_.questions().ask_about_replaced(file);
    }
    save_job_ = studio_.jobs().start_for<FileStamp>(
        "Saving " + file.filename().string(),
        [state = document.state, file, keep = studio_.recovery().keeper()](Progress& progress) -> Result<FileStamp> {
            progress.report(0.1, "Writing");
            const Status written = write_document(state, file, true);
            if (written) return FileStamp::of(file);
            Error error = written.error();
            if (const std::string where = keep(state); !where.empty()) error.message += " " + where;
            return error;
        },
        [this, file, id = document.id, revision = document.revision](const Result<FileStamp>& written) {
            saved(written, id, revision, file);
        },
        {.cancellable = false, .target = file});
    return {};
}

void SavingService::saved(const Result<FileStamp>& written, std::uint64_t id, const Revision& revision,
                          const fs::path& file) {
    save_job_ = {};
    if (!written) {
        studio_.messages().error(written.error());
        studio_.questions().saving_failed();
        return;
    }
    studio_.messages().info("Saved '" + file.string() + "'.");
    studio_.settings().add_recent(file);
    studio_.settings_changed();
    Document& document = studio_.edit_document();
    if (id == document.id) {
        document.path = file;
        document.on_disk = *written;
        document.name = file.stem().string();
        document.saved_revision = revision;
        studio_.recovery().document_saved();
    }
    studio_.questions().saved();
}

Status SavingService::export_as(const FileFormat& format, const fs::path& file, const WriteOptions& options) {
    const Scene what = studio_.scene();
    if (what.empty()) return studio_error("There is nothing to export yet.");
    if (Status may = studio_.may_write(file); !may) return may;
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
        {.target = file});
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
                  {force_argument()},
                  "Ctrl+S",
                  false,
                  "",
                  needs_avatar(s),
                  [this, &s](const Arguments& a) -> Status {
                      if (!s.document().path.empty()) return save(s.document().path, a.flag("force"));
                      return s.execute("file.save_as");
                  }});
    registry.add({"file.save_as",
                  "Save as...",
                  "File",
                  "Writes the avatar to a new file (" + file_endings(FileContent::avatar, true) + ").",
                  {path("The file"), force_argument()},
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
                                       [&](const std::string& file) { return save(file, a.flag("force")); });
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

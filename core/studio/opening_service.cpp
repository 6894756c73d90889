#include "core/studio/opening_service.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/avatar/avatar_file.h"
#include "core/base/paths.h"
#include "core/document/session_file.h"
#include "core/files/file_formats.h"
#include "core/image/file_bytes.h"
#include "core/image/load.h"
#include "core/splat/harmonics.h"
#include "core/studio/command_parts.h"
#include "core/studio/studio.h"
#include "core/studio/workshop.h"

namespace likeness {
namespace {

namespace fs = std::filesystem;

// The middle and the height that show nine tenths of the Gaussians.
void frame_splats(const SplatSet& splats, Document& document) {
    Eigen::Vector3f low, high;
    std::vector<float> values(splats.count);
    for (std::size_t k = 0; k < 3; ++k) {
        for (std::size_t i = 0; i < splats.count; ++i) values[i] = splats.means[i * 3 + k];
        const auto at = [&](double share) {
            const auto nth = values.begin() + std::ptrdiff_t(share * double(values.size() - 1));
            std::nth_element(values.begin(), nth, values.end());
            return *nth;
        };
        low[Eigen::Index(k)] = at(0.05);
        high[Eigen::Index(k)] = at(0.95);
    }
    document.middle = 0.5f * (low + high);
    document.view_height = std::clamp(1.3f * (high - low).norm(), 1e-3f, 1e6f);
}

// On a worker. Motions and light become no document.
struct DocumentOf {
    const fs::path& file;
    Document document;

    void operator()(Avatar avatar) {
        document.kind = DocumentKind::avatar;
        document.stage = DocumentStage::ready;
        document.path = file;
        document.state = read_session(std::move(avatar));
        if (const auto& picture = document.state.avatar.source->picture) {
            auto source = std::make_shared<SourcePhotograph>();
            source->picture = picture;
            source->crop_side = picture->width;
            source->face = 0;
            if (const auto& points = document.state.avatar.source->landmarks; !points.empty()) {
                source->landmarks.emplace();
                std::copy(points.begin(), points.end(), source->landmarks->begin());
            }
            document.source = std::move(source);
        }
    }
    void operator()(SplatSet splats) {
        document.kind = DocumentKind::splats;
        document.stage = DocumentStage::ready;
        document.path = file;
        frame_splats(splats, document);
        document.splats = std::make_shared<const SplatSet>(std::move(splats));
    }
    void operator()(LoadedImage loaded) {
        auto source = std::make_shared<SourcePhotograph>();
        source->file = file;
        source->focal_35mm = loaded.focal_35mm;
        source->full_side = std::max(loaded.original_width, loaded.original_height);
        source->picture = std::make_shared<Image>(std::move(loaded.image));
        document.stage = DocumentStage::preparing;
        document.source = std::move(source);
    }
    void operator()(const MotionTrack&) {}
    void operator()(const EnvironmentMap&) {}
};

}  // namespace

bool OpeningService::opening() const { return open_job_.running(); }

void OpeningService::cancel_opening() {
    open_job_.cancel();
    read_.reset();
}

Status OpeningService::open(const fs::path& file, bool discard) {
    if (DriverService::drives(file)) return studio_.driver().open(file);
    if (const auto size = readable_file_size(file); !size) return size.error();
    if (studio_.maps().takes(file)) return studio_.maps().import(file, "");
    // What is unknown is read as a picture, and called by its name then.
    const std::array picture = {FileContent::picture};
    const FileFormat* format = format_of(file, openable);
    if (format && format->holds() == FileContent::motion) return studio_.motions().open(file);
    // A person is asked when it is known that the file can be read.
    if (!studio_.options().interactive)
        if (const auto may = studio_.questions().may_lose_document({}, discard); !may) return may.error();
    if (discard && read_ && read_->file == file && read_->document->on_disk == FileStamp::of(file)) {
        show(*std::exchange(read_, {}));
        return {};
    }
    cancel_opening();  // the last wish counts
    open_document(file, format ? *format : *formats_of(picture).front(), {}, discard);
    return {};
}

void OpeningService::drain() {
    if (!read_) return;
    const auto& question = studio_.questions().question();
    if (question && (read_->asked || question->saving || question->then.id != "file.open")) return;
    if (read_->asked) {  // and the answer was no
        read_.reset();
        return;
    }
    read_->asked = true;
    const auto may = studio_.questions().may_lose_document({"file.open", {{"path", read_->file.string()}}}, false);
    if (may && *may) show(*std::exchange(read_, {}));
}

void OpeningService::open_autosave(const Recovery& recovery) {
    const std::array avatar = {FileContent::avatar};
    open_document(recovery.autosave, *formats_of(avatar).front(), recovery, true);
}

void OpeningService::open_document(const fs::path& file, const FileFormat& format,
                                   const std::optional<Recovery>& recovery, bool discard) {
    auto notes = std::make_shared<std::vector<std::string>>();
    open_job_ = studio_.jobs().start_for<std::shared_ptr<Document>>(
        "Opening " + file.filename().string(),
        [file, &format, notes,
         tools = studio_.workshop().tools()](Progress& progress) -> Result<std::shared_ptr<Document>> {
            const FileStamp on_disk = FileStamp::of(file);  // before it is read: what comes later is another's
            auto value = format.read(file, {&tools->heads, &progress, notes.get()});
            if (!value) return value.error();
            progress.report(0.8, "Preparing");
            DocumentOf make{file, {}};
            make.document.name = file.stem().string();
            make.document.on_disk = on_disk;
            std::visit(make, *std::move(value));
            return std::make_shared<Document>(std::move(make.document));
        },
        [this, file, recovery, notes, discard](Result<std::shared_ptr<Document>> result) {
            if (!result) {
                if (result.error().code != ErrorCode::cancelled) studio_.messages().error(result.error());
                return;
            }
            Read read{file, *std::move(result), std::move(*notes), recovery};
            if (discard || !studio_.options().interactive)
                show(std::move(read));
            else
                read_ = std::move(read);
        });
}

// The file becomes the document.
void OpeningService::show(Read read) {
    if (read.recovery) {
        read.document->path = read.recovery->document;
        read.document->on_disk = read.recovery->on_disk;
        read.document->name = read.recovery->name;
        read.document->revision.learned = 1;  // not saved yet
    }
    studio_.replace_document(std::move(*read.document));
    const Document& now = studio_.document();
    studio_.messages().info(read.recovery ? "Recovered '" + now.name + "'; it is not saved yet."
                                          : "Opened '" + read.file.string() + "'.");
    // After that, so that it is the one that the window shows.
    if (now.kind == DocumentKind::avatar && now.has_avatar())
        if (const std::string unknown = unknown_parts_sentence(now.avatar(), now.name); !unknown.empty())
            studio_.messages().warning(unknown);
    if (read.recovery) {
        studio_.recovery().recovered(*read.recovery);
    } else {
        studio_.settings().add_recent(read.file);
        studio_.settings_changed();
        if (now.stage == DocumentStage::preparing) studio_.trainer().prepare(now.source, 0);
    }
    for (const std::string& note : read.notes)
        studio_.messages().warning("'" + read.file.filename().string() + "': " + note);
}

Status OpeningService::turn_over() {
    if (turn_job_.running()) return studio_error("They are being turned over already; wait until that is done.");
    turn_job_ = studio_.jobs().start_for<std::shared_ptr<const SplatSet>>(
        "Turning upside down",
        [splats = studio_.document().splats](Progress&) -> Result<std::shared_ptr<const SplatSet>> {
            auto turned = std::make_shared<SplatSet>(*splats);
            turn(*turned, Eigen::Vector3f(-1, -1, 1).asDiagonal().toDenseMatrix());  // half a turn about z
            return std::shared_ptr<const SplatSet>(std::move(turned));
        },
        [this, id = studio_.document().id](Result<std::shared_ptr<const SplatSet>> turned) {
            if (!turned && turned.error().code != ErrorCode::cancelled) studio_.messages().error(turned.error());
            if (!turned || id != studio_.document().id) return;
            studio_.edit_document().splats = *std::move(turned);
            studio_.edit_document().middle.head<2>() *= -1;
            studio_.redraw();
        });
    return {};
}

Status OpeningService::close(bool discard) {
    const auto may = studio_.questions().may_lose_document({"file.close", {}}, discard);
    if (!may) return may.error();
    if (!*may) return {};
    cancel_opening();
    studio_.replace_document({});
    return {};
}

void OpeningService::add_commands(CommandRegistry& registry) {
    Studio& s = studio_;
    const auto path = [](const std::string& what) { return optional_argument(text_argument("path", what)); };
    registry.add({"file.open",
                  "Open...",
                  "File",
                  "Opens a portrait (" + picture_names() + ") and makes an avatar of it, or opens an avatar (" +
                      file_endings(FileContent::avatar) + "), splats to look at (" + file_endings(FileContent::splats) +
                      "), a motion (" + file_endings(FileContent::motion) + ") or a video that drives the avatar.",
                  {path("The file"), discard_argument()},
                  "Ctrl+O",
                  false,
                  "",
                  {},
                  [this, &s](const Arguments& a) {
                      std::vector<std::string> patterns = file_patterns(openable);
                      for (std::string& video : video_patterns()) patterns.push_back(std::move(video));
                      return with_path(s, a, {"file.open", "Open", "", std::move(patterns), false, {}},
                                       [&](const std::string& file) { return open(file, a.flag("discard")); });
                  }});
    registry.add({"file.open_sample",
                  "Open sample portrait",
                  "File",
                  "Makes an avatar of the portrait that comes with the program: Eileen Collins, photographed by NASA.",
                  {discard_argument()},
                  "",
                  false,
                  "",
                  {},
                  [this](const Arguments& a) -> Status {
                      const auto portrait = find_asset(sample_portrait);
                      return portrait ? open(*portrait, a.flag("discard")) : Status(portrait.error());
                  }});
    registry.add({"file.open_recent",
                  "Open recent",
                  "File",
                  "Opens a file that was open before.",
                  {integer_argument("index", "Which, 0 is the newest", 0, 11), discard_argument()},
                  "",
                  false,
                  "",
                  [&s] { return s.settings().recent_files.empty() ? "No file was opened yet." : ""; },
                  [this, &s](const Arguments& a) -> Status {
                      const auto& recent = s.settings().recent_files;
                      const auto index = std::size_t(a.integer("index"));
                      if (index >= recent.size())
                          return studio_error("There are only " + std::to_string(recent.size()) + " recent files.");
                      return open(std::string(recent[index]), a.flag("discard"));
                  }});
}

}  // namespace likeness

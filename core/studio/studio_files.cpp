// Opening, saving and exporting.
#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <fstream>

#include "core/avatar/avatar_file.h"
#include "core/formats/splat_ply.h"
#include "core/image/file_bytes.h"
#include "core/image/load.h"
#include "core/studio/render_avatar.h"
#include "core/studio/studio_parts.h"

namespace likeness {
namespace {

namespace fs = std::filesystem;

std::string lower_extension(const fs::path& file) {
    std::string ending = file.extension().string();
    for (char& c : ending) c = char(std::tolower(static_cast<unsigned char>(c)));
    return ending;
}

enum class FileKind { picture, avatar, splats, motion };

// By content; a motion in CSV has no mark of its own.
FileKind kind_of(const fs::path& file) {
    std::array<char, 4> begin{};
    std::ifstream(file, std::ios::binary).read(begin.data(), begin.size());
    const std::string_view text(begin.data(), begin.size());
    if (text.starts_with("PK")) return FileKind::avatar;
    if (text.starts_with("ply")) return FileKind::splats;
    const std::string ending = lower_extension(file);
    if (text.starts_with("{") || ending == ".csv" || ending == ".json") return FileKind::motion;
    if (ending == ".likeness") return FileKind::avatar;
    if (ending == ".ply") return FileKind::splats;
    return FileKind::picture;
}

bool same_file(const fs::path& a, const fs::path& b) { return a.lexically_normal() == b.lexically_normal(); }

std::shared_ptr<const AnchoredSplats> splats_of(const std::shared_ptr<const Avatar>& avatar) {
    return {avatar, &avatar->splats};
}

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

// The document's avatar as it is to be written.
struct Snapshot {
    std::shared_ptr<const Avatar> avatar, fitted;
    std::shared_ptr<const AnchoredSplats> gaussians;
    EditableState edits;
    Eigen::VectorXf baked_change;

    explicit Snapshot(const Document& d)
        : avatar(d.avatar),
          fitted(d.fitted),
          gaussians(d.gaussians),
          edits(d.edits),
          baked_change(d.baked_identity_change) {}

    Status write(const fs::path& file, bool thumbnail) const {
        // The newest shape, baked or not.
        const bool behind = edits.identity_change.size() > 0 && edits.identity_change != baked_change;
        Avatar whole = behind ? *IdentityBaker(fitted).bake(edits.identity_change) : *avatar;
        whole.splats = *gaussians;
        write_session(whole, fitted->identity, edits);
        Image small;
        if (thumbnail) {
            AvatarRenderer renderer;
            small = renderer.render(whole, HeadPose::neutral(*whole.model), default_camera(whole, 256, 256));
        }
        return save_avatar(file, whole, small);
    }
};

}  // namespace

Status Studio::open(const fs::path& file, bool discard) {
    if (const auto size = readable_file_size(file); !size) return size.error();
    const FileKind kind = kind_of(file);
    if (kind == FileKind::motion) return open_motion(file);
    const auto may = may_lose_document({"file.open", {{"path", file.string()}}}, discard);
    if (!may) return may.error();
    if (!*may) return {};
    jobs_.cancel(open_job_);  // the last wish counts
    if (kind == FileKind::avatar)
        open_avatar_file(file, {});
    else if (kind == FileKind::splats)
        open_splats(file);
    else
        open_picture(file);
    return {};
}

void Studio::open_picture(const fs::path& file) {
    open_job_ = jobs_.start_for<LoadedImage>(
        "Opening " + file.filename().string(), [file](Progress&) { return load_picture(file); },
        [this, file](Result<LoadedImage> loaded) {
            if (!loaded) {
                if (loaded.error().code != ErrorCode::cancelled) messages_.error(loaded.error());
                return;
            }
            auto source = std::make_shared<SourcePhotograph>();
            source->file = file;
            source->focal_35mm = loaded->focal_35mm;
            source->picture = std::make_shared<Image>(std::move(loaded->image));
            Document document;
            document.stage = DocumentStage::preparing;
            document.name = file.stem().string();
            document.source = source;
            replace_document(std::move(document));
            messages_.info("Opened '" + file.string() + "'.");
            settings_.add_recent(file);
            settings_changed();
            prepare(source, 0);
        });
}

void Studio::open_avatar_file(const fs::path& file, const std::optional<Recovery>& recovery) {
    open_job_ = jobs_.start_for<std::shared_ptr<Opened>>(
        "Opening " + file.filename().string(),
        [file, tools = tools_](Progress& progress) -> Result<std::shared_ptr<Opened>> {
            progress.report(0.1, "Loading the head");
            const auto head = tools->load_head();
            progress.report(0.4, "Reading the avatar");
            auto loaded = load_avatar(file, head);
            if (!loaded) return loaded.error();
            auto opened = std::make_shared<Opened>();
            opened->avatar = std::make_shared<const Avatar>(*std::move(loaded));
            progress.report(0.8, "Preparing");
            ReadSession session = read_session(opened->avatar);
            opened->fitted = std::move(session.fitted);
            opened->edits = std::move(session.edits);
            if (const SourceView& view = opened->avatar->source; !view.picture.empty()) {
                auto source = std::make_shared<SourcePhotograph>();
                source->picture = std::shared_ptr<const Image>(opened->avatar, &view.picture);
                source->crop_side = view.picture.width;
                opened->source = std::move(source);
            }
            return opened;
        },
        [this, file, recovery](Result<std::shared_ptr<Opened>> result) {
            if (!result) {
                if (result.error().code != ErrorCode::cancelled) messages_.error(result.error());
                return;
            }
            const Opened& opened = **result;
            Document document;
            document.kind = DocumentKind::avatar;
            document.stage = DocumentStage::ready;
            document.path = recovery ? recovery->document : file;
            document.name = recovery ? recovery->name : file.stem().string();
            document.source = opened.source;
            document.fitted = opened.fitted;
            document.avatar = opened.avatar;
            document.gaussians = splats_of(opened.avatar);
            document.edits = opened.edits;
            document.baked_identity_change = opened.edits.identity_change;
            if (recovery) document.revision.learned = 1;  // not saved yet
            replace_document(std::move(document));
            if (recovery) {
                recovered_ = recovery;
                std::erase_if(recoveries_, [&](const Recovery& r) { return r.autosave == recovery->autosave; });
                messages_.info("Recovered '" + document_.name + "'; it is not saved yet.");
                autosave(true);
                return;
            }
            messages_.info("Opened '" + file.string() + "'.");
            settings_.add_recent(file);
            settings_changed();
            if (options_.remember)
                for (Recovery& found : RecoveryFolder::find_beside(file))
                    if (!awaits_recovery(found.autosave)) recoveries_.push_back(std::move(found));
        });
}

void Studio::open_splats(const fs::path& file) {
    open_job_ = jobs_.start_for<std::shared_ptr<Document>>(
        "Opening " + file.filename().string(),
        [file](Progress&) -> Result<std::shared_ptr<Document>> {
            auto loaded = load_splat_ply(file);
            if (!loaded) return loaded.error();
            auto document = std::make_shared<Document>();
            document->kind = DocumentKind::splats;
            document->stage = DocumentStage::ready;
            document->path = file;
            document->name = file.stem().string();
            frame_splats(*loaded, *document);
            document->splats = std::make_shared<const SplatSet>(*std::move(loaded));
            return document;
        },
        [this, file](Result<std::shared_ptr<Document>> document) {
            if (!document) {
                if (document.error().code != ErrorCode::cancelled) messages_.error(document.error());
                return;
            }
            replace_document(std::move(**document));
            messages_.info("Opened '" + file.string() + "'.");
            settings_.add_recent(file);
            settings_changed();
        });
}

Status Studio::close(bool discard) {
    const auto may = may_lose_document({"file.close", {}}, discard);
    if (!may) return may.error();
    if (!*may) return {};
    jobs_.cancel(open_job_);
    replace_document({});
    return {};
}

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
        [what = Snapshot(document_), file](Progress& progress) {
            progress.report(0.1, "Writing");
            return what.write(file, true);
        },
        [this, file, id = document_.id, revision = document_.revision](const Status& status) {
            saved(status, id, revision, file);
        },
        {.cancellable = false});
    return {};
}

void Studio::saved(const Status& status, std::uint64_t id, const Revision& revision, const fs::path& file) {
    save_job_ = 0;
    if (!status) {
        messages_.error(status.error());
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
        [what, file, sh3](Progress& progress) -> Status {
            progress.report(0.1, "Posing");
            SplatSet posed, shown;
            pose_scene(what, posed);
            // Hidden layers stay out of the file.
            std::vector<std::size_t> kept;
            for (std::size_t i = 0; i < posed.count; ++i)
                if (posed.opacities[i] > 0) kept.push_back(i);
            if (kept.empty()) return studio_error("All layers are hidden; show one before you export.");
            shown.resize(kept.size());
            const auto copy = [&kept](const std::vector<float>& from, std::vector<float>& to, std::size_t width) {
                for (std::size_t i = 0; i < kept.size(); ++i)
                    std::copy_n(&from[kept[i] * width], width, &to[i * width]);
            };
            copy(posed.means, shown.means, 3);
            copy(posed.scales, shown.scales, 3);
            copy(posed.rotations, shown.rotations, 4);
            copy(posed.colors, shown.colors, 3);
            copy(posed.opacities, shown.opacities, 1);
            progress.report(0.4, "Writing");
            return save_splat_ply(file, shown, sh3);
        },
        [this, file](const Status& status) {
            if (status)
                messages_.info("Exported '" + file.string() + "'.");
            else if (status.error().code != ErrorCode::cancelled)
                messages_.error(status.error());
        });
    return {};
}

Status Studio::open_motion(const fs::path& file) {
    if (const auto size = readable_file_size(file); !size) return size.error();
    using Track = std::shared_ptr<const MotionTrack>;
    jobs_.start_for<Track>(
        "Opening " + file.filename().string(),
        [file](Progress&) -> Result<Track> {
            auto track = load_motion(file);
            if (!track) return track.error();
            return std::make_shared<const MotionTrack>(*std::move(track));
        },
        [this, file](Result<Track> track) {
            if (!track) {
                if (track.error().code != ErrorCode::cancelled) messages_.error(track.error());
                return;
            }
            if (const HeadModel* model = document_.model()) {
                const auto& names = (*track)->names;
                const auto known =
                    std::count_if(names.begin(), names.end(), [&](const auto& n) { return model->control(n) >= 0; });
                if (known == 0 && (*track)->head.empty()) {
                    messages_.error({ErrorCode::bad_input,
                                     "'" + file.string() + "' moves nothing that this head has; choose another motion.",
                                     ""});
                    return;
                }
                if (std::size_t(known) < names.size())
                    messages_.warning("'" + file.filename().string() +
                                      "': " + std::to_string(names.size() - std::size_t(known)) +
                                      " of its controls are unknown and were left out.");
            }
            motion_.open(*std::move(track), file);
            ++scene_version_;
        });
    return {};
}

// ---- autosave and recovery ----

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
        [what = Snapshot(document_), recovery, elsewhere, folder = recovery_folder_](Progress&) mutable -> Status {
            Status written = what.write(recovery.autosave, false);
            if (!written && recovery.autosave != elsewhere) {
                recovery.autosave = elsewhere;
                written = what.write(elsewhere, false);
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

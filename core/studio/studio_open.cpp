// Opening: photographs, avatars, splats, motions; and closing.
#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>

#include "core/avatar/avatar_file.h"
#include "core/formats/splat_ply.h"
#include "core/image/file_bytes.h"
#include "core/image/load.h"
#include "core/studio/studio_parts.h"

namespace likeness {
namespace {

namespace fs = std::filesystem;

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
            progress.report(0.8, "Preparing");
            opened->state = read_session(*std::move(loaded));
            if (const auto& picture = opened->state.avatar.source->picture) {
                auto source = std::make_shared<SourcePhotograph>();
                source->picture = picture;
                source->crop_side = picture->width;
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
            document.state = opened.state;
            if (recovery) document.revision.learned = 1;  // not saved yet
            replace_document(std::move(document));
            if (const std::string unknown = unknown_parts_sentence(document_.avatar(), document_.name); !unknown.empty())
                messages_.warning(unknown);
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

Status Studio::turn_over() {
    if (jobs_.running(turn_job_)) return studio_error("They are being turned over already; wait until that is done.");
    turn_job_ = jobs_.start_for<std::shared_ptr<const SplatSet>>(
        "Turning upside down",
        [splats = document_.splats](Progress&) -> Result<std::shared_ptr<const SplatSet>> {
            // Half a turn about z: (x, y) become (-x, -y), and a quaternion q becomes (0, 0, 0, 1) q.
            auto turned = std::make_shared<SplatSet>(*splats);
            for (std::size_t i = 0; i < turned->count; ++i) {
                float* mean = &turned->means[3 * i];
                mean[0] = -mean[0];
                mean[1] = -mean[1];
                float* q = &turned->rotations[4 * i];
                const std::array<float, 4> before = {q[0], q[1], q[2], q[3]};
                q[0] = -before[3];
                q[1] = -before[2];
                q[2] = before[1];
                q[3] = before[0];
            }
            return std::shared_ptr<const SplatSet>(std::move(turned));
        },
        [this, id = document_.id](Result<std::shared_ptr<const SplatSet>> turned) {
            if (!turned && turned.error().code != ErrorCode::cancelled) messages_.error(turned.error());
            if (!turned || id != document_.id) return;
            document_.splats = *std::move(turned);
            document_.middle.head<2>() *= -1;
            ++scene_version_;
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

Status Studio::close(bool discard) {
    const auto may = may_lose_document({"file.close", {}}, discard);
    if (!may) return may.error();
    if (!*may) return {};
    jobs_.cancel(open_job_);
    replace_document({});
    return {};
}

}  // namespace likeness

#include "core/pipeline/video_looks.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <mutex>
#include <sstream>

#include "core/base/crew.h"
#include "core/base/hash.h"
#include "core/base/log.h"
#include "core/base/parallel.h"
#include "core/head/head_registry.h"
#include "core/image/ops.h"
#include "core/media/frame_source.h"
#include "core/pipeline/kept_looks.h"
#include "core/pipeline/video_stamp.h"
#include "core/vision/clothes_points.h"
#include "core/vision/face_watcher.h"

namespace likeness {
namespace {

constexpr int looks_version = 1;  // of the kept file: another one where the same video would be seen otherwise
constexpr int preview_side = 480;
constexpr auto lock_patience = std::chrono::seconds(3);
constexpr auto preview_pause = std::chrono::milliseconds(100);
constexpr int refill_every = 8;  // frames: looking for more points where nothing holds costs much and brings nothing

struct LookJob {
    LookJob(Image given, WatchedFrame face, std::size_t at, SeenFrame* to)
        : picture(std::move(given)), watched(std::move(face)), number(at), seen(to) {}
    const Image picture;
    const WatchedFrame watched;
    const std::size_t number;
    SeenFrame* const seen;  // each thread writes members of its own
    mutable std::once_flag viewed;
    mutable std::shared_ptr<const ClothesPoints::View> view = {};

    // Made by the thread that wants it first.
    const std::shared_ptr<const ClothesPoints::View>& clothes() const {
        std::call_once(viewed, [this] { view = ClothesPoints::view(picture); });
        return view;
    }
};

std::vector<std::uint8_t> colors_at(const Image& frame, const LandmarkPoints& points) {
    std::vector<std::uint8_t> colors(3 * landmarks::face_count, 0);
    for (std::size_t i = 0; i < landmarks::face_count; ++i) {
        const int x = int(std::floor(points[i].x())), y = int(std::floor(points[i].y()));
        if (x < 0 || y < 0 || x >= frame.width || y >= frame.height) continue;
        for (std::size_t c = 0; c < 3; ++c)
            colors[3 * i + c] = std::uint8_t(std::lround(255 * std::clamp(frame.at(x, y)[c], 0.0f, 1.0f)));
    }
    return colors;
}

LandmarkPoints points_of(const FaceLandmarks& face) {
    LandmarkPoints points;
    std::copy(face.points.begin(), face.points.end(), points.begin());
    return points;
}

// The chains, see the header.
class Looker {
    using Job = std::shared_ptr<const LookJob>;
    using LookCrew = Crew<Job>;

  public:
    Looker(PortraitTools& tools, const TrackOptions& options)
        : options_(options),
          watcher_(*tools.faces, {.face = options.face}),
          clothes_crew_(1, [this, &tools] { return follow_clothes(*tools.segmenter); }),
          look_crew_(std::size_t(options.threads > 0 ? options.threads : worker_count()),
                     [this] { return look_again_at(); }) {}

    Status next(Image picture, double seconds) {
        auto watched = watcher_.next(picture);
        if (!watched) return watched.error();
        SeenFrame& seen = looks_.frames.emplace_back();
        seen.seconds = seconds;
        seen.cut = watched->cut;
        seen.anew = watched->found_anew;
        show(picture, *watched, seconds);
        const auto job =
            std::make_shared<const LookJob>(std::move(picture), *std::move(watched), looks_.frames.size() - 1, &seen);
        look_crew_.add(job);
        clothes_crew_.add(job);
        if (clothes_crew_.failed() || look_crew_.failed()) return finish();
        return {};
    }

    // Goes on from what was kept; `last` is the last frame of it.
    void remember(KeptLooks kept, const Image& last) {
        watcher_.remember(kept.face, last);
        clothes_.remember(kept.clothes, last);
        looks_ = std::move(kept);
    }

    // Waits for all that was begun.
    Status finish() {
        const Status clothes = clothes_crew_.close(), looks = look_crew_.close();
        return clothes ? looks : clothes;
    }
    // After finish().
    KeptLooks take() {
        looks_.face = watcher_.memory();
        looks_.clothes = clothes_.memory();
        return std::move(looks_);
    }

  private:
    LookCrew::Work look_again_at() {
        auto finder = std::make_shared<Result<std::unique_ptr<LandmarkFinder>>>(LandmarkFinder::load());
        return [this, finder](const Job& job) -> Status {
            if (!*finder) return finder->error();
            (void)job->clothes();  // else the one thread that follows them makes it
            if (!job->watched.face) return {};
            const auto face = look_again(***finder, job->picture, *job->watched.face, options_.looks);
            if (!face) return face.error();
            SeenFrame& seen = *job->seen;
            seen.face = face->has_value();
            if (!seen.face) return {};
            seen.points = points_of(**face);
            seen.colors = colors_at(job->picture, seen.points);
            return {};
        };
    }

    LookCrew::Work follow_clothes(PersonSegmenter& segmenter) {
        return [this, &segmenter](const Job& job) -> Status {
            const std::vector<ClothesPoint>& points = clothes_.next(job->clothes(), job->watched.cut);
            const std::optional<FaceLandmarks>& face = job->watched.face;
            if (!face) return {};
            if (clothes_.wants_more() &&
                (!looks_.clothes_sought || job->number % refill_every == 0 || job->watched.cut)) {
                const auto person = segmenter.probability(job->picture, *face, 256, 256);
                if (!person) return person.error();
                clothes_.add(*person, *face);
                looks_.clothes_sought = true;
            }
            for (const ClothesPoint& p : points) job->seen->torso.push_back({p.number, p.at, p.sureness});
            return {};
        };
    }

    void show(const Image& picture, const WatchedFrame& watched, double seconds) {
        const auto now = std::chrono::steady_clock::now();
        begins_ = begins_ || watched.cut || watched.found_anew;
        if (!options_.preview || now - shown_ < preview_pause) return;
        shown_ = now;
        std::optional<LandmarkPoints> points;
        if (watched.face) points = points_of(*watched.face);
        TrackPreview preview = preview_of(picture, points ? &*points : nullptr, looks_.frames.size() - 1, seconds);
        preview.begins = std::exchange(begins_, false);
        options_.preview(preview);
    }

    const TrackOptions& options_;
    FaceWatcher watcher_;
    ClothesPoints clothes_;
    KeptLooks looks_;
    std::chrono::steady_clock::time_point shown_{};
    bool begins_ = false;                // see TrackPreview
    LookCrew clothes_crew_, look_crew_;  // last: they use the rest
};

// What the looks at a video depend on.
std::string key_of(const PortraitTools& tools, const std::filesystem::path& video, const TrackOptions& options) {
    std::ostringstream key;
    key.precision(17);
    key << looks_version << " | " << stamp_of(video) << " | " << head_hash(*tools.head) << " | " << options.face << ' '
        << options.step << ' ' << options.begin << ' ' << options.end << ' ' << options.looks;
    if (options.crop)
        for (const int value : *options.crop) key << ' ' << value;
    return key.str();
}

std::filesystem::path file_of(const std::string& key, const TrackOptions& options) {
    ContentHash hash;
    hash.add(key.data(), key.size());
    return options.keep_in / (hash.text() + ".looks");
}

// The frames of a video that count, one after another.
class ChosenFrames {
  public:
    ChosenFrames(std::unique_ptr<FrameSource> source, const TrackOptions& options)
        : options_(options), frames_(std::move(source)) {}
    Result<std::optional<FramesAhead::Timed>> next() {
        while (true) {
            auto frame = frames_.next();
            if (!frame || !*frame) return frame;
            if ((*frame)->seconds > options_.end) return std::optional<FramesAhead::Timed>();
            const bool chosen = (*frame)->seconds >= options_.begin && number_ % options_.step == 0;
            ++number_;
            if (!chosen) continue;
            if (options_.crop) {
                const std::array<int, 4>& part = *options_.crop;
                (*frame)->picture = crop((*frame)->picture, part[0], part[1], part[2], part[3]);
            }
            return frame;
        }
    }

    std::vector<std::string> notes() const { return frames_.notes(); }

  private:
    const TrackOptions& options_;
    FramesAhead frames_;
    std::int64_t number_ = 0;
};

Result<std::unique_ptr<FrameSource>> open_video(const std::filesystem::path& video, const TrackOptions& options,
                                                VideoLooks& looks) {
    auto source = open_frames(video);
    if (!source) return source;
    const int width = (*source)->width(), height = (*source)->height();
    const std::array<int, 4> part = options.crop.value_or(std::array{0, 0, width, height});
    if (part[0] < 0 || part[1] < 0 || part[2] < 32 || part[3] < 32 || part[2] > width - part[0] ||
        part[3] > height - part[1])
        return Error{ErrorCode::invalid_argument,
                     "The part of '" + video.string() + "' must lie inside its " + std::to_string(width) + " x " +
                         std::to_string(height) + " pixels and have 32 or more on each side.",
                     ""};
    looks.width = part[2];
    looks.height = part[3];
    looks.origin = {part[0], part[1]};
    looks.rate = (*source)->fps() / options.step;
    return source;
}

}  // namespace

TrackPreview preview_of(const Image& frame, const LandmarkPoints* points, std::size_t number, double seconds) {
    const bool large = std::max(frame.width, frame.height) > preview_side;
    TrackPreview preview;
    preview.picture = std::make_shared<const Image>(large ? resize_longer_side(frame, preview_side) : frame);
    preview.number = number;
    preview.seconds = seconds;
    if (!points) return preview;
    preview.landmarks = *points;
    const float scale = float(preview.picture->width) / float(frame.width);
    for (Eigen::Vector3f& p : *preview.landmarks) p *= scale;
    return preview;
}

Result<VideoLooks> look_through(PortraitTools& tools, const std::filesystem::path& video, const TrackOptions& options,
                                Progress& progress) {
    VideoLooks looks;
    auto source = open_video(video, options, looks);
    if (!source) return source.error();
    const double end = std::min(options.end, double((*source)->frame_count()) / (*source)->fps());
    const auto share = [&](double seconds) {
        return end > options.begin ? std::clamp((seconds - options.begin) / (end - options.begin), 0.0, 1.0) : 0.0;
    };
    ChosenFrames frames(*std::move(source), options);
    std::string key;
    std::optional<KeptLooks> kept;
    if (!options.keep_in.empty()) {
        key = key_of(tools, video, options);
        kept = load_looks(file_of(key, options), key);
    }
    std::size_t known = kept ? kept->frames.size() : 0;
    const LoneWork alone;  // this thread's own chain; the others have the rest of the processors
    Looker looker(tools, options);
    try {
        for (std::size_t number = 0;; ++number) {
            auto frame = frames.next();
            if (!frame) return frame.error();
            if (!*frame) break;
            const double seconds = (*frame)->seconds;
            if (number < known) {
                progress.report(share(seconds), "Going on where it stopped");
                if (kept->frames[number].seconds != seconds) {  // another video after all
                    forget_looks(tools, video, options);
                    return look_through(tools, video, options, progress);
                }
                if (number + 1 == known) looker.remember(*std::exchange(kept, std::nullopt), (*frame)->picture);
                continue;
            }
            progress.report(share(seconds), "Following the face");
            if (Status seen = looker.next(std::move((*frame)->picture), seconds); !seen) return seen.error();
        }
        if (Status done = looker.finish(); !done) return done.error();
        progress.report(1, "Following the face");
    } catch (const Cancelled&) {
        if (!options.keep_in.empty() && !kept && looker.finish()) {
            const KeptLooks seen = looker.take();
            if (Status saved = seen.frames.empty() ? Status() : save_looks(file_of(key, options), key, seen); !saved)
                spdlog::warn("{}", saved.error().message);
        }
        throw;
    }
    if (kept) {  // more was kept than the video has
        forget_looks(tools, video, options);
        return look_through(tools, video, options, progress);
    }
    KeptLooks seen = looker.take();
    looks.frames = std::move(seen.frames);
    looks.notes = frames.notes();
    looks.face = std::move(seen.face);
    looks.clothes = std::move(seen.clothes);
    looks.clothes_sought = seen.clothes_sought;
    if (looks.frames.empty())
        return Error{ErrorCode::bad_input, "'" + video.string() + "' has no frame between the given times.", ""};
    return looks;
}

std::optional<LooksLock> lock_looks(const PortraitTools& tools, const std::filesystem::path& video,
                                    const TrackOptions& options, Progress& progress) {
    clear_old_looks(options.keep_in);
    const std::filesystem::path file = file_of(key_of(tools, video, options), options);
    const auto end = std::chrono::steady_clock::now() + lock_patience;
    while (true) {
        if (auto lock = LooksLock::take(file)) return lock;
        if (std::chrono::steady_clock::now() > end) return std::nullopt;
        progress.report(0, "Waiting for another look at the same video");
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

void keep_looks(const PortraitTools& tools, const std::filesystem::path& video, const TrackOptions& options,
                VideoLooks looks) {
    if (options.keep_in.empty()) return;
    const std::string key = key_of(tools, video, options);
    const KeptLooks kept{std::move(looks.frames), std::move(looks.face), std::move(looks.clothes),
                         looks.clothes_sought};
    if (Status saved = save_looks(file_of(key, options), key, kept); !saved) spdlog::warn("{}", saved.error().message);
}

void forget_looks(const PortraitTools& tools, const std::filesystem::path& video, const TrackOptions& options) {
    if (options.keep_in.empty()) return;
    std::error_code ignored;
    std::filesystem::remove(file_of(key_of(tools, video, options), options), ignored);
}

}  // namespace likeness

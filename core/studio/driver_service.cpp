#include "core/studio/driver_service.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <fstream>

#include "core/base/file_kind.h"
#include "core/files/file_formats.h"
#include "core/motion/tracked_motion.h"
#include "core/pipeline/track_video.h"
#include "core/pipeline/video_stamp.h"
#include "core/studio/command_parts.h"
#include "core/studio/studio.h"
#include "core/tracking/track_repair.h"

namespace likeness {

namespace fs = std::filesystem;

namespace {

constexpr std::array video_endings = {".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg", ".ts", ".ogv", ".gif"};

bool is_track(const fs::path& file) {
    const FileFormat* format = format_of(file, std::array{FileContent::motion});
    return format && format->id() == "track";
}

bool is_video_file(const fs::path& file) {
    std::string ending = file.extension().string();
    for (char& c : ending) c = char(std::tolower(static_cast<unsigned char>(c)));
    if (std::find(video_endings.begin(), video_endings.end(), ending) != video_endings.end()) return true;
    std::string begin(64, 0);
    std::ifstream in(file, std::ios::binary);
    in.read(begin.data(), std::streamsize(begin.size()));
    begin.resize(std::size_t(in.gcount()));
    const std::string_view what = file_kind(begin, file.string()).what;
    return what == "a video" || what == "a sound or video" || what == "a GIF";
}

// The same frames, of which some take the values that lie between those round them; begin and end stay.
MotionTrack without_frames(const MotionTrack& motion, const std::vector<bool>& left_out) {
    std::vector<std::size_t> kept;
    for (std::size_t r = 0; r < motion.frame_count(); ++r)
        if (!left_out[r]) kept.push_back(r);
    MotionTrack track = motion;
    if (kept.empty() || kept.size() == motion.frame_count()) return track;
    track.times.clear();
    track.weights.clear();
    track.head.clear();
    track.neck.clear();
    track.body.clear();
    track.face.clear();
    const std::size_t width = motion.names.size();
    const auto add = [&](std::size_t from, double seconds) {
        track.times.push_back(seconds);
        const auto row = motion.weights.begin() + std::ptrdiff_t(from * width);
        track.weights.insert(track.weights.end(), row, row + std::ptrdiff_t(width));
        const auto copy = [from](const auto& all, auto& to) {
            if (!all.empty()) to.push_back(all[from]);
        };
        copy(motion.head, track.head);
        copy(motion.neck, track.neck);
        copy(motion.body, track.body);
        copy(motion.face, track.face);
    };
    if (kept.front() > 0) add(kept.front(), motion.times.front());
    for (const std::size_t r : kept) add(r, motion.times[r]);
    if (kept.back() + 1 < motion.frame_count()) add(kept.back(), motion.times.back());
    return track;
}

Error other_head(const FaceTrack& track) {
    return {ErrorCode::invalid_argument,
            "The track of '" + track.video +
                "' was made with another head, so its frames cannot be fitted again; "
                "track the video again.",
            ""};
}

// Which rows of the motion frames are that a person left out.
std::vector<bool> rows_of(const Driving& driving, const std::vector<std::array<int, 2>>& frames) {
    std::vector<bool> rows(driving.motion.frame_count(), false);
    const auto& times = driving.motion.times;
    for (const auto& [from, to] : frames)
        for (int f = std::max(from, 0); f < std::min(to, int(driving.track->frames.size())); ++f) {
            const double seconds = driving.motion_seconds(f);
            const auto at = std::lower_bound(times.begin(), times.end(), seconds - 1e-6);
            if (at != times.end() && *at < seconds + 1e-6) rows[std::size_t(at - times.begin())] = true;
        }
    return rows;
}

}  // namespace

std::vector<std::string> video_patterns() {
    std::vector<std::string> patterns;
    for (const char* ending : video_endings) patterns.push_back(std::string("*") + ending);
    return patterns;
}

std::vector<std::string> motion_patterns() {
    std::vector<std::string> patterns = file_patterns(std::array{FileContent::motion});
    for (std::string& pattern : video_patterns()) patterns.push_back(std::move(pattern));
    return patterns;
}

int Driving::frame_at(double motion_seconds) const {
    const auto& frames = track->frames;
    const double seconds = begin + motion_seconds + 0.5 / track->rate;
    const auto after = std::upper_bound(frames.begin(), frames.end(), seconds,
                                        [](double s, const TrackedFrame& frame) { return s < frame.seconds; });
    return std::max(0, int(after - frames.begin()) - 1);
}

double Driving::motion_seconds(int frame) const { return track->frames[std::size_t(frame)].seconds - begin; }

// ---- opening and tracking ----

struct DriverService::Tracked {
    FaceTrack track;
    MotionTrack motion;
    std::optional<PoseSample> neutral;
    fs::path video;
    std::vector<std::string> notes;
    std::vector<std::array<int, 2>> dropped;  // that the file has
};

bool DriverService::drives(const fs::path& file) {
    std::error_code unreadable;
    if (fs::is_directory(file, unreadable)) return true;
    return fs::is_regular_file(file, unreadable) && (is_track(file) || is_video_file(file));
}

Status DriverService::open(const fs::path& file, bool anew) {
    const Document& document = studio_.document();
    if (document.has_avatar() || is_track(file)) {
        begin(file, anew);
    } else if (studio_.opening() || document.stage == DocumentStage::preparing) {
        waiting_ = {file, anew};
    } else {
        return studio_error("'" + file.filename().string() +
                            "' can drive an avatar; open a portrait or an avatar first, then this video.");
    }
    return {};
}

void DriverService::begin(const fs::path& file, bool anew) {
    job_.cancel();  // the last wish counts
    end_provisional();
    waiting_.reset();
    tracked_ = file;
    newest_ = std::make_shared<Newest>();
    provisional_neutral_ = {};
    provisional_arrived_ = 0;
    const bool looks = !is_track(file);
    const bool again = driving_ && driving_->video == file;  // it drives already
    job_ = studio_.jobs().start_for<std::shared_ptr<Tracked>>(
        (looks ? "Tracking " : "Opening ") + file.filename().string(),
        [file, anew, looks, again, tools = studio_.workshop().tools(), newest = newest_,
         keep_in = studio_.options().folders.tracks](Progress& progress) -> Result<std::shared_ptr<Tracked>> {
            auto found = std::make_shared<Tracked>();
            std::optional<FaceTrack> track;
            if (!looks) {
                auto loaded = load_track(file);
                if (!loaded) return loaded.error();
                track = *std::move(loaded);
                std::error_code none;
                const fs::path video = file.parent_path() / fs::path(track->video).filename();
                if (!track->video.empty() && fs::exists(video, none)) {
                    if (stamp_of(video) == track->video_stamp)
                        found->video = video;
                    else
                        found->notes.push_back("'" + video.filename().string() +
                                               "' beside it is another video; its pictures are not shown.");
                }
            } else {
                found->video = file;
                for (const fs::path& beside :
                     {fs::path(file).replace_extension(".track"), fs::path(file.string() + ".track")}) {
                    std::error_code none;
                    if (anew || track || !fs::is_regular_file(beside, none)) continue;
                    auto loaded = load_track(beside);
                    const std::string name = "'" + beside.filename().string() + "' beside it ";
                    if (!loaded)
                        found->notes.push_back(name + "cannot be read; the video was tracked again.");
                    else if (loaded->video_stamp.empty() || loaded->video_stamp != stamp_of(file))
                        found->notes.push_back(name + "is of another video; this one was tracked.");
                    else
                        track = *std::move(loaded);
                }
            }
            if (!track) {
                progress.report(0, "Loading networks");
                auto borrowed = tools->portraits.borrow();
                if (!borrowed) return borrowed.error();
                // Shared with the provisional driver, which needs its head as long as it is shown.
                const auto lease = std::make_shared<Pool<PortraitTools>::Lease>(*std::move(borrowed));
                const auto live = std::make_shared<LiveDriver>(std::shared_ptr<PortraitTools>(lease, &**lease), 10);
                if (!again) newest->set(live);
                TrackOptions options;
                options.preview = [newest, live, again](const TrackPreview& preview) {
                    newest->set(preview);
                    if (!again) live->add(preview);
                };
                options.keep_in = keep_in;
                auto made = track_video(**lease, file, options, progress);
                if (!made) return made.error();
                track = *std::move(made);
            }
            for (int f = 0; f < int(track->frames.size()); ++f) {
                TrackedFrame& frame = track->frames[std::size_t(f)];
                if (frame.state != FrameState::dropped) continue;
                frame.state = FrameState::tracked;  // they can be taken back
                if (found->dropped.empty() || found->dropped.back()[1] != f) found->dropped.push_back({f, f});
                found->dropped.back()[1] = f + 1;
            }
            if (track->tracked_count() == 0)
                return Error{ErrorCode::bad_input, "'" + file.string() + "' has no frame in which a face was tracked.",
                             ""};
            found->motion = motion_of(*track, tracked_head(*track, tools->heads).get());
            if (track->tracked_count() > 1) found->neutral = neutral_of(found->motion);
            found->notes.insert(found->notes.end(), track->notes.begin(), track->notes.end());
            found->track = *std::move(track);
            return found;
        },
        [this, file](Result<std::shared_ptr<Tracked>> found) {
            if (found) return show(file, std::move(**found));
            end_provisional();
            if (found.error().code != ErrorCode::cancelled) studio_.messages().error(found.error());
        });
}

void DriverService::show(const fs::path& file, Tracked tracked) {
    auto driving = std::make_unique<Driving>();
    driving->file = file;
    driving->video = tracked.video;
    const auto& frames = tracked.track.frames;
    const auto first = std::find_if(frames.begin(), frames.end(),
                                    [](const TrackedFrame& f) { return f.state == FrameState::tracked; });
    driving->begin = first->seconds;
    const double duration = frames.back().seconds + 1 / tracked.track.rate;
    driving->track = driving->tracked = std::make_shared<const FaceTrack>(std::move(tracked.track));
    driving->motion = std::move(tracked.motion);
    if (!driving->video.empty())
        driving->pictures = std::make_unique<VideoPictures>(
            driving->video, duration, studio_.options().wake ? studio_.options().wake : [] {});
    auto source = std::make_shared<const RecordedMotion>(driving->motion);
    // From the provisional pose on, in the same moment.
    std::optional<double> moment;
    const bool held = provisional() && !studio_.motion().playing();
    if (provisional()) moment = std::max(0.0, provisional_->seconds() - driving->begin);
    provisional_.reset();
    newest_->set(std::shared_ptr<const LiveDriver>());
    studio_.motions().play(source, file.string(), MotionKind::tracked, std::move(tracked.neutral));
    if (studio_.motions().recorded() != source) return;  // it moves nothing of this head
    driving_ = std::move(driving);
    source_ = source;
    dropped_.clear();
    refitted_.clear();
    if (moment) {
        studio_.motions().seek(*moment);
        studio_.messages().info("'" + file.filename().string() + "' is tracked; now the finished track drives.");
    }
    if (!tracked.dropped.empty() && studio_.motions().edit().dropped.empty())
        studio_.motions().change_edit([&](MotionEdit& edit) { edit.dropped = tracked.dropped; });
    refresh();
    for (const std::string& note : tracked.notes)
        studio_.messages().warning("'" + file.filename().string() + "': " + note);
    if (studio_.document().has_avatar() && source->track()->frame_count() > 1 && !held) studio_.motions().start();
}

// ---- while it is tracked ----

bool DriverService::provisional() const { return provisional_ && studio_.motions().recorded() == provisional_; }

void DriverService::end_provisional() {
    if (provisional()) studio_.motions().close();
    provisional_.reset();
}

void DriverService::drive_provisionally() {
    if (!tracking()) return;
    if (provisional_ && !provisional()) {
        // Closed by a person, it is not wanted any more; another motion that was opened plays until the track is there.
        if (!studio_.motion().loaded()) job_.cancel();
        provisional_.reset();
        newest_->set(std::shared_ptr<const LiveDriver>());
        return;
    }
    const std::shared_ptr<const LiveDriver> driver = newest_->driver();
    if (!driver || driver->arrived() == provisional_arrived_ || !studio_.document().has_avatar()) return;
    provisional_arrived_ = driver->arrived();
    auto neutral = provisional_neutral_.next(*driver);
    if (!neutral) return;
    if (provisional_) return studio_.motions().found_neutral(*std::move(neutral));
    provisional_ = driver;
    studio_.motions().play(driver, tracked_.string(), MotionKind::tracked, std::move(neutral));
    if (!provisional()) return provisional_.reset();  // it moves nothing of this head
    studio_.messages().info("'" + tracked_.filename().string() +
                            "' drives already, roughly and at the tracker's pace, until all of it is tracked.");
}

void DriverService::drain() {
    if (driving_ && studio_.motions().recorded() != source_) {
        driving_.reset();
        fitting_again_.cancel();
    }
    drive_provisionally();
    if (!waiting_) return;
    const Document& document = studio_.document();
    if (studio_.opening() || document.stage == DocumentStage::preparing) return;
    const auto [file, anew] = *std::exchange(waiting_, {});
    if (Status opened = open(file, anew); !opened) studio_.messages().error(opened.error());
}

void DriverService::refresh() {
    if (!driving_ || studio_.motions().recorded() != source_) return;
    const MotionEdit& edit = studio_.motions().edit();
    if (edit.refitted != refitted_) fit_again();
    if (edit.dropped != dropped_) remake();
}

void DriverService::remake() {
    dropped_ = studio_.motions().edit().dropped;
    auto source =
        std::make_shared<const RecordedMotion>(without_frames(driving_->motion, rows_of(*driving_, dropped_)));
    source_ = source;
    studio_.motions().exchange(std::move(source));
}

// The track as it was opened, with the frames that the document says fitted again.
void DriverService::fit_again() {
    struct Fitted {
        std::shared_ptr<const FaceTrack> track;
        MotionTrack motion;
        std::size_t asked = 0, better = 0;
    };
    fitting_again_.cancel();
    refitted_ = studio_.motions().edit().refitted;
    fitting_again_ = studio_.jobs().start_for<std::shared_ptr<Fitted>>(
        "Fitting frames again",
        [tracked = driving_->tracked, ranges = refitted_,
         tools = studio_.workshop().tools()](Progress& progress) -> Result<std::shared_ptr<Fitted>> {
            auto fitted = std::make_shared<Fitted>();
            auto track = std::make_shared<FaceTrack>(*tracked);
            const auto head = tracked_head(*track, tools->heads);
            std::vector<std::size_t> frames;
            for (const auto& [from, to] : ranges)
                for (int f = from; f < std::min(to, int(track->frames.size())); ++f) frames.push_back(std::size_t(f));
            fitted->asked = frames.size();
            if (!frames.empty()) {
                if (!head) return other_head(*track);
                const auto changed = refit_frames(*head, *track, frames, progress);
                if (!changed) return changed.error();
                fitted->better = *changed;
            }
            fitted->motion = motion_of(*track, head.get());
            fitted->track = std::move(track);
            return fitted;
        },
        [this, of = driving_->tracked](Result<std::shared_ptr<Fitted>> fitted) {
            if (!fitted && fitted.error().code != ErrorCode::cancelled) studio_.messages().error(fitted.error());
            if (!fitted || !driving_ || driving_->tracked != of) return;
            driving_->track = (*fitted)->track;
            driving_->motion = std::move((*fitted)->motion);
            remake();
            if ((*fitted)->asked > 0)
                studio_.messages().info("Of the frames that were fitted again (" + std::to_string((*fitted)->asked) +
                                        "), " + std::to_string((*fitted)->better) + " fit better now.");
        });
}

// ---- commands ----

// Those that a command is for: from, to (not with it).
Result<std::vector<std::array<int, 2>>> DriverService::frames_of(const Arguments& a) const {
    const int frames = int(driving_->track->frames.size());
    if (a.has("doubtful") && a.flag("doubtful")) {
        std::vector<std::array<int, 2>> ranges;
        for (const std::size_t f : doubtful_frames(*driving_->track))
            if (!studio_.motions().edit().drops(int(f))) ranges.push_back({int(f), int(f) + 1});
        if (ranges.empty()) return studio_error("No frame's error is far above that of the others.");
        return ranges;
    }
    const int here = driving_->frame_at(studio_.motions().playhead());
    const int from = a.has("from") ? a.integer("from") : here, to = a.has("to") ? a.integer("to") : from;
    if (from > to || from >= frames)
        return studio_error("The video has the frames 0 to " + std::to_string(frames - 1) +
                            "; 'to' comes after 'from'.");
    return std::vector<std::array<int, 2>>{{from, std::min(to + 1, frames)}};
}

Status DriverService::drop(const Arguments& a, bool out) {
    const auto ranges = frames_of(a);
    if (!ranges) return ranges.error();
    studio_.motions().change_edit([&](MotionEdit& edit) {
        for (const auto& [from, to] : *ranges) edit.drop(from, to, out);
    });
    if (!out) return {};
    const std::vector<bool> rows = rows_of(*driving_, studio_.motions().edit().dropped);
    if (std::find(rows.begin(), rows.end(), false) == rows.end())
        return studio_error("At least one frame of the video must stay.");
    return {};
}

Status DriverService::refit(const Arguments& a) {
    const auto ranges = frames_of(a);
    if (!ranges) return ranges.error();
    if (!tracked_head(*driving_->track, studio_.workshop().tools()->heads)) return other_head(*driving_->track);
    studio_.motions().change_edit([&](MotionEdit& edit) {
        for (const auto& [from, to] : *ranges) edit.refit(from, to);
    });
    return {};
}

Status DriverService::save_track(const fs::path& file) const {
    if (Status may = studio_.may_write(file); !may) return may;
    studio_.jobs().start(
        "Saving " + file.filename().string(),
        [file, track = driving_->track, dropped = studio_.motions().edit().dropped](Progress&) -> Status {
            FaceTrack saved = *track;
            for (const auto& [from, to] : dropped)
                for (int f = from; f < std::min(to, int(saved.frames.size())); ++f)
                    if (saved.frames[std::size_t(f)].state == FrameState::tracked)
                        saved.frames[std::size_t(f)].state = FrameState::dropped;
            return likeness::save_track(file, saved);
        },
        [&studio = studio_, file](const Status& status) {
            if (status)
                studio.messages().info("Saved '" + file.string() + "'.");
            else if (status.error().code != ErrorCode::cancelled)
                studio.messages().error(status.error());
        },
        {.target = file});
    return {};
}

void DriverService::add_commands(CommandRegistry& registry) {
    Studio& s = studio_;
    const auto path = [](const std::string& what) { return optional_argument(text_argument("path", what)); };
    const auto needs_driver = [this]() -> std::string { return driving_ ? "" : "Open a video of somebody first."; };
    const auto opens = [&](const std::string& id, const std::string& title, const std::string& about,
                           const std::string& ask, std::vector<std::string> patterns) {
        registry.add(
            {id,
             title,
             "Reenact",
             about,
             {path("The file, or the folder")},
             "",
             false,
             "",
             needs_avatar(s),
             [this, &s, id, ask, patterns](const Arguments& a) {
                 return with_path(s, a, {id, ask, "", patterns, false, {}}, [&](const std::string& file) -> Status {
                     std::error_code none;
                     if (!fs::exists(file, none))
                         return Error{ErrorCode::not_found, "'" + file + "' does not exist; choose another.", ""};
                     return open(file);
                 });
             }});
    };
    std::vector<std::string> videos = video_patterns();
    videos.push_back("*.track");
    opens("reenact.video", "Drive by a video...",
          "Tracks a video of somebody, or opens its .track, and the avatar does what they do.", "A video of somebody",
          videos);
    opens("reenact.folder", "Drive by a folder of pictures...",
          "Tracks the pictures of a folder in the order of their names, 25 a second.", "A folder of pictures", {});
    opens("reenact.picture", "Take the expression of a picture...", "The avatar makes the face of somebody's picture.",
          "A picture of a face", file_patterns(std::array{FileContent::picture}));

    const auto frames = [](const std::string& name, const std::string& what) {
        return optional_argument(integer_argument(name, what, 0, 1e9));
    };
    const auto range = [&] {
        return std::vector{frames("from", "The first frame; the present one unless given"),
                           frames("to", "The last frame; the first unless given")};
    };
    const auto range_or_doubtful = [&] {
        auto arguments = range();
        arguments.push_back(
            with_default(flag_argument("doubtful", "Instead: all whose error is far above that of the others"), false));
        return arguments;
    };
    registry.add({"video.drop", "Leave frames out", "Reenact",
                  "Leaves frames of the video out; the motion goes smoothly over them.", range_or_doubtful(), "", true,
                  "", needs_driver, [this](const Arguments& a) { return drop(a, true); }});
    registry.add({"video.refit", "Fit frames again", "Reenact",
                  "Fits frames of the video again, from those before and after them, and takes what is better; frames "
                  "that were left out or taken for another person's count again.",
                  range_or_doubtful(), "", true, "", needs_driver, [this](const Arguments& a) { return refit(a); }});
    registry.add({"video.take_back", "Take frames back", "Reenact", "Lets frames count again that were left out.",
                  range(), "", true, "", needs_driver, [this](const Arguments& a) { return drop(a, false); }});
    registry.add({"video.retrack",
                  "Track again",
                  "Reenact",
                  "Tracks the video anew, whatever lies beside it.",
                  {},
                  "",
                  false,
                  "",
                  [this, needs_driver]() -> std::string {
                      if (const std::string why = needs_driver(); !why.empty()) return why;
                      if (tracking()) return "A video is being tracked already.";
                      return driving_->video.empty() ? "The video is not there." : "";
                  },
                  [this](const Arguments&) -> Status {
                      begin(fs::path(driving_->video), true);
                      return {};
                  }});
    registry.add({"video.save_track",
                  "Save track...",
                  "Reenact",
                  "Writes what was tracked (.track), to be opened again without tracking.",
                  {path("The file")},
                  "",
                  false,
                  "",
                  needs_driver,
                  [this, &s](const Arguments& a) {
                      return with_path(s, a,
                                       {"video.save_track",
                                        "Save the track",
                                        driving_->file.stem().string() + ".track",
                                        {"*.track"},
                                        true,
                                        {}},
                                       [&](const std::string& file) { return save_track(file); });
                  }});
}

}  // namespace likeness

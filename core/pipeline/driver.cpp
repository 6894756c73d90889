#include "core/pipeline/driver.h"

#include <algorithm>

#include "core/files/file_formats.h"
#include "core/head/head_registry.h"
#include "core/motion/tracked_motion.h"
#include "core/pipeline/video_stamp.h"

namespace likeness {

namespace fs = std::filesystem;

TrackOptions part_to_track(TrackOptions options, double begin, double end) {
    constexpr double beside = 2, least = 20;  // seconds
    const double more = std::max(beside, (least - (end - begin)) / 2);
    options.begin = std::max(0.0, begin - more);
    options.end = std::max(end + more, options.begin + least);
    return options;
}

Driver driver_of(FaceTrack track, const fs::path& video, HeadRegistry& heads) {
    Driver driver;
    MotionTrack motion = motion_of(track, tracked_head(track, heads).get());
    if (track.tracked_count() > 1) driver.neutral = neutral_of(motion);
    driver.source = std::make_shared<const RecordedMotion>(std::move(motion));
    driver.notes = track.notes;
    driver.video = video;
    for (const TrackedFrame& frame : track.frames)
        if (frame.state == FrameState::tracked) {
            driver.begin = frame.seconds;
            break;
        }
    driver.track = std::move(track);
    return driver;
}

Result<Driver> open_driver(const fs::path& file, HeadRegistry& heads, const TrackOptions& options, Progress& progress) {
    std::error_code unreadable;
    const bool folder = fs::is_directory(file, unreadable);
    const FileFormat* format = folder ? nullptr : format_of(file, std::array{FileContent::motion});
    if (format && format->id() != "track") {
        Driver driver;
        auto motion = read_file_as<MotionTrack>(*format, file, {.notes = &driver.notes});
        if (!motion) return motion.error();
        driver.neutral = neutral_of(*motion);
        driver.source = std::make_shared<const RecordedMotion>(*std::move(motion));
        return driver;
    }
    if (format) {
        auto track = load_track(file);
        if (!track) return track.error();
        if (track->tracked_count() == 0)
            return Error{ErrorCode::bad_input, "'" + file.string() + "' has no frame in which a face was tracked.", ""};
        fs::path video = file.parent_path() / fs::path(track->video).filename();
        if (!fs::exists(video, unreadable)) video.clear();
        if (const Status own = video.empty() ? Status() : track_is_of(*track, video); !own) {
            track->notes.push_back(own.error().message);
            video.clear();
        }
        return driver_of(*std::move(track), video, heads);
    }
    auto tools = PortraitTools::load(heads);
    if (!tools) return tools.error();
    auto track = track_video(*tools, file, options, progress);
    if (!track) return track.error();
    return driver_of(*std::move(track), file, heads);
}

}  // namespace likeness

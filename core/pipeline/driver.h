// What drives an avatar, from any file: a video or pictures of somebody, which are tracked, or a recorded motion.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/motion/retarget.h"
#include "core/pipeline/track_video.h"

namespace likeness {

struct Driver {
    std::shared_ptr<const PoseSource> source;  // a recording
    std::optional<PoseSample> neutral;         // found in it; none in a single picture
    std::vector<std::string> notes;            // for people
    // Of what was tracked:
    std::filesystem::path video;  // empty where it is not at hand
    FaceTrack track;
    double begin = 0;  // seconds of the video where the source's time begins

    bool tracked() const { return !track.frames.empty(); }
    // As a person would want it: pictures of another face count from its neutral, recorded curves are as they are.
    bool relative_by_default() const { return tracked() && neutral.has_value(); }
};

// Of a track with tracked frames; `heads` knows the head that it was tracked with, or expressions are its controls
// alone.
Driver driver_of(FaceTrack track, const std::filesystem::path& video, HeadRegistry& heads);

// Of a video of which [begin, end] seconds are wanted, what is tracked: that, a little on both sides for smoothing, and
// as much more as it takes to tell a person's shape and neutral face (some 20 seconds in all).
TrackOptions part_to_track(TrackOptions options, double begin, double end);

// Errors: open_frames', track_video's; bad_input (a motion that cannot be read).
Result<Driver> open_driver(const std::filesystem::path& file, HeadRegistry& heads, const TrackOptions& options,
                           Progress& progress);

}  // namespace likeness

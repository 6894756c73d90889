// A video of a person to a track of face, head, torso and light: the whole job.
#pragma once

#include <array>
#include <filesystem>
#include <limits>
#include <optional>

#include "core/pipeline/portrait.h"
#include "core/tracking/face_track.h"
#include "core/vision/face_watcher.h"

namespace likeness {

struct TrackOptions {
    int face = 0;                                                     // where the video begins, largest first
    int step = 1;                                                     // every how manieth frame
    double begin = 0, end = std::numeric_limits<double>::infinity();  // seconds
    std::optional<std::array<int, 4>> crop = {};  // left, top, width, height of the part that counts, pixels
    int looks = WatchOptions().looks;
};

// `video`: a file or a folder of pictures. Errors: open_frames', bad_input (no face in it, nothing in this stretch),
// invalid_argument (options that cannot be).
Result<FaceTrack> track_video(PortraitTools& tools, const std::filesystem::path& video, const TrackOptions& options,
                              Progress& progress);

// FaceTrack::video_stamp of a video; empty for a folder, or when it cannot be read.
std::string video_stamp(const std::filesystem::path& video);

}  // namespace likeness

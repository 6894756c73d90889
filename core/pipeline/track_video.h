// A video of a person to a track of face, head, torso and light: the whole job.
#pragma once

#include <filesystem>

#include "core/pipeline/portrait.h"
#include "core/pipeline/track_options.h"
#include "core/tracking/face_track.h"

namespace likeness {

// `video`: a file or a folder of pictures. Errors: open_frames', bad_input (no face in it, nothing in this stretch),
// invalid_argument (options that cannot be).
Result<FaceTrack> track_video(PortraitTools& tools, const std::filesystem::path& video, const TrackOptions& options,
                              Progress& progress);

}  // namespace likeness

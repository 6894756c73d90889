// The quality of one portrait's avatar, as docs/measures.md defines it.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "bench/metrics/identity.h"
#include "core/pipeline/portrait_job.h"
#include "core/tracking/face_track.h"

namespace likeness::bench {

// Measures the trained avatar; the measured pictures are also written into the folder `keep` when that is not empty.
// Errors: invalid_argument, not_found (models of the measures), io.
Result<nlohmann::ordered_json> measure_portrait(PortraitJob& job, const std::filesystem::path& file,
                                                const std::filesystem::path& keep);

// How well the avatar made from a video's frame 0 follows the rest of it: it is driven by `track`, the whole video
// tracked frame by frame, and every 10th frame compared with it. `job` is made from frame 0 of `video`.
Result<nlohmann::ordered_json> measure_reenactment(PortraitJob& job, const FaceTrack& track,
                                                   const std::filesystem::path& video,
                                                   const std::filesystem::path& keep);

}  // namespace likeness::bench

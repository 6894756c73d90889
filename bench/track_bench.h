// likeness-bench track: videos of people, tracked and measured against the landmark detector.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/pipeline/portrait.h"
#include "core/tracking/face_track.h"

int run_track_bench(int argc, char** argv);

namespace likeness::bench {

struct TrackedVideos {
    std::vector<FaceTrack> tracks;
    std::vector<double> seconds;     // that each took
    nlohmann::ordered_json figures;  // over all videos, as docs/measures.md defines them
};
// Prints a JSON line a video. `keep`: a folder for the tracks, or empty. Throws std::runtime_error.
TrackedVideos track_videos(PortraitTools& tools, const std::vector<std::string>& videos, const std::string& keep);

}  // namespace likeness::bench

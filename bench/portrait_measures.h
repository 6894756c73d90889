// The quality of one portrait's avatar, as docs/measures.md defines it.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "bench/metrics/identity.h"
#include "core/pipeline/portrait_job.h"

namespace likeness::bench {

// Measures the trained avatar; the measured pictures are also written into the folder `keep` when that is not empty.
// Errors: invalid_argument, not_found (models of the measures), io.
Result<nlohmann::ordered_json> measure_portrait(PortraitJob& job, const std::filesystem::path& file,
                                                const std::filesystem::path& keep);

// How well the avatar made from a video's frame 0 follows the rest of it: every 10th frame is fitted, the avatar posed
// by that fit and compared with the frame. `job` is made from `first`, frame 0 of `video`.
Result<nlohmann::ordered_json> measure_reenactment(PortraitJob& job, const std::filesystem::path& video,
                                                   const std::filesystem::path& keep);

}  // namespace likeness::bench

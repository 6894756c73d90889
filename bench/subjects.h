// The people that a benchmark is about: portraits, of which avatars are made, and avatars.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/pipeline/portrait_job.h"

namespace likeness::bench {

struct Subject {
    std::string name;
    Avatar avatar;
};

// At most `most` of a folder, by name; pictures that show nobody are left out and said. Throws std::runtime_error when
// an avatar cannot be read or there is none.
std::vector<Subject> subjects_in(const std::filesystem::path& folder, const PortraitJobOptions& job, std::size_t most,
                                 HeadRegistry& heads);

}  // namespace likeness::bench

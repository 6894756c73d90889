#include "bench/subjects.h"

#include <algorithm>
#include <iostream>
#include <stdexcept>

#include "core/avatar/avatar_file.h"
#include "core/image/load.h"

namespace likeness::bench {

namespace fs = std::filesystem;

std::vector<Subject> subjects_in(const fs::path& folder, const PortraitJobOptions& options, std::size_t most,
                                 HeadRegistry& heads) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder))
        if (entry.is_regular_file()) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    std::vector<Subject> found;
    for (const fs::path& file : files) {
        if (found.size() == most) break;
        if (file.extension() == ".likeness") {
            auto avatar = load_avatar(file, &heads);
            if (!avatar) throw std::runtime_error(avatar.error().message);
            found.push_back({file.stem().string(), *std::move(avatar)});
            continue;
        }
        if (!load_image(file)) continue;
        Progress progress;
        auto job = run_portrait_job(file, options, progress);
        if (job)
            found.push_back({file.stem().string(), job->portrait.avatar});
        else
            std::cerr << "likeness-bench: " << job.error().message << '\n';
    }
    if (found.empty()) throw std::runtime_error("There is no portrait or avatar in '" + folder.string() + "'.");
    return found;
}

}  // namespace likeness::bench

// The main job as `likeness train` does it, with a clock: portrait in, trained and saved avatar out.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/pipeline/devices.h"
#include "core/pipeline/portrait.h"
#include "core/pipeline/render_avatar.h"

namespace likeness::bench {

struct JobOptions {
    std::string device = "auto";
    std::optional<int> steps;  // the trainer's default without
};

struct PortraitJob {
    Device device;
    PortraitTools tools;
    PreparedPortrait portrait;  // its avatar is trained
    AvatarRenderer renderer;
    TrainerReport trained;
    Image first_picture;
    double first_picture_seconds = 0, seconds = 0;  // since the start: device, models, everything
    double peak_rss_mib = 0;                        // of this process at the job's end
};

// Errors: whatever stops the job; the message names the file.
Result<PortraitJob> run_portrait_job(const std::filesystem::path& file, const std::filesystem::path& avatar_file,
                                     const JobOptions& options);

// The most memory that this process held, MiB.
double peak_rss_mib();

// For JSON: rounded to 6 decimals, null when there is no finite number.
double rounded(double value);

}  // namespace likeness::bench

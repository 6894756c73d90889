// From a portrait's file to a trained avatar in one go: what `likeness train` and the benchmark do. The studio does the
// same steps as jobs of its own (prepare_portrait, TrainingSession), since its user may stop, go on and edit between.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "core/pipeline/devices.h"
#include "core/pipeline/portrait.h"
#include "core/pipeline/render_avatar.h"
#include "core/pipeline/training_session.h"

namespace likeness {

struct PortraitJob {
    Device device;
    PortraitTools tools;
    PreparedPortrait portrait;  // its avatar is trained
    AvatarRenderer renderer;
    TrainerReport trained;
    Image first_picture;                            // of the seeded avatar, 512 x 512, RGBA
    double first_picture_seconds = 0, seconds = 0;  // since the start: device, models, everything
    bool interrupted = false;                       // cancelled while it trained; what there was is kept
};

struct PortraitJobOptions {
    std::string device = "auto";
    PortraitOptions portrait;
    // Called with the seeded avatar's first picture; an error ends the job.
    std::function<Status(const Image&)> seeded;
    // Keeps the trained avatar and its thumbnail; an error is the job's.
    std::function<Status(const Avatar&, const Image&)> save;
};

// Errors: the device's, prepare_portrait's, those of `seeded` and `save`. Throws Cancelled when it is cancelled before
// there is an avatar.
Result<PortraitJob> run_portrait_job(const std::filesystem::path& photo, const PortraitJobOptions& options,
                                     Progress& progress);

}  // namespace likeness

#include "bench/portrait_job.h"

#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <future>

#include "core/avatar/avatar_file.h"

namespace likeness::bench {
double peak_rss_mib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return double(usage.ru_maxrss) / 1024;  // Linux: KiB
}

Result<PortraitJob> run_portrait_job(const std::filesystem::path& file, const std::filesystem::path& avatar_file,
                                     const JobOptions& options) {
    const auto start = std::chrono::steady_clock::now();
    const auto seconds = [start] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    // A GPU takes a while to open: meanwhile models are read.
    auto opening = std::async(std::launch::async, [&] { return choose_device(options.device); });
    HeadRegistry heads;
    auto tools = PortraitTools::load(heads);
    auto device = opening.get();
    if (!device) return device.error();
    if (!tools) return tools.error();
    PortraitOptions portrait_options;
    if (options.steps) portrait_options.training.steps = *options.steps;
    Progress progress;
    auto portrait = prepare_portrait(*tools, file, portrait_options, progress);
    if (!portrait) return portrait.error();

    PortraitJob job{.device = *device,
                    .tools = *std::move(tools),
                    .portrait = *std::move(portrait),
                    .renderer = AvatarRenderer(device->make_rasterizer()),
                    .trained = {},
                    .first_picture = {}};
    const Avatar& seeded = job.portrait.avatar;
    const HeadPose neutral = HeadPose::neutral(*seeded.model);
    job.first_picture = job.renderer.render(seeded, neutral, default_camera(seeded, 512, 512));
    job.first_picture_seconds = seconds();

    Trainer trainer(seeded, job.portrait.evidence, portrait_options.training, device->make_training_engine(TrainingPace::alone));
    job.trained = trainer.run(progress);
    const Avatar& avatar = job.portrait.avatar = trainer.avatar();
    const Image thumbnail = job.renderer.render(avatar, neutral, default_camera(avatar, 256, 256));
    if (Status saved = save_avatar(avatar_file, avatar, thumbnail); !saved) return saved.error();
    job.seconds = seconds();
    job.peak_rss_mib = peak_rss_mib();
    if (job.trained.stopped_early)
        job.portrait.warnings.push_back("training ended early: " + job.trained.stopped_early->message);
    return job;
}

double rounded(double value) { return std::round(value * 1e6) / 1e6; }

}  // namespace likeness::bench

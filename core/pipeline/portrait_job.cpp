#include "core/pipeline/portrait_job.h"

#include <chrono>
#include <future>

namespace likeness {

Result<PortraitJob> run_portrait_job(const std::filesystem::path& photo, const PortraitJobOptions& options,
                                     Progress& progress) {
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
    auto portrait = prepare_portrait(*tools, photo, options.portrait, progress);
    if (!portrait) return portrait.error();
    PortraitJob job{.device = *device,
                    .tools = *std::move(tools),
                    .portrait = *std::move(portrait),
                    .renderer = AvatarRenderer(device->make_rasterizer()),
                    .trained = {},
                    .first_picture = {}};
    Avatar& avatar = job.portrait.avatar;
    job.first_picture = job.renderer.render(avatar, HeadPose::neutral(*avatar.model), default_camera(avatar, 512, 512));
    job.first_picture_seconds = seconds();
    if (options.seeded)
        if (Status status = options.seeded(job.first_picture); !status) return status.error();

    TrainingSession session;
    Progress training([&](double fraction, const std::string& stage) { progress.report(0.2 + 0.8 * fraction, stage); });
    try {
        job.trained = session.run(avatar, job.portrait.evidence, options.portrait.training,
                                  device->make_training_engine(TrainingPace::alone), training);
    } catch (const Cancelled&) {
        job.interrupted = true;
    }
    avatar.splats = session.latest()->splats;
    if (job.trained.stopped_early && job.trained.stopped_early->code == ErrorCode::device)
        job.renderer = AvatarRenderer();
    if (options.save)
        if (Status saved = options.save(avatar, thumbnail(avatar, job.renderer)); !saved) return saved.error();
    job.seconds = seconds();
    return job;
}

}  // namespace likeness

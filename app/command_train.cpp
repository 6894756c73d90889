#include <chrono>
#include <cstdio>
#include <future>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/terminal.h"
#include "core/avatar/avatar_file.h"
#include "core/image/save.h"
#include "core/pipeline/contact_sheet.h"
#include "core/pipeline/devices.h"
#include "core/pipeline/portrait.h"

namespace likeness {
namespace {

struct TrainArguments {
    std::string photo, output, sheet, first_picture;
    PortraitOptions options;
    std::string log;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

int train(const TrainArguments& arguments, const CommonOptions& common) {
    const auto start = std::chrono::steady_clock::now();
    for (const std::string& file : {arguments.output, arguments.sheet, arguments.first_picture, arguments.log})
        if (!file.empty())
            if (Status writable = check_writable(file); !writable) return report(writable.error(), common);
    // A GPU takes a while to open: meanwhile models are read.
    auto opening = std::async(std::launch::async, [&] { return choose_device(common.device); });
    HeadRegistry heads;
    auto tools = PortraitTools::load(heads);
    auto device = opening.get();
    if (!device) return report(device.error(), common);
    if (!tools) return report(tools.error(), common);

    ProgressBar bar(common.quiet);
    Progress progress([&](double fraction, const std::string& stage) { bar.update(fraction, stage); });
    const CancelOnInterrupt interrupt(progress);
    PortraitOptions options = arguments.options;
    options.training.log = arguments.log;
    try {
        auto portrait = prepare_portrait(*tools, arguments.photo, options, progress);
        if (!portrait) return report(portrait.error(), common);
        AvatarRenderer renderer(device->make_rasterizer());
        const Avatar& seeded = portrait->avatar;
        const Image first = renderer.render(seeded, HeadPose::neutral(*seeded.model), default_camera(seeded, 512, 512));
        const double first_seconds = seconds_since(start);
        if (!arguments.first_picture.empty())
            if (Status saved = save_png(arguments.first_picture, first); !saved) return report(saved.error(), common);

        Trainer trainer(seeded, portrait->evidence, options.training, device->make_training_engine(TrainingPace::alone));
        Progress training([&](double fraction, const std::string& stage) {
            progress.report(0.2 + 0.8 * fraction, stage);
        });
        bool interrupted = false;
        TrainerReport trained;
        try {
            trained = trainer.run(training);
        } catch (const Cancelled&) {
            interrupted = true;
        }
        const Avatar& avatar = trainer.avatar();
        if (trained.stopped_early && trained.stopped_early->code == ErrorCode::device) renderer = AvatarRenderer();
        const Image thumbnail = renderer.render(avatar, HeadPose::neutral(*avatar.model), default_camera(avatar, 256, 256));
        if (Status saved = save_avatar(arguments.output, avatar, thumbnail); !saved) return report(saved.error(), common);
        if (!arguments.sheet.empty())
            if (Status saved = save_png(arguments.sheet, contact_sheet(avatar, renderer, 320)); !saved)
                return report(saved.error(), common);

        if (common.json) {
            const nlohmann::json summary = {{"avatar", arguments.output},
                                            {"landmark_model_error", portrait->fit.model_error},
                                            {"landmark_error", portrait->fit.landmark_error},
                                            {"fit_seconds", portrait->fit_seconds},
                                            {"first_picture_seconds", first_seconds},
                                            {"seconds", seconds_since(start)},
                                            {"steps", trained.steps},
                                            {"steps_per_second", trained.steps_per_second},
                                            {"psnr", trained.psnr},
                                            {"gaussians", avatar.splats->count},
                                            {"device", trained.device},
                                            {"warnings", portrait->warnings},
                                            {"interrupted", interrupted}};
            std::printf("%s\n", summary.dump().c_str());
        } else if (!common.quiet) {
            bar.update(1, interrupted ? "Interrupted" : "Done");
            for (const std::string& warning : portrait->warnings)
                std::fprintf(stderr, "\nlikeness: note: %s", warning.c_str());
            std::fprintf(stderr, "\n%s: %zu Gaussians, %d steps in %.0f s%s\n", arguments.output.c_str(), avatar.splats->count,
                         trained.steps, seconds_since(start), interrupted ? " (interrupted; what there was is saved)" : "");
        }
        if (trained.stopped_early) return report(*trained.stopped_early, common);
        return interrupted ? exit_interrupted : exit_ok;
    } catch (const Cancelled&) {
        return report({ErrorCode::cancelled, "Interrupted before there was an avatar; nothing was written.", ""}, common);
    }
}

}  // namespace

Subcommand add_train_command(CLI::App& app, const CommonOptions& common) {
    auto arguments = std::make_shared<TrainArguments>();
    CLI::App* command = app.add_subcommand("train", "Make an avatar from a portrait");
    command->add_option("photo", arguments->photo, "Portrait: JPEG, PNG, WebP, TGA, BMP, PSD or Radiance HDR")->required();
    command->add_option("-o,--output", arguments->output, "Avatar to write (.likeness)")->required();
    command->add_option("--face", arguments->options.face, "Which face, 0 is the largest")->check(CLI::Range(0, 999));
    TrainerOptions& training = arguments->options.training;
    command->add_option("--steps", training.steps, "Training steps")->check(CLI::Range(0, 100000))->capture_default_str();
    command->add_option("--resolution", training.resolution, "Pixels of the training picture's side")
        ->check(CLI::Range(64, 2048))->capture_default_str();
    command->add_option("--cap", training.cap, "Most Gaussians")->check(CLI::Range(1000, 2000000))->capture_default_str();
    command->add_option("--seed", training.seed, "Seed of all that is random")->capture_default_str();
    command->add_option("--seconds", training.seconds, "Stop training after this long; 0 for no limit")->capture_default_str();
    command->add_option("--density", arguments->options.density, "Gaussians at the start, 1 is about 60,000")
        ->check(CLI::Range(0.05, 10.0))->capture_default_str();
    command->add_option("--log", arguments->log, "Append one JSON line a snapshot to this file");
    command->add_option("--sheet", arguments->sheet, "Also write a contact sheet (PNG)");
    command->add_option("--first-picture", arguments->first_picture, "Also write the first picture of the avatar (PNG)");
    return [arguments, &common] { return train(*arguments, common); };
}

}  // namespace likeness

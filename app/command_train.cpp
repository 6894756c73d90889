#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "app/command_files.h"
#include "app/commands.h"
#include "app/terminal.h"
#include "core/avatar/avatar_file.h"
#include "core/document/recovery.h"
#include "core/files/file_formats.h"
#include "core/formats/json_file.h"
#include "core/image/save.h"
#include "core/pipeline/contact_sheet.h"
#include "core/pipeline/portrait_job.h"
#include "core/studio/settings.h"

namespace likeness {
namespace {

struct TrainArguments {
    std::string photo, output, sheet, first_picture;
    PortraitOptions options;
    std::string log;
    bool force = false;
};

// Into the recovery folder, where the studio finds it. Empty where that fails too.
std::string keep_for_recovery(const std::filesystem::path& output, const Avatar& avatar, const Image& small) {
    RecoveryFolder folder(UserFolders::find().autosaves());
    std::error_code ignored;
    Recovery recovery;
    recovery.document = std::filesystem::absolute(output, ignored);
    recovery.name = output.stem().string();
    recovery.on_disk = FileStamp::of(output);
    const auto file = folder.autosave();
    if (!file || !folder.remember(recovery) || !save_avatar(*file, avatar, small, FileAccess::program)) return "";
    return file->string();
}

// `before`: the file that was at the output's place when the training began.
Status save_trained(const TrainArguments& arguments, const FileStamp& before, const Avatar& avatar,
                    const Image& small) {
    const FileStamp now = FileStamp::of(arguments.output);
    Status saved;
    if (!arguments.force && now.exists() && now != before)
        saved = Error{ErrorCode::io,
                      "'" + arguments.output +
                          "' was changed by another program during the training; --force would write over it.",
                      ""};
    else
        saved = save_avatar(arguments.output, avatar, small);
    if (saved || saved.error().code == ErrorCode::internal) return saved;
    Error error = saved.error();
    if (const std::string kept = keep_for_recovery(arguments.output, avatar, small); !kept.empty())
        error.message += " The avatar was kept as '" + kept + "'; the studio offers it when it starts.";
    return error;
}

int train(const TrainArguments& arguments, const CommonOptions& common) {
    if (Status usable =
            check_files({{"the photograph", arguments.photo}}, {{"the avatar (-o)", arguments.output},
                                                                {"the contact sheet (--sheet)", arguments.sheet},
                                                                {"--first-picture", arguments.first_picture},
                                                                {"the log (--log)", arguments.log}});
        !usable)
        return report(usable.error(), common);
    const FileStamp before = FileStamp::of(arguments.output);
    ProgressBar bar(common.quiet);
    Progress progress([&](double fraction, const std::string& stage) { bar.update(fraction, stage); });
    const CatchInterrupt interrupt(&progress);
    PortraitJobOptions options{common.device, arguments.options, {}, {}};
    options.portrait.training.log = arguments.log;
    if (!arguments.first_picture.empty())
        options.seeded = [&](const Image& first) { return save_png(arguments.first_picture, first); };
    options.save = [&](const Avatar& avatar, const Image& small) {
        return save_trained(arguments, before, avatar, small);
    };
    try {
        auto job = run_portrait_job(arguments.photo, options, progress);
        if (!job) return report(job.error(), common);
        const PreparedPortrait& portrait = job->portrait;
        const TrainerReport& trained = job->trained;
        const std::size_t gaussians = portrait.avatar.splats->count;
        if (!arguments.sheet.empty())
            if (Status saved = save_png(arguments.sheet, contact_sheet(portrait.avatar, job->renderer, 320)); !saved)
                return report(saved.error(), common);

        if (common.json) {
            const nlohmann::json summary = {{"avatar", arguments.output},
                                            {"landmark_model_error", portrait.fit.model_error},
                                            {"landmark_error", portrait.fit.landmark_error},
                                            {"fit_seconds", portrait.fit_seconds},
                                            {"first_picture_seconds", job->first_picture_seconds},
                                            {"seconds", job->seconds},
                                            {"steps", trained.steps},
                                            {"steps_per_second", trained.steps_per_second},
                                            {"psnr", trained.psnr},
                                            {"gaussians", gaussians},
                                            {"device", trained.device},
                                            {"warnings", portrait.warnings},
                                            {"interrupted", job->interrupted}};
            std::printf("%s\n", json_text(summary, -1).c_str());
        } else if (!common.quiet) {
            bar.update(1, job->interrupted ? "Interrupted" : "Done");
            for (const std::string& warning : portrait.warnings)
                std::fprintf(stderr, "\nlikeness: note: %s", warning.c_str());
            std::fprintf(stderr, "\n%s: %zu Gaussians, %d steps in %.0f s%s\n", arguments.output.c_str(), gaussians,
                         trained.steps, job->seconds,
                         job->interrupted ? " (interrupted; what there was is saved)" : "");
        }
        if (common.quiet || common.json)
            for (const std::string& doubt : portrait.doubts)
                std::fprintf(stderr, "likeness: note: %s\n", doubt.c_str());
        if (trained.stopped_early) return report(*trained.stopped_early, common);
        if (!trained.log_complete)
            return report(
                {ErrorCode::io, "The log '" + arguments.log + "' could not be written; the avatar is saved.", ""},
                common);
        return job->interrupted ? exit_interrupted : exit_ok;
    } catch (const Cancelled&) {
        return report({ErrorCode::cancelled, "Interrupted before there was an avatar; nothing was written.", ""}, common);
    }
}

void add_option(CLI::App& command, const TrainerOption& option, const std::shared_ptr<TrainArguments>& arguments) {
    const auto number = [&option](double value) {
        return option.whole ? std::to_string(std::int64_t(value)) : nlohmann::json(value).dump();
    };
    const std::string range = number(option.low) + " to " + number(option.high);
    const auto check = [&option, range](const std::string& text) -> std::string {
        char* end = nullptr;
        const double value = std::strtod(text.c_str(), &end);
        const bool good = !text.empty() && *end == 0 && value >= option.low && value <= option.high &&
                          !(option.whole && value != std::floor(value));
        return good ? "" : "'" + text + "' is no " + (option.whole ? "whole " : "") + "number from " + range;
    };
    const auto set = [&option, arguments](double value) { option.set(arguments->options.training, value); };
    command
        .add_option_function<double>(std::string("--") + option.name, set, std::string(option.title) + ". " + option.about)
        ->check(CLI::Validator(check, range))
        ->type_name("NUMBER")
        ->default_str(number(option.get(TrainerOptions())));
}

}  // namespace

Subcommand add_train_command(CLI::App& app, const CommonOptions& common) {
    auto arguments = std::make_shared<TrainArguments>();
    CLI::App* command = app.add_subcommand("train", "Make an avatar from a portrait");
    command->add_option("photo", arguments->photo, "Portrait: " + picture_names())->required();
    command
        ->add_option("-o,--output", arguments->output,
                     "Avatar to write (" + file_endings(FileContent::avatar, true) + ")")
        ->required();
    command->add_flag("--force", arguments->force,
                      "Write over the avatar although another program changed it meanwhile");
    command->add_option("--face", arguments->options.face, "Which face, 0 is the largest")->check(CLI::Range(0, 999));
    command->add_flag("--anyway", arguments->options.anyway,
                      "Make it of what is no person's face for sure, or of a face that is too small, too");
    for (const TrainerOption& option : trainer_options) add_option(*command, option, arguments);
    command->add_option("--density", arguments->options.density, "Gaussians at the start, 1 is about 60,000")
        ->check(CLI::Range(0.05, 10.0))->capture_default_str();
    command->add_option("--log", arguments->log, "Append one JSON line a snapshot to this file");
    command->add_option("--sheet", arguments->sheet, "Also write a contact sheet (PNG)");
    command->add_option("--first-picture", arguments->first_picture, "Also write the first picture of the avatar (PNG)");
    return [arguments, &common] { return train(*arguments, common); };
}

}  // namespace likeness

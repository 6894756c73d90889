#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/command_files.h"
#include "app/commands.h"
#include "app/terminal.h"
#include "core/base/paths.h"
#include "core/formats/json_file.h"
#include "core/pipeline/track_video.h"

namespace likeness {
namespace {

struct TrackArguments {
    std::string video, output;
    TrackOptions options;
    std::vector<int> part;
};

int track(const TrackArguments& arguments, const CommonOptions& common) {
    if (Status usable = check_files({{"the video", arguments.video}}, {{"the track (-o)", arguments.output}}); !usable)
        return report(usable.error(), common);
    ProgressBar bar(common.quiet);
    Progress progress([&](double fraction, const std::string& stage) { bar.update(fraction, stage); });
    const CatchInterrupt interrupt(&progress);
    TrackOptions options = arguments.options;
    options.keep_in = tracks_folder();
    if (!arguments.part.empty())
        options.crop = {arguments.part[0], arguments.part[1], arguments.part[2], arguments.part[3]};
    try {
        HeadRegistry heads;
        auto tools = PortraitTools::load(heads);
        if (!tools) return report(tools.error(), common);
        const auto tracked = track_video(*tools, arguments.video, options, progress);
        if (!tracked) return report(tracked.error(), common);
        if (Status saved = save_track(arguments.output, *tracked); !saved) return report(saved.error(), common);
        if (common.json) {
            const nlohmann::json summary = {{"track", arguments.output},
                                            {"frames", tracked->frames.size()},
                                            {"tracked", tracked->tracked_count()},
                                            {"rate", tracked->rate},
                                            {"torso_followed", tracked->torso_followed},
                                            {"notes", tracked->notes}};
            std::printf("%s\n", json_text(summary, -1).c_str());
        } else if (!common.quiet) {
            for (const std::string& note : tracked->notes) std::fprintf(stderr, "\nlikeness: note: %s", note.c_str());
            std::fprintf(stderr, "\n%s: %zu of %zu frames tracked\n", arguments.output.c_str(),
                         tracked->tracked_count(), tracked->frames.size());
        }
        return exit_ok;
    } catch (const Cancelled&) {
        return report(
            {ErrorCode::cancelled,
             "Interrupted before the whole video was tracked; the same command goes on where it stopped.", ""},
            common);
    }
}

}  // namespace

Subcommand add_track_command(CLI::App& app, const CommonOptions& common) {
    auto arguments = std::make_shared<TrackArguments>();
    CLI::App* command = app.add_subcommand("track", "Follow the face, head and shoulders of a person in a video");
    command->add_option("video", arguments->video, "A video file, or a folder of pictures")->required();
    command->add_option("-o,--output", arguments->output, "Track to write (.track)")->required();
    command->add_option("--face", arguments->options.face, "Which face where the video begins, 0 is the largest")
        ->check(CLI::Range(0, 999));
    command->add_option("--step", arguments->options.step, "Only every so manieth frame")->check(CLI::Range(1, 100000));
    command->add_option("--from", arguments->options.begin, "Seconds from which on the video counts")
        ->check(CLI::Range(0.0, 1e6));
    command->add_option("--to", arguments->options.end, "Seconds up to which the video counts")
        ->check(CLI::Range(0.0, 1e6));
    command->add_option("--part", arguments->part, "Only this part of the picture: left top width height, pixels")
        ->expected(4);
    return [arguments, &common] { return track(*arguments, common); };
}

}  // namespace likeness

#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/command_files.h"
#include "app/commands.h"
#include "app/terminal.h"
#include "app/view_arguments.h"
#include "core/base/paths.h"
#include "core/document/session_file.h"
#include "core/files/file_formats.h"
#include "core/formats/json_file.h"
#include "core/media/frame_writer.h"
#include "core/pipeline/devices.h"
#include "core/pipeline/drive_avatar.h"

namespace likeness {
namespace {

struct DriveArguments : ViewArguments {
    std::string driver, output, track;
    std::vector<std::string> gains;
    double fps = 0, begin = 0, end = std::numeric_limits<double>::infinity();
    float smoothing = 0;
    bool relative = false, absolute = false, beside = false, silent = false;
    TrackOptions tracking;
};

// group=factor, e.g. mouth=1.2.
Status set_gain(const std::string& text, RetargetOptions& options) {
    const auto equals = text.find('=');
    const std::string name = text.substr(0, equals);
    std::string names;
    for (std::size_t g = 0; g < motion_group_names.size(); ++g) {
        names += (g ? ", " : "") + std::string(motion_group_names[g]);
        if (name != motion_group_names[g] || equals == std::string::npos) continue;
        char* end = nullptr;
        const float factor = std::strtof(text.c_str() + equals + 1, &end);
        if (end == text.c_str() + equals + 1 || *end || !(factor >= 0 && factor <= 3)) break;
        options.gain[g] = factor;
        return {};
    }
    return Error{
        ErrorCode::invalid_argument,
        "'" + text + "' is no gain; write a part and a factor from 0 to 3, e.g. mouth=1.2. Parts: " + names + ".", ""};
}

using Frames = std::function<Status(const std::function<Status(Image)>&)>;

Status write_picture(const std::string& output, const FileFormat& format, const DrivenFilm& film,
                     const Frames& frames) {
    if (film.frames != 1)
        return Error{ErrorCode::invalid_argument,
                     "'" + output + "' would be one picture, but the driver has " + std::to_string(film.frames) +
                         " frames; name a film (" + film_names() + "), or one frame's time by --from and --to.",
                     ""};
    return frames([&](Image frame) {
        LoadedImage written;
        written.image = std::move(frame);
        return format.write(std::move(written), output, {});
    });
}

Status write_film(const DriveArguments& arguments, const Driver& driver, const DriveOptions& options,
                  const DrivenFilm& film, const Frames& frames, Progress& closing, std::vector<std::string>& notes) {
    std::optional<SoundOf> sound;
    if (!driver.video.empty() && !arguments.silent) {
        const double begin = driver.begin + options.begin;
        sound = {driver.video, begin, begin + double(film.frames) / film.fps};
    }
    const int beside = options.beside ? options.camera.height : 0;
    auto writer =
        open_frame_writer(arguments.output, options.camera.width + beside, options.camera.height, film.fps, sound);
    if (!writer) return writer.error();
    if (Status driven = frames([&](const Image& frame) { return (*writer)->add(frame); }); !driven) return driven;
    if (Status finished = (*writer)->finish(closing); !finished) return finished;
    for (const std::string& note : (*writer)->notes()) notes.push_back(note);
    return {};
}

int drive(const DriveArguments& arguments, const CommonOptions& common) {
    const FilmKind kind = film_kind(arguments.output);
    const FileFormat* const picture = format_to_write(arguments.output, FileContent::picture);
    if (!picture)
        if (Status possible = check_film(arguments.output); !possible) return report(possible.error(), common);
    std::vector<CommandFile> outputs = {{"the track (--track)", arguments.track}};
    if (picture || is_film_file(kind)) outputs.push_back({"the film (-o)", arguments.output});
    if (Status usable =
            check_files({{"the avatar", arguments.avatar}, {"the driver (--by)", arguments.driver}}, outputs);
        !usable)
        return report(usable.error(), common);
    DriveOptions options;
    for (const std::string& gain : arguments.gains)
        if (Status set = set_gain(gain, options.retarget); !set) return report(set.error(), common);
    auto device = choose_device(common.device);
    if (!device) return report(device.error(), common);
    const auto avatar = open_avatar(arguments.avatar, common);
    if (!avatar) return report(avatar.error(), common);
    const auto view = make_view(*avatar, arguments);
    if (!view) return report(view.error(), common);
    const auto background = picture ? background_of(arguments) : film_background(arguments, kind);
    if (!background) return report(background.error(), common);
    options.background = *background;
    options.camera = view->camera;
    options.retarget.smoothing = arguments.smoothing;
    options.fps = arguments.fps;
    options.begin = arguments.begin;
    options.end = arguments.end;
    options.beside = arguments.beside;

    ProgressBar bar(common.quiet);
    double from = 0, share = 0.7;  // of the whole job: tracking, then rendering
    Progress progress([&](double fraction, const std::string& stage) { bar.update(from + share * fraction, stage); });
    const CatchInterrupt interrupt(&progress);
    AvatarRenderer renderer(device->make_rasterizer(), shown_parts(*avatar));
    renderer.set_stop(progress.stop());
    try {
        HeadRegistry heads;
        TrackOptions tracking = arguments.tracking;
        tracking.keep_in = tracks_folder();
        tracking = part_to_track(std::move(tracking), arguments.begin, arguments.end);
        const auto driver = open_driver(arguments.driver, heads, tracking, progress);
        if (!driver) return report(driver.error(), common);
        if (options.beside && driver->video.empty())
            return report({ErrorCode::invalid_argument,
                           "'" + arguments.driver + "' has no pictures to show beside the avatar (--side-by-side)" +
                               (driver->tracked() ? "; put '" + driver->track.video + "' into its folder." : "."),
                           ""},
                          common);
        options.retarget.relative = arguments.relative || (!arguments.absolute && driver->relative_by_default());
        if (!arguments.track.empty()) {
            if (!driver->tracked())
                return report({ErrorCode::invalid_argument,
                               "'" + arguments.driver + "' is no video, so there is no track to write (--track).", ""},
                              common);
            if (Status saved = save_track(arguments.track, driver->track); !saved) return report(saved.error(), common);
        }
        if (driver->tracked()) {  // its time begins with the first frame that was tracked, a video's with the video
            options.begin = std::max(0.0, options.begin - driver->begin);
            options.end -= driver->begin;
        }
        const auto film = plan_film(*driver, options);
        if (!film) return report(film.error(), common);
        from = driver->tracked() ? 0.7 : 0;
        share = 1 - from;
        std::vector<std::string> notes = driver->notes;
        Progress rendering(
            [&](double done, const std::string& stage) { progress.report(film_frames_share * done, stage); });
        Progress closing([&](double done, const std::string& stage) {
            progress.report(film_frames_share + (1 - film_frames_share) * done, stage);
        });
        const auto frames = [&](const std::function<Status(Image)>& take) {
            return drive_avatar(*avatar, view->pose, *driver, options, renderer, rendering, take);
        };
        if (Status written = picture ? write_picture(arguments.output, *picture, *film, frames)
                                     : write_film(arguments, *driver, options, *film, frames, closing, notes);
            !written)
            return report(written.error(), common);
        if (common.json) {
            nlohmann::json summary = {{"film", arguments.output},
                                      {"frames", film->frames},
                                      {"fps", film->fps},
                                      {"relative", options.retarget.relative},
                                      {"notes", notes}};
            if (driver->tracked()) {
                summary["tracked"] = driver->track.tracked_count();
                summary["torso_followed"] = driver->track.torso_followed;
            }
            std::printf("%s\n", json_text(summary, -1).c_str());
        } else if (!common.quiet) {
            for (const std::string& note : notes) std::fprintf(stderr, "\nlikeness: note: %s", note.c_str());
            std::fprintf(stderr, "\n%s: %lld frames\n", arguments.output.c_str(), static_cast<long long>(film->frames));
        }
        return exit_ok;
    } catch (const Cancelled&) {
        return report({ErrorCode::cancelled, "Interrupted; no film was written.", ""}, common);
    }
}

}  // namespace

Subcommand add_drive_command(CLI::App& app, const CommonOptions& common) {
    auto arguments = std::make_shared<DriveArguments>();
    CLI::App* command = app.add_subcommand("drive", "Move an avatar by a video, a picture or a recorded motion");
    add_pose_options(*command, *arguments);
    command
        ->add_option("--by", arguments->driver,
                     "Who moves it: a video, a folder of pictures, a picture, a tracked video (.track), or a motion "
                     "with ARKit's names (.json, .csv)")
        ->required();
    command
        ->add_option("-o,--output", arguments->output,
                     "Film to write: " + film_names() + "; of a driver that is one picture a picture")
        ->required();
    command->add_flag("--side-by-side", arguments->beside, "The driver's picture beside the avatar");
    command->add_flag("--silent", arguments->silent, "Without the driver's sound");
    const auto relative =
        command->add_flag("--relative", arguments->relative,
                          "Movements count from the driver's own neutral face; so it is with videos unless said");
    command->add_flag("--absolute", arguments->absolute, "Expressions as they are")->excludes(relative);
    command->add_option(
        "--gain", arguments->gains,
        "More or less of a part's movement: brows, eyes, gaze, mouth, jaw, head, body; 0 holds it still");
    command->add_option("--smooth", arguments->smoothing, "Smoother over time, 0 to 1")->check(CLI::Range(0.0, 1.0));
    command->add_option("--fps", arguments->fps, "Frames a second; the driver's unless given")
        ->check(CLI::Range(1.0, 240.0));
    command->add_option("--from", arguments->begin, "Seconds of the driver (its video) from which on it counts")
        ->check(CLI::Range(0.0, 1e6));
    command->add_option("--to", arguments->end, "Seconds of the driver (its video) up to which it counts")
        ->check(CLI::Range(0.0, 1e6));
    command->add_option("--face", arguments->tracking.face, "Which face where the video begins, 0 is the largest")
        ->check(CLI::Range(0, 999));
    command->add_option("--track", arguments->track, "Also write the tracked video (.track)");
    add_view_options(*command, *arguments);
    return [arguments, &common] { return drive(*arguments, common); };
}

}  // namespace likeness

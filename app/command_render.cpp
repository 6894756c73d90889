#include <cmath>
#include <map>
#include <numbers>

#include "app/command_files.h"
#include "app/commands.h"
#include "app/terminal.h"
#include "app/view_arguments.h"
#include "core/document/session_file.h"
#include "core/files/file_formats.h"
#include "core/image/ops.h"
#include "core/image/save.h"
#include "core/media/frame_writer.h"
#include "core/pipeline/contact_sheet.h"
#include "core/pipeline/devices.h"
#include "core/pipeline/export_splats.h"

namespace likeness {
namespace {

constexpr float degree = std::numbers::pi_v<float> / 180;

Error usage(const std::string& message) { return {ErrorCode::invalid_argument, message, ""}; }

struct RenderArguments : ViewArguments {
    std::string output, truth;
    float fps = 30, orbit_range = 60;
    int frames = 120;
    bool orbit = false, sheet = false, mesh = false;
    std::map<std::string, bool> flags;  // of formats, for export
};

Status render_orbit(const Avatar& avatar, AvatarRenderer& renderer, const View& view, const RenderArguments& arguments,
                    const std::optional<std::array<float, 3>>& background, Progress& progress) {
    auto film = open_frame_writer(arguments.output, view.camera.width, view.camera.height, double(arguments.fps));
    if (!film) return film.error();
    for (int i = 0; i < arguments.frames; ++i) {
        progress.report(film_frames_share * double(i) / arguments.frames, "Rendering");
        const float phase = 2 * std::numbers::pi_v<float> * float(i) / float(arguments.frames);
        const float yaw = arguments.orbit_range >= 180 ? phase : arguments.orbit_range * degree * std::sin(phase);
        const Camera camera = orbit(view.camera, head_middle(avatar), yaw, 0);
        Image frame = renderer.render(avatar, view.pose, camera, background);
        if (background) frame = composite_over(frame, *background);
        if (Status added = (*film)->add(frame); !added) return added;
    }
    Progress closing([&](double done, const std::string& stage) {
        progress.report(film_frames_share + (1 - film_frames_share) * done, stage);
    });
    return (*film)->finish(closing);
}

int render(const RenderArguments& arguments, const CommonOptions& common) {
    const FileFormat* const picture = format_to_write(arguments.output, FileContent::picture);
    const FilmKind kind = film_kind(arguments.output);
    if (!picture && !arguments.orbit)
        return report(usage(kind == FilmKind::pictures ? "'" + arguments.output + "': pictures are " +
                                                             file_endings(FileContent::picture, true) +
                                                             ", films (with --orbit) " + film_names() + "."
                                                       : "A film needs a movement: add --orbit."),
                      common);
    const auto write = [&](Image image) {
        LoadedImage written;
        written.image = std::move(image);
        return picture->write(std::move(written), arguments.output, {});
    };
    if (arguments.orbit)
        if (Status possible = check_film(arguments.output); !possible) return report(possible.error(), common);
    std::vector<CommandFile> outputs = {{"--truth", arguments.truth}};
    if (!arguments.orbit || is_film_file(kind)) outputs.push_back({"the picture (-o)", arguments.output});
    if (Status usable = check_files({{"the avatar", arguments.avatar}, {"the camera", arguments.camera}}, outputs);
        !usable)
        return report(usable.error(), common);
    auto device = choose_device(common.device);
    if (!device) return report(device.error(), common);
    auto avatar = open_avatar(arguments.avatar, common);
    if (!avatar) return report(avatar.error(), common);
    auto view = make_view(*avatar, arguments);
    if (!view) return report(view.error(), common);
    const auto chosen = arguments.orbit ? film_background(arguments, kind) : background_of(arguments);
    if (!chosen) return report(chosen.error(), common);
    const std::optional<std::array<float, 3>>& background = *chosen;
    AvatarRenderer renderer(device->make_rasterizer(), shown_parts(*avatar));
    ProgressBar bar(common.quiet || common.json);
    Progress progress([&](double fraction, const std::string& stage) { bar.update(fraction, stage); });
    const CatchInterrupt interrupt(&progress);
    renderer.set_stop(progress.stop());
    Status saved;
    try {
        if (arguments.orbit) {
            saved = render_orbit(*avatar, renderer, *view, arguments, background, progress);
        } else if (arguments.sheet) {
            saved = write(contact_sheet(*avatar, renderer, view->camera.width));
        } else if (arguments.mesh) {
            Image image = render_mesh(*avatar, view->pose, view->camera);
            saved = write(background ? composite_over(image, *background) : std::move(image));
        } else {
            Image image = renderer.render(*avatar, view->pose, view->camera, background);
            saved = write(background ? composite_over(image, *background) : std::move(image));
        }
    } catch (const Cancelled&) {
        return report({ErrorCode::cancelled, "Interrupted; nothing was written.", ""}, common);
    }
    if (!saved) return report(saved.error(), common);
    if (!arguments.truth.empty()) {
        if (!avatar->source->picture)
            return report({ErrorCode::not_found, "'" + arguments.avatar + "' holds no source photograph.", ""}, common);
        const Image truth = resize(*avatar->source->picture, view->camera.width, view->camera.height);
        if (Status written = save_png(arguments.truth, truth); !written) return report(written.error(), common);
    }
    return exit_ok;
}

int export_avatar(const RenderArguments& arguments, const CommonOptions& common) {
    const FileFormat* const format = format_to_write(arguments.output, FileContent::splats);
    if (!format)
        return report(usage("'" + arguments.output + "': splats are exported as " +
                            file_endings(FileContent::splats, true) + "."),
                      common);
    if (Status usable = check_files({{"the avatar", arguments.avatar}}, {{"the splats (-o)", arguments.output}});
        !usable)
        return report(usable.error(), common);
    auto avatar = open_avatar(arguments.avatar, common);
    if (!avatar) return report(avatar.error(), common);
    auto view = make_view(*avatar, arguments);
    if (!view) return report(view.error(), common);
    Scene scene;
    scene.pose = view->pose;
    scene.visible = shown_parts(*avatar);
    scene.avatar = *std::move(avatar);
    WriteOptions options;
    for (const auto& [flag, on] : arguments.flags)
        if (on) options.flags.insert(flag);
    Progress progress;
    if (Status saved = export_splats(scene, *format, arguments.output, options, progress); !saved)
        return report(saved.error(), common);
    return exit_ok;
}

}  // namespace

Subcommand add_render_command(CLI::App& app, const CommonOptions& common) {
    auto arguments = std::make_shared<RenderArguments>();
    CLI::App* command = app.add_subcommand("render", "Render an avatar to a picture or a film");
    add_pose_options(*command, *arguments);
    add_view_options(*command, *arguments);
    command
        ->add_option(
            "-o,--output", arguments->output,
            "Picture (" + file_endings(FileContent::picture, true) + "), or with --orbit the film: " + film_names())
        ->required();
    command->add_option("--truth", arguments->truth, "Also write the photograph's crop with the matte as alpha (PNG)");
    command->add_flag("--orbit", arguments->orbit, "A turntable film");
    command->add_option("--orbit-range", arguments->orbit_range, "Degrees to each side; 180 or more goes all the way round")->capture_default_str();
    command->add_option("--frames", arguments->frames, "Frames of a film")
        ->check(CLI::Range(1, 100000))
        ->capture_default_str();
    command->add_option("--fps", arguments->fps, "Frames a second of a film")
        ->check(CLI::Range(1.0, 240.0))
        ->capture_default_str();
    command->add_flag("--sheet", arguments->sheet, "A contact sheet; --size is a cell's");
    command->add_flag("--mesh", arguments->mesh, "The bare mesh");
    return [arguments, &common] { return render(*arguments, common); };
}

Subcommand add_export_command(CLI::App& app, const CommonOptions& common) {
    auto arguments = std::make_shared<RenderArguments>();
    CLI::App* command = app.add_subcommand("export", "Write the posed avatar as splats for other viewers");
    add_pose_options(*command, *arguments);
    command
        ->add_option("-o,--output", arguments->output,
                     "Splats to write (" + file_endings(FileContent::splats, true) + ")")
        ->required();
    for (const FileFormat* format : formats_to_write(FileContent::splats))
        for (const FileFlag& flag : format->flags())  // one that two formats share is added once
            if (!arguments->flags.contains(flag.name))
                command->add_flag("--" + flag.name, arguments->flags[flag.name], flag.about);
    return [arguments, &common] { return export_avatar(*arguments, common); };
}

}  // namespace likeness

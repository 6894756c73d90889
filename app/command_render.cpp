#include <cmath>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <numbers>

#include "app/command_files.h"
#include "app/commands.h"
#include "app/terminal.h"
#include "core/avatar/avatar_file.h"
#include "core/document/pose_tools.h"
#include "core/document/session_file.h"
#include "core/files/file_formats.h"
#include "core/formats/json_file.h"
#include "core/geometry/camera_json.h"
#include "core/image/ops.h"
#include "core/image/save.h"
#include "core/media/frame_writer.h"
#include "core/pipeline/contact_sheet.h"
#include "core/pipeline/devices.h"
#include "core/pipeline/export_splats.h"

namespace likeness {
namespace {

constexpr float degree = std::numbers::pi_v<float> / 180;

struct ViewArguments {
    std::string avatar, output, camera, pose, background, truth, size;
    std::vector<std::string> set;
    float yaw = 0, pitch = 0, fps = 30, orbit_range = 60;
    int frames = 120;
    bool orbit = false, sheet = false, mesh = false;
    std::map<std::string, bool> flags;  // of formats, for export
};

Error usage(const std::string& message) { return {ErrorCode::invalid_argument, message, ""}; }

Result<Avatar> open_avatar(const std::string& file, const CommonOptions& common) {
    HeadRegistry heads;
    auto avatar = load_avatar(file, &heads);
    if (avatar && !common.quiet)
        if (const std::string unknown = unknown_parts_sentence(*avatar, file); !unknown.empty())
            std::fprintf(stderr, "likeness: note: %s\n", unknown.c_str());
    return avatar;
}

// name=value: a control, or joint.x, joint.y, joint.z in degrees.
Status apply_settings(const HeadModel& model, const std::vector<std::string>& settings, HeadPose& pose) {
    for (const std::string& setting : settings) {
        const auto equals = setting.find('=');
        if (equals == std::string::npos) return usage("'" + setting + "' is no setting; write name=value, e.g. jawOpen=0.5.");
        const std::string name = setting.substr(0, equals);
        float value = 0;
        try {
            std::size_t used = 0;
            value = std::stof(setting.substr(equals + 1), &used);
            if (used != setting.size() - equals - 1 || !std::isfinite(value)) throw std::invalid_argument("");
        } catch (const std::exception&) {
            return usage("'" + setting + "': the value is no number.");
        }
        if (model.control(name) >= 0) {
            if (Status set = set_control(model, name, value, pose); !set) return set;
            continue;
        }
        const auto dot = name.rfind('.');
        const std::string joint = name.substr(0, dot);
        const std::string axis = dot == std::string::npos ? "" : name.substr(dot + 1);
        if (model.joint(joint) < 0 || (axis != "x" && axis != "y" && axis != "z"))
            return usage("'" + name + "' is neither a control (jawOpen, ...) nor a joint's axis (head.y, ...); 'likeness info' lists them.");
        std::array<std::optional<float>, 3> turn;
        turn[std::size_t(axis[0] - 'x')] = value * degree;
        if (Status set = set_joint(model, joint, turn, pose); !set) return set;
    }
    return {};
}

Result<std::array<float, 3>> parse_color(const std::string& text) {
    if (text == "white") return std::array<float, 3>{1, 1, 1};
    if (text == "black") return std::array<float, 3>{0, 0, 0};
    if (text == "grey" || text == "gray") return std::array<float, 3>{0.5f, 0.5f, 0.5f};
    if (text.size() == 7 && text[0] == '#' && text.find_first_not_of("0123456789abcdefABCDEF", 1) == std::string::npos) {
        std::array<float, 3> color{};
        for (std::size_t c = 0; c < 3; ++c) color[c] = float(std::stoi(text.substr(1 + 2 * c, 2), nullptr, 16)) / 255.0f;
        return color;
    }
    return usage("'" + text + "' is no color; write #rrggbb, white, grey or black.");
}

Status parse_size(const std::string& text, int& width, int& height) {
    int used = 0;
    if (std::sscanf(text.c_str(), "%dx%d%n", &width, &height, &used) == 2 && used == int(text.size())) {
    } else if (std::sscanf(text.c_str(), "%d%n", &width, &used) == 1 && used == int(text.size())) {
        height = width;
    } else {
        return usage("'" + text + "' is no size; write 512 or 640x480.");
    }
    if (width < 1 || height < 1 || width > 8192 || height > 8192) return usage("A picture's sides must lie in 1..8192.");
    return {};
}

struct View {
    Camera camera;
    HeadPose pose;
};

Result<View> make_view(const Avatar& avatar, const ViewArguments& arguments) {
    View view;
    int width = 512, height = 512;
    const bool sized = !arguments.size.empty();
    if (sized)
        if (Status parsed = parse_size(arguments.size, width, height); !parsed) return parsed.error();
    const bool source = arguments.camera == "source";
    if (source) {
        view.camera = avatar.source->camera.resized(width, height);
    } else if (!arguments.camera.empty()) {
        JsonLimits limits;
        limits.max_bytes = 1 << 20;
        limits.max_values = 10'000;
        const auto text = load_json(arguments.camera, limits);
        if (!text) return text.error();
        auto camera = camera_from_json(*text);
        if (!camera) return Error{camera.error().code, "'" + arguments.camera + "': " + camera.error().message, camera.error().detail};
        view.camera = sized ? camera->resized(width, height) : *camera;
    } else {
        view.camera = default_camera(avatar, width, height);
    }
    view.camera = orbit(view.camera, head_middle(avatar), arguments.yaw * degree, arguments.pitch * degree);
    const std::string pose = arguments.pose.empty() ? (source ? "source" : "neutral") : arguments.pose;
    view.pose = pose == "source" ? avatar.source->pose : HeadPose::neutral(*avatar.model);
    if (Status applied = apply_settings(*avatar.model, arguments.set, view.pose); !applied) return applied.error();
    return view;
}

Status render_orbit(const Avatar& avatar, AvatarRenderer& renderer, const View& view, const ViewArguments& arguments,
                    const std::optional<std::array<float, 3>>& background, Progress& progress) {
    auto film = open_frame_writer(arguments.output, view.camera.width, view.camera.height, double(arguments.fps));
    if (!film) return film.error();
    for (int i = 0; i < arguments.frames; ++i) {
        progress.report(double(i) / arguments.frames, "Rendering");
        const float phase = 2 * std::numbers::pi_v<float> * float(i) / float(arguments.frames);
        const float yaw = arguments.orbit_range >= 180 ? phase : arguments.orbit_range * degree * std::sin(phase);
        const Camera camera = orbit(view.camera, head_middle(avatar), yaw, 0);
        Image frame = renderer.render(avatar, view.pose, camera, background);
        if (background) frame = composite_over(frame, *background);
        if (Status added = (*film)->add(frame); !added) return added;
    }
    return (*film)->finish();
}

int render(const ViewArguments& arguments, const CommonOptions& common) {
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
    std::optional<std::array<float, 3>> background;
    if (!arguments.background.empty() && arguments.background != "transparent") {
        auto color = parse_color(arguments.background);
        if (!color) return report(color.error(), common);
        background = *color;
    } else if (arguments.orbit && (kind == FilmKind::mp4 || (kind != FilmKind::pictures && kind != FilmKind::webp &&
                                                             arguments.background.empty()))) {
        background = {0.86f, 0.86f, 0.87f};
    }
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

int export_avatar(const ViewArguments& arguments, const CommonOptions& common) {
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

void add_pose_options(CLI::App* command, const std::shared_ptr<ViewArguments>& arguments) {
    command->add_option("avatar", arguments->avatar, "Avatar (" + file_endings(FileContent::avatar) + ")")->required();
    command->add_option("--pose", arguments->pose, "Pose to start from: neutral, or the photograph's")
        ->check(CLI::IsMember({"source", "neutral"}));
    command->add_option("--set", arguments->set, "name=value: a control (jawOpen=0.5), or a joint's axis in degrees (head.y=20)");
}

}  // namespace

Subcommand add_render_command(CLI::App& app, const CommonOptions& common) {
    auto arguments = std::make_shared<ViewArguments>();
    CLI::App* command = app.add_subcommand("render", "Render an avatar to a picture or a film");
    add_pose_options(command, arguments);
    command
        ->add_option(
            "-o,--output", arguments->output,
            "Picture (" + file_endings(FileContent::picture, true) + "), or with --orbit the film: " + film_names())
        ->required();
    command->add_option("--yaw", arguments->yaw, "Degrees to turn the camera to the subject's left");
    command->add_option("--pitch", arguments->pitch, "Degrees to raise the camera");
    command->add_option("--camera", arguments->camera, "'source' for the photograph's own, or a JSON file; see docs/command-line.md");
    command->add_option("--size", arguments->size, "Pixels: 512 or 640x480");
    command->add_option(
        "--background", arguments->background,
        "#rrggbb, white, grey, black; transparent unless given (.mp4, .gif and raw frames: light grey)");
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
    auto arguments = std::make_shared<ViewArguments>();
    CLI::App* command = app.add_subcommand("export", "Write the posed avatar as splats for other viewers");
    add_pose_options(command, arguments);
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

#include "app/view_arguments.h"

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numbers>

#include "core/avatar/avatar_file.h"
#include "core/document/pose_tools.h"
#include "core/files/file_formats.h"
#include "core/formats/json_file.h"
#include "core/geometry/camera_json.h"
#include "core/head/head_registry.h"

namespace likeness {
namespace {

constexpr float degree_angle = std::numbers::pi_v<float> / 180;

Error usage_error(const std::string& message) { return {ErrorCode::invalid_argument, message, ""}; }

// name=value: a control, or joint.x, joint.y, joint.z in degrees.
Status apply_settings(const HeadModel& model, const std::vector<std::string>& settings, HeadPose& pose) {
    for (const std::string& setting : settings) {
        const auto equals = setting.find('=');
        if (equals == std::string::npos)
            return usage_error("'" + setting + "' is no setting; write name=value, e.g. jawOpen=0.5.");
        const std::string name = setting.substr(0, equals);
        float value = 0;
        try {
            std::size_t used = 0;
            value = std::stof(setting.substr(equals + 1), &used);
            if (used != setting.size() - equals - 1 || !std::isfinite(value)) throw std::invalid_argument("");
        } catch (const std::exception&) {
            return usage_error("'" + setting + "': the value is no number.");
        }
        if (model.control(name) >= 0) {
            if (Status set = set_control(model, name, value, pose); !set) return set;
            continue;
        }
        const auto dot = name.rfind('.');
        const std::string joint = name.substr(0, dot);
        const std::string axis = dot == std::string::npos ? "" : name.substr(dot + 1);
        if (model.joint(joint) < 0 || (axis != "x" && axis != "y" && axis != "z"))
            return usage_error(
                "'" + name +
                "' is neither a control (jawOpen, ...) nor a joint's axis (head.y, ...); 'likeness info' lists them.");
        std::array<std::optional<float>, 3> turn;
        turn[std::size_t(axis[0] - 'x')] = value * degree_angle;
        if (Status set = set_joint(model, joint, turn, pose); !set) return set;
    }
    return {};
}

Result<std::array<float, 3>> parse_color(const std::string& text) {
    if (text == "white") return std::array<float, 3>{1, 1, 1};
    if (text == "black") return std::array<float, 3>{0, 0, 0};
    if (text == "grey" || text == "gray") return std::array<float, 3>{0.5f, 0.5f, 0.5f};
    if (text.size() == 7 && text[0] == '#' &&
        text.find_first_not_of("0123456789abcdefABCDEF", 1) == std::string::npos) {
        std::array<float, 3> color{};
        for (std::size_t c = 0; c < 3; ++c)
            color[c] = float(std::stoi(text.substr(1 + 2 * c, 2), nullptr, 16)) / 255.0f;
        return color;
    }
    return usage_error("'" + text + "' is no color; write #rrggbb, white, grey or black.");
}

Status parse_size(const std::string& text, int& width, int& height) {
    int used = 0;
    if (std::sscanf(text.c_str(), "%dx%d%n", &width, &height, &used) == 2 && used == int(text.size())) {
    } else if (std::sscanf(text.c_str(), "%d%n", &width, &used) == 1 && used == int(text.size())) {
        height = width;
    } else {
        return usage_error("'" + text + "' is no size; write 512 or 640x480.");
    }
    if (width < 1 || height < 1 || width > 8192 || height > 8192)
        return usage_error("A picture's sides must lie in 1..8192.");
    return {};
}

}  // namespace

Result<Avatar> open_avatar(const std::string& file, const CommonOptions& common) {
    HeadRegistry heads;
    auto avatar = load_avatar(file, &heads);
    if (avatar && !common.quiet)
        if (const std::string unknown = unknown_parts_sentence(*avatar, file); !unknown.empty())
            std::fprintf(stderr, "likeness: note: %s\n", unknown.c_str());
    return avatar;
}

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
        if (!camera)
            return Error{camera.error().code, "'" + arguments.camera + "': " + camera.error().message,
                         camera.error().detail};
        view.camera = sized ? camera->resized(width, height) : *camera;
    } else {
        view.camera = default_camera(avatar, width, height);
    }
    view.camera = orbit(view.camera, head_middle(avatar), arguments.yaw * degree_angle, arguments.pitch * degree_angle);
    const std::string pose = arguments.pose.empty() ? (source ? "source" : "neutral") : arguments.pose;
    view.pose = pose == "source" ? avatar.source->pose : HeadPose::neutral(*avatar.model);
    if (Status applied = apply_settings(*avatar.model, arguments.set, view.pose); !applied) return applied.error();
    return view;
}

Result<std::optional<std::array<float, 3>>> background_of(const ViewArguments& arguments) {
    if (arguments.background.empty() || arguments.background == "transparent")
        return std::optional<std::array<float, 3>>();
    const auto color = parse_color(arguments.background);
    if (!color) return color.error();
    return std::optional(*color);
}

Result<std::optional<std::array<float, 3>>> film_background(const ViewArguments& arguments, FilmKind kind) {
    const auto chosen = background_of(arguments);
    const bool asked = !arguments.background.empty();
    const bool opaque = !keeps_alpha(kind) || (!asked && (kind == FilmKind::gif || kind == FilmKind::raw));
    if (!chosen || *chosen || !opaque) return chosen;
    return std::optional(std::array<float, 3>{0.86f, 0.86f, 0.87f});
}

void add_pose_options(CLI::App& command, ViewArguments& arguments) {
    command.add_option("avatar", arguments.avatar, "Avatar (" + file_endings(FileContent::avatar) + ")")->required();
    command.add_option("--pose", arguments.pose, "Pose to start from: neutral, or the photograph's")
        ->check(CLI::IsMember({"source", "neutral"}));
    command.add_option("--set", arguments.set,
                       "name=value: a control (jawOpen=0.5), or a joint's axis in degrees (head.y=20)");
}

void add_view_options(CLI::App& command, ViewArguments& arguments) {
    command.add_option("--yaw", arguments.yaw, "Degrees to turn the camera to the subject's left");
    command.add_option("--pitch", arguments.pitch, "Degrees to raise the camera");
    command.add_option("--camera", arguments.camera,
                       "'source' for the photograph's own, or a JSON file; see docs/command-line.md");
    command.add_option("--size", arguments.size, "Pixels: 512 or 640x480");
    command.add_option("--background", arguments.background,
                       "#rrggbb, white, grey, black; transparent unless given (.mp4, .gif and raw frames: light grey)");
}

}  // namespace likeness

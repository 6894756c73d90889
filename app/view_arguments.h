// An avatar, its pose and the camera that sees it, as commands are given them.
#pragma once

#include <CLI/CLI.hpp>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "app/commands.h"
#include "core/avatar/avatar.h"
#include "core/media/frame_writer.h"

namespace likeness {

struct ViewArguments {
    std::string avatar, camera, pose, background, size;
    std::vector<std::string> set;
    float yaw = 0, pitch = 0;
};

struct View {
    Camera camera;
    HeadPose pose;
};

void add_pose_options(CLI::App& command, ViewArguments& arguments);  // avatar, --pose, --set
void add_view_options(CLI::App& command, ViewArguments& arguments);  // camera, size, background

// Says on standard error which parts of the file are unknown. Errors: load_avatar's.
Result<Avatar> open_avatar(const std::string& file, const CommonOptions& common);
// 512 x 512 unless a size is given. Errors: invalid_argument; of the camera's file not_found, bad_input.
Result<View> make_view(const Avatar& avatar, const ViewArguments& arguments);
// None: transparent. Error: invalid_argument.
Result<std::optional<std::array<float, 3>>> background_of(const ViewArguments& arguments);
// Of a film: light grey where none is asked for and the film would rather be opaque. Error: invalid_argument.
Result<std::optional<std::array<float, 3>>> film_background(const ViewArguments& arguments, FilmKind kind);

}  // namespace likeness

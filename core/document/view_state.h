// How the document is looked at: a plain value that scripts, panels and the viewport share. Not part of undo.
#pragma once

#include <array>
#include <filesystem>
#include <string>

#include "core/geometry/camera.h"
#include "core/document/document.h"

namespace likeness {

enum class ViewMode { splats, mesh, wireframe, normals, depth, alpha };
inline constexpr std::array<const char*, 6> view_mode_names = {"splats",  "mesh",  "wireframe",
                                                               "normals", "depth", "alpha"};
enum class CompareMode { off, wipe, side_by_side };
inline constexpr std::array<const char*, 3> compare_mode_names = {"off", "wipe", "side_by_side"};
enum class BackgroundKind { color, checker, picture };
inline constexpr std::array<const char*, 3> background_kind_names = {"color", "checker", "picture"};

struct ViewState {
    float yaw = 0, pitch = 0;    // radians; yaw > 0 moves the camera to the subject's left (+X), pitch > 0 upwards
    float zoom = 1;              // distance is the default one over this
    std::array<float, 2> pan{};  // metres by which the picture's middle moved right and up, in the camera's axes
    float fov = 0.3597f;         // vertical, radians; 0.40 m from 1.1 m
    bool source_camera = false;  // look through the photograph's own camera; moving the view leaves it

    ViewMode mode = ViewMode::splats;
    bool landmarks = false, grid = false, view_cube = true, statistics = false;
    bool name_points = false;  // a click on the head says what it hit
    CompareMode compare = CompareMode::off;
    float wipe = 0.5f;  // where the photograph ends, share of the width
    BackgroundKind background = BackgroundKind::color;
    std::array<float, 3> background_color = {0.20f, 0.21f, 0.23f};
    std::filesystem::path background_picture;
    std::string gizmo;  // the joint that rings in the viewport turn; empty for none

    // More than splats over a background: a mesh, another quantity, a grid, the photograph.
    bool composed() const { return mode != ViewMode::splats || compare != CompareMode::off || grid; }
    bool operator==(const ViewState&) const = default;
};

// The camera of a view of that many pixels. The source camera is fitted into the picture, its square in the middle.
Camera view_camera(const ViewState& view, const Document& document, int width, int height);

}  // namespace likeness

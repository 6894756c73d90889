// What the ways to draw the avatar are called, for the menu, the toolbar and the keys.
#pragma once

#include <array>

#include "core/document/view_state.h"

namespace likeness::ui {

struct ViewModeWords {
    const char* title;
    const char* about;
    const char* keys;
};

// In the order of ViewMode.
inline constexpr std::array<ViewModeWords, view_mode_names.size()> view_modes = {{
    {"Splats", "The avatar itself: its Gaussians.", "Shift+1"},
    {"Mesh", "The head mesh that carries the Gaussians, as clay.", "Shift+2"},
    {"Wireframe", "The mesh's edges over the avatar.", "Shift+3"},
    {"Normals", "Which way the surface looks: red right, green up, blue towards you.", "Shift+4"},
    {"Depth", "How far away each point is: light is near.", "Shift+5"},
    {"Alpha", "How opaque the avatar is: white is solid.", "Shift+6"},
}};

}  // namespace likeness::ui

// The little cube in the viewport's corner: shows which way one looks, and turns the view when a face is clicked.
#pragma once

#include <imgui.h>

#include <glm/mat3x3.hpp>
#include <optional>

namespace likeness::ui {

// Radians; see ViewState.
struct CubeView {
    float yaw = 0, pitch = 0;
};
// Draws it round `middle` for a camera turned so; the view of the face that was clicked.
std::optional<CubeView> view_cube(const ImVec2& middle, float size, const glm::mat3& world_to_camera);

}  // namespace likeness::ui

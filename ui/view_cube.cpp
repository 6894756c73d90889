#include "ui/view_cube.h"

#include <array>
#include <glm/geometric.hpp>
#include <glm/gtc/constants.hpp>
#include <glm/vec3.hpp>

#include "ui/theme.h"
#include "ui/widgets.h"

namespace likeness::ui {
namespace {

struct Face {
    const char* label;
    glm::vec3 normal, right;  // world; right as seen from outside
    CubeView view;
    const char* about;
};

constexpr float quarter = glm::half_pi<float>();

const std::array<Face, 6>& faces() {
    static const std::array<Face, 6> all = {{
        {"Front", {0, 0, 1}, {1, 0, 0}, {0, 0}, "Look at the face (1)"},
        {"Back", {0, 0, -1}, {-1, 0, 0}, {2 * quarter, 0}, "Look at the back of the head (Ctrl+1)"},
        {"Left", {1, 0, 0}, {0, 0, -1}, {quarter, 0}, "Look from the subject's left (3)"},
        {"Right", {-1, 0, 0}, {0, 0, 1}, {-quarter, 0}, "Look from the subject's right (Ctrl+3)"},
        {"Top", {0, 1, 0}, {1, 0, 0}, {0, quarter}, "Look from above (7)"},
        {"Bottom", {0, -1, 0}, {1, 0, 0}, {0, -quarter}, "Look from below (Ctrl+7)"},
    }};
    return all;
}

bool inside(const std::array<ImVec2, 4>& quad, const ImVec2& p) {
    for (std::size_t i = 0; i < 4; ++i) {
        const ImVec2 a = quad[i], b = quad[(i + 1) % 4];
        if ((b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x) < 0) return false;
    }
    return true;
}

}  // namespace

std::optional<CubeView> view_cube(const ImVec2& middle, float size, const glm::mat3& world_to_camera) {
    const Palette& p = palette();
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const float half = 0.29f * size;
    ImGui::SetCursorScreenPos({middle.x - 0.5f * size, middle.y - 0.5f * size});
    ImGui::InvisibleButton("##cube", {size, size});
    const bool hovered = ImGui::IsItemHovered();
    const bool clicked = ImGui::IsItemClicked();
    std::optional<CubeView> chosen;
    draw.AddCircleFilled(middle, 0.5f * size, u32(p.panel, hovered ? 0.55f : 0.25f), 48);
    for (const Face& face : faces()) {
        const glm::vec3 seen = world_to_camera * face.normal;
        if (seen.z > -0.03f) continue;  // turned away
        const glm::vec3 up = glm::cross(face.normal, face.right);
        const auto corner = [&](float x, float y) {
            const glm::vec3 c = world_to_camera * (face.normal + x * face.right + y * up);
            return ImVec2(middle.x + half * c.x, middle.y + half * c.y);
        };
        const std::array<ImVec2, 4> quad = {corner(-1, 1), corner(1, 1), corner(1, -1), corner(-1, -1)};
        const bool hot = hovered && inside(quad, ImGui::GetIO().MousePos);
        const float light = 0.55f - 0.45f * seen.z;
        const ImVec4 ground =
            hot ? p.accent : ImVec4(p.raised.x * light, p.raised.y * light, p.raised.z * light, 0.96f);
        draw.AddConvexPolyFilled(quad.data(), 4, u32(ground));
        draw.AddPolyline(quad.data(), 4, u32(p.line, 0.9f), px(1), ImDrawFlags_Closed);
        if (seen.z < -0.55f) {
            const ImVec2 centre = corner(0, 0);
            const float text = 0.155f * size;
            const ImVec2 extent = medium_font()->CalcTextSizeA(text, 1e6f, 0, face.label);
            draw.AddText(medium_font(), text, {centre.x - 0.5f * extent.x, centre.y - 0.5f * extent.y},
                         u32(hot ? p.on_accent : p.text), face.label);
        }
        if (hot && clicked) chosen = face.view;
        if (hot) tooltip(face.about);
    }
    return chosen;
}

}  // namespace likeness::ui

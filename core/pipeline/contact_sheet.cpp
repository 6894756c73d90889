#include "core/pipeline/contact_sheet.h"

#include <algorithm>
#include <numbers>

#include "core/image/ops.h"

namespace likeness {

HeadPose pose_of(const HeadModel& model, const std::vector<std::pair<std::string, float>>& controls) {
    HeadPose pose = HeadPose::neutral(model);
    for (const auto& [name, value] : controls)
        if (const int c = model.control(name); c >= 0) pose.controls[c] = value;
    return pose;
}

Image contact_sheet(const Avatar& avatar, AvatarRenderer& renderer, int cell) {
    constexpr std::array<float, 3> ground = {0.86f, 0.86f, 0.87f};
    constexpr float degree = std::numbers::pi_v<float> / 180;
    const HeadModel& model = *avatar.model;
    const Camera front = default_camera(avatar, cell, cell);
    const Eigen::Vector3f middle = head_middle(avatar);
    const HeadPose neutral = HeadPose::neutral(model);
    std::vector<Image> cells;
    const auto add = [&](const Image& image) { cells.push_back(composite_over(image, ground)); };
    const auto view = [&](float yaw, float pitch, const HeadPose& pose) {
        add(renderer.render(avatar, pose, orbit(front, middle, yaw * degree, pitch * degree)));
    };
    if (!avatar.source->picture)
        cells.emplace_back(cell, cell, 3, ground[0]);
    else
        add(resize(*avatar.source->picture, cell, cell));
    add(renderer.render(avatar, avatar.source->pose, avatar.source->camera.resized(cell, cell)));
    view(0, 0, neutral);
    view(-45, 0, neutral);
    view(-20, 0, neutral);
    view(20, 0, neutral);
    view(45, 0, neutral);
    view(90, 0, neutral);
    view(180, 0, neutral);
    add(render_mesh(avatar, neutral, orbit(front, middle, 20 * degree, 0)));
    view(0, 0, pose_of(model, {{"mouthSmileLeft", 0.9f}, {"mouthSmileRight", 0.9f}, {"cheekSquintLeft", 0.6f}, {"cheekSquintRight", 0.6f}}));
    view(0, 0, pose_of(model, {{"eyeBlinkLeft", 1}, {"eyeBlinkRight", 1}}));
    view(0, 0, pose_of(model, {{"jawOpen", 0.8f}}));
    view(0, 0, pose_of(model, {{"eyeLookInLeft", 0.9f}, {"eyeLookOutRight", 0.9f}}));
    view(0, 0, pose_of(model, {{"eyeLookOutLeft", 0.9f}, {"eyeLookInRight", 0.9f}}));

    constexpr int columns = 5;
    const int rows = (int(cells.size()) + columns - 1) / columns;
    Image sheet(columns * cell, rows * cell, 3, ground[0]);
    for (std::size_t i = 0; i < cells.size(); ++i)
        for (int y = 0; y < cell; ++y)
            std::copy_n(cells[i].at(0, y), cell * 3, sheet.at(int(i) % columns * cell, int(i) / columns * cell + y));
    return sheet;
}

}  // namespace likeness

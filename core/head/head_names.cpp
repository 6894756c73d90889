#include "core/head/head_names.h"

#include <algorithm>
#include <array>

#include "core/head/makehuman_names.h"

namespace likeness {
namespace {

std::vector<int> mirrored_indices(const std::vector<std::string>& names) {
    std::vector<int> indices;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto other = std::find(names.begin(), names.end(), mirrored_name(names[i]));
        indices.push_back(other == names.end() ? int(i) : int(other - names.begin()));
    }
    return indices;
}

// Of a head whose names say nothing: a slider for each target.
std::vector<IdentitySlider> plain_sliders(const std::vector<std::string>& targets, const Eigen::Matrix2Xf& range) {
    std::vector<IdentitySlider> sliders;
    for (int i = 0; i < int(targets.size()); ++i)
        sliders.push_back({.name = targets[std::size_t(i)],
                           .group = "shape",
                           .up = i,
                           .mirror = i,
                           .low = range(0, i),
                           .high = range(1, i)});
    return sliders;
}

}  // namespace

std::string mirrored_name(const std::string& name) {
    constexpr std::array<std::array<std::string_view, 2>, 2> sides = {{{"Left", "Right"}, {"_left", "_right"}}};
    for (const auto& pair : sides)
        for (std::size_t side = 0; side < 2; ++side)
            if (name.ends_with(pair[side]))
                return name.substr(0, name.size() - pair[side].size()) + std::string(pair[1 - side]);
    return name;
}

void resolve_names(HeadModel& head) {
    head.joints = {.neck = head.joint("neck"),
                   .head = head.joint("head"),
                   .jaw = head.joint("jaw"),
                   .eye_left = head.joint("eye_left"),
                   .eye_right = head.joint("eye_right")};
    head.mirror_control = mirrored_indices(head.control_names);
    head.mirror_joint = mirrored_indices(head.joint_names);
    head.identity_sliders = head.name == makehuman_name ? makehuman_sliders(head.identity_names, head.identity_range)
                                                        : plain_sliders(head.identity_names, head.identity_range);
}

}  // namespace likeness

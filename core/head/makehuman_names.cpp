#include "core/head/makehuman_names.h"

#include <algorithm>
#include <array>
#include <map>

namespace likeness {
namespace {

// Endings of targets that undo each other: what lowers the slider, what raises it.
constexpr std::array<std::array<std::string_view, 2>, 8> opposites = {{{"-decr", "-incr"},
                                                                       {"-min", "-max"},
                                                                       {"-down", "-up"},
                                                                       {"-in", "-out"},
                                                                       {"-backward", "-forward"},
                                                                       {"-concave", "-convex"},
                                                                       {"-compress", "-uncompress"},
                                                                       {"-female", "-male"}}};

bool has_side(const std::string& name) { return name.starts_with("l-") || name.starts_with("r-"); }

}  // namespace

std::vector<IdentitySlider> makehuman_sliders(const std::vector<std::string>& targets, const Eigen::Matrix2Xf& range) {
    std::map<std::string, int> index, slider_index;
    for (std::size_t i = 0; i < targets.size(); ++i) index[targets[i]] = int(i);
    std::vector<IdentitySlider> sliders;
    std::vector<bool> taken(targets.size(), false);
    for (int i = 0; i < int(targets.size()); ++i) {
        if (taken[std::size_t(i)]) continue;
        const std::string& name = targets[std::size_t(i)];
        IdentitySlider slider;
        slider.name = name;
        slider.up = i;
        for (const auto& pair : opposites)
            for (std::size_t side = 0; side < 2; ++side) {
                const std::string_view ending = pair[side];
                if (slider.down >= 0 || !name.ends_with(ending)) continue;
                const std::string stem = name.substr(0, name.size() - ending.size());
                const auto other = index.find(stem + std::string(pair[1 - side]));
                if (other == index.end()) continue;
                // "head-trans" has three pairs: the way up tells them apart. Sizes need no such word.
                const bool size = ending == "-decr" || ending == "-incr" || ending == "-min" || ending == "-max";
                slider.name = size ? stem : stem + std::string(pair[1]);
                slider.down = side == 0 ? i : other->second;
                slider.up = side == 0 ? other->second : i;
                taken[std::size_t(other->second)] = true;
            }
        const std::string bare = has_side(slider.name) ? slider.name.substr(2) : slider.name;
        slider.group = bare.substr(0, bare.find('-'));
        slider.high = std::max(0.5f, range(1, slider.up));
        if (slider.down >= 0) slider.low = -std::max(0.5f, range(1, slider.down));
        slider_index[slider.name] = int(sliders.size());
        sliders.push_back(std::move(slider));
    }
    for (std::size_t i = 0; i < sliders.size(); ++i) {
        std::string other = sliders[i].name;
        if (has_side(other)) other[0] = other[0] == 'l' ? 'r' : 'l';
        const auto found = slider_index.find(other);
        sliders[i].mirror = found == slider_index.end() ? int(i) : found->second;
    }
    return sliders;
}

}  // namespace likeness

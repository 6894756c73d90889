#include "core/document/identity_edit.h"

#include <algorithm>
#include <array>
#include <map>

namespace likeness {
namespace {

// Endings of targets that undo each other: what lowers the slider, what raises it.
constexpr std::array<std::array<const char*, 2>, 8> opposites = {{{"-decr", "-incr"},
                                                                  {"-min", "-max"},
                                                                  {"-down", "-up"},
                                                                  {"-in", "-out"},
                                                                  {"-backward", "-forward"},
                                                                  {"-concave", "-convex"},
                                                                  {"-compress", "-uncompress"},
                                                                  {"-female", "-male"}}};

}  // namespace

std::vector<IdentitySlider> identity_sliders(const HeadModel& model) {
    std::map<std::string, int> index;
    for (int i = 0; i < model.identity_count(); ++i) index[model.identity_names[std::size_t(i)]] = i;
    std::vector<IdentitySlider> sliders;
    std::vector<bool> taken(std::size_t(model.identity_count()), false);
    for (int i = 0; i < model.identity_count(); ++i) {
        if (taken[std::size_t(i)]) continue;
        const std::string& name = model.identity_names[std::size_t(i)];
        IdentitySlider slider;
        slider.name = name;
        slider.up = i;
        for (const auto& pair : opposites)
            for (std::size_t side = 0; side < 2; ++side) {
                const std::string ending = pair[side];
                if (slider.down >= 0 || !name.ends_with(ending)) continue;
                const std::string stem = name.substr(0, name.size() - ending.size());
                const auto other = index.find(stem + pair[1 - side]);
                if (other == index.end()) continue;
                // "head-trans" has three pairs: the way up tells them apart. Sizes need no such word.
                const bool size = ending == "-decr" || ending == "-incr" || ending == "-min" || ending == "-max";
                slider.name = size ? stem : stem + pair[1];
                slider.down = side == 0 ? i : other->second;
                slider.up = side == 0 ? other->second : i;
                taken[std::size_t(other->second)] = true;
            }
        const std::string bare =
            slider.name.starts_with("l-") || slider.name.starts_with("r-") ? slider.name.substr(2) : slider.name;
        slider.group = bare.substr(0, bare.find('-'));
        slider.high = std::max(0.5f, model.identity_range(1, slider.up));
        if (slider.down >= 0) slider.low = -std::max(0.5f, model.identity_range(1, slider.down));
        sliders.push_back(std::move(slider));
    }
    return sliders;
}

float slider_value(const IdentitySlider& slider, const Eigen::VectorXf& change) {
    if (slider.up >= change.size() || slider.down >= change.size()) return 0;
    return change[slider.up] - (slider.down >= 0 ? change[slider.down] : 0.0f);
}

void set_slider(const IdentitySlider& slider, float value, Eigen::VectorXf& change) {
    if (slider.up >= change.size() || slider.down >= change.size()) return;
    if (slider.down < 0) {
        change[slider.up] = value;
        return;
    }
    change[slider.up] = std::max(value, 0.0f);
    change[slider.down] = std::max(-value, 0.0f);
}

}  // namespace likeness

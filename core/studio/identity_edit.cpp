#include "core/studio/identity_edit.h"

#include <algorithm>
#include <array>
#include <limits>
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

void IdentityBaker::bind_hair() {
    const Eigen::Index hair = fitted_->hair.vertices.cols(), head = fitted_->person.vertices.cols();
    near_.assign(std::size_t(hair * neighbours_), 0);
    weights_.assign(near_.size(), 0);
    const Eigen::VectorXf square = fitted_->person.vertices.colwise().squaredNorm();
    Eigen::VectorXf distance(head);
    for (Eigen::Index h = 0; h < hair; ++h) {
        const Eigen::Vector3f p = fitted_->hair.vertices.col(h);
        distance.noalias() = square - 2 * (fitted_->person.vertices.transpose() * p);
        std::array<std::pair<float, int>, neighbours_> best;
        best.fill({std::numeric_limits<float>::infinity(), 0});
        for (Eigen::Index v = 0; v < head; ++v) {
            if (distance[v] >= best.back().first) continue;
            best.back() = {distance[v], int(v)};
            std::sort(best.begin(), best.end());
        }
        float sum = 0;
        for (int k = 0; k < neighbours_; ++k) {
            const std::size_t at = std::size_t(h * neighbours_ + k);
            near_[at] = best[std::size_t(k)].second;
            // Inverse distances; a millimetre keeps a vertex on the skin from taking everything.
            weights_[at] = 1 / (std::max(0.0f, best[std::size_t(k)].first + p.squaredNorm()) + 1e-6f);
            sum += weights_[at];
        }
        for (int k = 0; k < neighbours_; ++k) weights_[std::size_t(h * neighbours_ + k)] /= sum;
    }
}

std::shared_ptr<const Avatar> IdentityBaker::before(const std::shared_ptr<const Avatar>& changed,
                                                    const Eigen::VectorXf& change) {
    if (change.size() != changed->identity.size() || change.isZero(0)) return changed;
    auto result = std::make_shared<Avatar>(*changed);
    result->identity -= change;
    result->prepare();
    // Where hair follows depends on where it was: a fixed point, near after a few rounds.
    for (int round = 0; round < 4 && changed->hair.vertices.cols() > 0; ++round) {
        const auto forth = IdentityBaker(result).bake(change);
        auto next = std::make_shared<Avatar>(*result);
        next->hair.vertices += changed->hair.vertices - forth->hair.vertices;
        next->prepare();
        result = std::move(next);
    }
    return result;
}

std::shared_ptr<const Avatar> IdentityBaker::bake(const Eigen::VectorXf& change) {
    if (change.size() != fitted_->identity.size() || change.isZero(0)) return fitted_;
    auto result = std::make_shared<Avatar>(*fitted_);
    result->identity += change;
    if (result->hair.vertices.cols() > 0) {
        if (near_.empty()) bind_hair();
        const PersonalHead person =
            personalise(*result->model, result->identity, result->offsets.size() ? &result->offsets : nullptr);
        const Vertices moved = person.vertices - fitted_->person.vertices;
        for (Eigen::Index h = 0; h < result->hair.vertices.cols(); ++h)
            for (int k = 0; k < neighbours_; ++k) {
                const std::size_t at = std::size_t(h * neighbours_ + k);
                result->hair.vertices.col(h) += weights_[at] * moved.col(near_[at]);
            }
    }
    result->prepare();
    return result;
}

}  // namespace likeness

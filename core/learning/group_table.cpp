#include "core/learning/group_table.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace likeness {
namespace {

float bound(const std::vector<float>& bounds, std::size_t column, float none) {
    return bounds.empty() ? none : bounds[bounds.size() == 1 ? 0 : column];
}

}  // namespace

float adam_correction(float beta, int steps) { return -std::expm1(float(steps) * std::log(beta)); }

float GroupTable::Group::low(std::size_t c) const { return bound(about.low, c, -unbounded); }
float GroupTable::Group::high(std::size_t c) const { return bound(about.high, c, unbounded); }

void GroupTable::clear() {
    groups_.clear();
    steps_ = 0;
}

int GroupTable::add(ParameterGroup group, bool geometry) {
    const auto fits = [&](const std::vector<float>& bounds) {
        return bounds.size() <= 1 || bounds.size() == group.width;
    };
    if (find(group.name) >= 0) throw std::invalid_argument("two parameter groups are called '" + group.name + "'");
    if (group.width == 0 || group.values.size() % group.width != 0 || !fits(group.low) || !fits(group.high) ||
        (group.clock == StepClock::views && group.values.size() != group.width) ||
        (!group.prior.centre.empty() && group.prior.centre.size() != group.values.size()) || !(group.prior.unit > 0))
        throw std::invalid_argument("the sizes of parameter group '" + group.name + "' do not match");
    Group entry;
    entry.settings = {group.rate, group.prior.weight, group.prior.smooth};
    entry.rows = group.values.size() / group.width;
    entry.geometry = geometry;
    entry.began = steps_;
    entry.about = std::move(group);
    groups_.push_back(std::move(entry));
    return int(groups_.size()) - 1;
}

int GroupTable::find(const std::string& name) const {
    for (std::size_t k = 0; k < groups_.size(); ++k)
        if (groups_[k].about.name == name) return int(k);
    return -1;
}

int GroupTable::at(const std::string& name) const {
    const int k = find(name);
    if (k < 0) throw std::invalid_argument("no parameter group '" + name + "' is learned");
    return k;
}

GroupSettings& GroupTable::settings(const std::string& name) { return groups_[std::size_t(at(name))].settings; }

std::vector<std::string> GroupTable::names() const {
    std::vector<std::string> names;
    for (const Group& g : groups_) names.push_back(g.about.name);
    return names;
}

void GroupTable::restart(int k, std::size_t rows) {
    groups_[std::size_t(k)].rows = rows;
    groups_[std::size_t(k)].began = steps_;
}

GroupStep GroupTable::step_of(int k, float rate_scale, std::size_t batch, std::size_t pairs, bool colors_only) const {
    const Group& group = groups_[std::size_t(k)];
    const ParameterGroup& about = group.about;
    const bool views = about.clock == StepClock::views;
    const float rows = float(std::max<std::size_t>(views ? batch : group.rows, 1)), unit = about.prior.unit;
    GroupStep step;
    step.rate = group.settings.rate * rate_scale;
    if (!views) {
        const int t = steps_ + 1 - group.began;
        step.rate /= adam_correction(adam_beta1, t);
        step.second_scale = 1 / adam_correction(adam_beta2, t);
    }
    if (about.prior.norm == Norm::squared)
        step.squared = 2 * group.settings.prior / (rows * unit * unit);
    else
        step.absolute = group.settings.prior / (rows * unit);
    step.smooth = 2 * group.settings.smooth / (float(std::max<std::size_t>(pairs, 1)) * unit * unit);
    if (!group.column_bounds()) {
        step.low = group.low(0);
        step.high = group.high(0);
    }
    step.rests = colors_only && group.geometry;
    return step;
}

}  // namespace likeness

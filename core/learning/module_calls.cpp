#include "core/learning/module_calls.h"

#include <algorithm>

namespace likeness {

void ModuleCalls::clear() {
    modules_.clear();
    groups_.clear();
    takes_part_ = {};
    can_be_recorded_ = true;
}

void ModuleCalls::add(const TrainingModules& modules, const std::function<int(ParameterGroup)>& add_group) {
    for (const std::shared_ptr<TrainingModule>& module : modules) {
        Module entry{module, {}};
        for (ParameterGroup& g : module->groups()) entry.groups.push_back(add_group(std::move(g)));
        groups_.insert(groups_.end(), entry.groups.begin(), entry.groups.end());
        for (int s = 0; s < step_stages; ++s) takes_part_[std::size_t(s)] |= module->takes_part(StepStage(s));
        can_be_recorded_ &= module->can_be_recorded();
        modules_.push_back(std::move(entry));
    }
}

void ModuleCalls::call(StepStage stage, bool back, StepArrays arrays, int frame) const {
    std::vector<GroupArrays> groups;
    for (std::size_t i = 0; i < modules_.size(); ++i) {
        const Module& m = modules_[back ? modules_.size() - 1 - i : i];
        if (!m.module->takes_part(stage)) continue;
        groups.clear();
        for (const int k : m.groups) groups.push_back(arrays_(k, std::max(frame, 0)));
        arrays.groups = groups.data();
        if (back)
            m.module->backward(stage, arrays);
        else
            m.module->forward(stage, arrays);
    }
}

}  // namespace likeness

// A step's calls of the modules that were added to it (training_module.h), on every device.
#pragma once

#include <array>
#include <functional>
#include <vector>

#include "core/learning/training_module.h"

namespace likeness {

class ModuleCalls {
  public:
    // `arrays`: a group's, for the frames of the batch from `first` on.
    explicit ModuleCalls(std::function<GroupArrays(int group, int first)> arrays) : arrays_(std::move(arrays)) {}

    void clear();
    // `add_group` puts a group into the engine; returns its number there.
    void add(const TrainingModules& modules, const std::function<int(ParameterGroup)>& add_group);
    bool takes_part(StepStage stage) const { return takes_part_[std::size_t(stage)]; }
    bool can_be_recorded() const { return can_be_recorded_; }
    const std::vector<int>& groups() const { return groups_; }  // of all modules, in their order

    // A step begins: what all its calls are told of the batch.
    void begin(const StepArrays& step) { step_ = step; }
    // Calls whoever takes part in the stage, for a frame of the batch or for all of them. `fill` puts the stage's
    // arrays into the call's StepArrays.
    static constexpr int all_frames = -1;
    template <class Fill>
    void forward(StepStage stage, const Fill& fill, int frame = all_frames) const {
        if (takes_part(stage)) call(stage, false, filled(fill, frame), frame);
    }
    // What came last on the way there is met first.
    template <class Fill>
    void backward(StepStage stage, const Fill& fill, int frame = all_frames) const {
        if (takes_part(stage)) call(stage, true, filled(fill, frame), frame);
    }

  private:
    struct Module {
        std::shared_ptr<TrainingModule> module;
        std::vector<int> groups;
    };
    template <class Fill>
    StepArrays filled(const Fill& fill, int frame) const {
        StepArrays arrays = step_;
        if (frame != all_frames) {
            arrays.frames = 1;
            arrays.views += frame;
        }
        fill(arrays);
        return arrays;
    }
    void call(StepStage stage, bool back, StepArrays arrays, int frame) const;

    std::function<GroupArrays(int, int)> arrays_;
    std::vector<Module> modules_;
    std::vector<int> groups_;
    std::array<bool, step_stages> takes_part_{};
    bool can_be_recorded_ = true;
    StepArrays step_;
};

}  // namespace likeness

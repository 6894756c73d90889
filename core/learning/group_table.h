// The parameter groups of an engine: which there are, their settings and clocks, and what a step does to each in
// numbers. The same on every device; values and moments are the engine's own.
#pragma once

#include <string>
#include <vector>

#include "core/learning/group_step.h"

namespace likeness {

// 1 - beta^steps, exact for a beta close to 1.
float adam_correction(float beta, int steps);

class GroupTable {
  public:
    struct Group {
        ParameterGroup about;
        GroupSettings settings;
        std::size_t rows = 0;       // StepClock::steps; views count for themselves
        bool geometry = false;      // of the Gaussians: rests where a view teaches colors only
        int began = 0;              // steps() when its values were put
        bool column_bounds() const { return about.low.size() > 1 || about.high.size() > 1; }
        // Of column `c`.
        float low(std::size_t c) const;
        float high(std::size_t c) const;
    };

    void clear();
    // Throws std::invalid_argument for a name that is taken, no width, or sizes that do not match.
    int add(ParameterGroup group, bool geometry = false);
    int find(const std::string& name) const;  // -1 when there is none
    std::size_t size() const { return groups_.size(); }
    Group& operator[](int k) { return groups_[std::size_t(k)]; }
    const Group& operator[](int k) const { return groups_[std::size_t(k)]; }
    std::vector<std::string> names() const;
    // Throws std::invalid_argument.
    GroupSettings& settings(const std::string& name);
    int at(const std::string& name) const;

    // Other values took the place of a group's: its clock starts again.
    void restart(int k, std::size_t rows);
    int steps() const { return steps_; }
    void count_step() { ++steps_; }
    // Of the step that comes next. `batch`: its views; `pairs`: pairs of corners of the surface's triangles.
    GroupStep step_of(int k, float rate_scale, std::size_t batch, std::size_t pairs, bool colors_only) const;

  private:
    std::vector<Group> groups_;
    int steps_ = 0;
};

}  // namespace likeness

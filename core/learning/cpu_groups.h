// The parameter groups of an engine on the processor: values, Adam's moments, centres of priors, gradients, bounds,
// and what a step does to them. The GPU's twin is cuda/device_groups.h.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "core/avatar/surface_batch.h"
#include "core/learning/group_table.h"
#include "core/learning/training_module.h"

namespace likeness {

class CpuGroups {
  public:
    void clear();
    int add(ParameterGroup group);
    // Other values, of any number of rows: moments start at zero, and priors lead back to here.
    void put(int k, const std::vector<float>& values);
    // A view comes: `first`, its rows where they do not begin with the group's own values.
    void add_view(const std::map<int, std::vector<float>>& first);
    void clear_views();

    GroupTable& table() { return table_; }
    const GroupTable& table() const { return table_; }
    const std::vector<float>& values(int k) const { return arrays_[std::size_t(k)].values; }
    bool of_views(int k) const { return table_[k].about.clock == StepClock::views; }

    // ---- of a step ----
    // Its views: room for gradients, and the views' rows one behind the other. The gradients of the groups
    // `added_to` are zeros then, those of others whatever they were.
    void begin(std::span<const int> batch, const std::vector<int>& added_to);
    const float* gathered(int k) const { return arrays_[std::size_t(k)].gathered.data(); }
    std::vector<float>& gradients(int k) { return arrays_[std::size_t(k)].gradients; }
    // For modules, from a frame of the batch on.
    GroupArrays arrays(int k, int first_frame);
    // Adds the priors' gradients and returns their energy. Throws NotFinite when a derivative is not finite.
    double add_priors(const SurfaceTopology& surface, float rate_scale, bool colors_only);
    // Adam and the bounds, as add_priors() was told.
    void update();

  private:
    // StepClock::views: a row for each view.
    struct Arrays {
        std::vector<float> values, centre, first, second;  // first, second: moments
        std::vector<float> gradients;                      // [rows, width]; StepClock::views: [batch, width]
        std::vector<float> gathered;                       // StepClock::views: [batch, width]
        std::vector<int> view_steps;                       // StepClock::views: in which a view took part
        std::vector<float> low, high;                      // bounds of each column, if there are
        void put(const std::vector<float>& to, const std::vector<float>& centre_of_prior);
    };

    // A part of a group's values that one thread takes; see pieces().
    struct Piece {
        std::size_t group, begin, end;
        double energy = 0;
        bool finite = true;
    };
    // A group that is cut into pieces; those of views, with bounds of each column or smooth over the surface are not.
    bool in_pieces(std::size_t k) const;

    GroupTable table_;
    std::vector<Arrays> arrays_;
    std::vector<int> batch_;
    std::vector<GroupStep> steps_;
    std::vector<Piece> pieces_;  // of all such groups that learn in this step
};

}  // namespace likeness

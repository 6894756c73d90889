// What a training step does over all parameter groups, whatever they mean: gathers the rows of a batch, shapes the
// person, then priors, the look for what is not finite, Adam and bounds (core/learning/parameter_group.h). All pointers
// are device pointers; nothing is allocated, what changes from step to step is in device memory, so a step may be
// captured into a graph.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

#include "core/learning/group_step.h"
#include "likeness/cuda/head.h"
#include "likeness/cuda/loss.h"
#include "likeness/cuda/rasterize.h"
#include "likeness/cuda/surface.h"

namespace likeness::cuda {

inline constexpr int most_batch_views = largest_batch;
inline constexpr int most_groups = 24;

// What changes from step to step.
struct StepState {
    GroupStep groups[most_groups];
    unsigned report = 0;  // which entry of StepBuffers::reports to fill
    int views[most_batch_views] = {};
    LossImage images[most_batch_views];
    const float* frames[most_batch_views] = {};          // surface under the Gaussians [count, 13], where poses are fixed
    const float* splat_weights[most_batch_views] = {};   // [count]; null means 1
    unsigned char colors_only[most_batch_views] = {};
};
// What a step sums up, which begins at zero.
struct StepSums {
    LossTerms* terms = nullptr;  // [batch]
    int batch = 0;
    double* sums = nullptr;  // two, StepBuffers::sums
};
void set_step(StepState* target, const StepState& state, cudaStream_t stream, const StepSums& sums = {});

// Rows of the batch's views, copied one behind the other.
struct RowTask {
    const float* rows = nullptr;  // [views, width]
    float* to = nullptr;          // [batch, width]
    int width = 0;
};
// `tasks` is host memory, at most most_groups + 3. With `view_steps` [views] the batch's entries are counted up.
void gather_rows(const RowTask* tasks, int task_count, int batch, const StepState* state, int* view_steps,
                 cudaStream_t stream);

// The person's vertices and joints at rest, from where they were loaded and the change since then.
struct ShapeArrays {
    const float* loaded_rest = nullptr;    // [vertices, 3]
    const float* loaded_joints = nullptr;  // [joints, 3]
    const float* identity = nullptr;       // [identities] change; null for none
    const float* offsets = nullptr;        // [vertices, 3] change; null for none
    float* rest = nullptr;                 // [vertices, 3]
    float* joints = nullptr;               // [joints, 3]
};
// HeadArrays' identity and joint_identity alone are read.
void shape_person(const HeadShape& shape, const HeadArrays& head, const ShapeArrays& arrays, cudaStream_t stream);

// A group in device memory.
struct DeviceGroup {
    int step = 0;        // its entry of StepState::groups
    unsigned count = 0;  // values of a step; of views: batch * width
    unsigned width = 1;
    float* values = nullptr;         // [rows, width]
    float* first_moments = nullptr;  // likewise, as second_moments and centre
    float* second_moments = nullptr;
    const float* centre = nullptr;
    float* gradients = nullptr;         // [count]
    bool of_views = false;              // a row for each view
    bool on_surface = false;            // a row for each vertex of the surface: may be smooth
    const float* low = nullptr;         // [width] bounds of each column, instead of the state's
    const float* high = nullptr;
};

// What a step tells the host.
struct StepReport {
    LossTerms terms[most_batch_views];
    double priors = 0, modules = 0;
    RasterCounters counters;
    unsigned broken = 0;  // a number of this step or of one before it was not finite: nothing was changed
};

struct StepBuffers {
    const StepState* state = nullptr;          // one
    const LossTerms* terms = nullptr;          // [batch]
    double* sums = nullptr;                    // two: priors, modules' terms
    const RasterCounters* counters = nullptr;  // one
    const int* view_steps = nullptr;           // [views]
    unsigned* broken = nullptr;                // one, 0 at the start; stays 1 once a number was not finite
    StepReport* reports = nullptr;             // host memory mapped into the device
};

struct StepSettings {
    int batch = 0;
    SurfaceArrays surface;  // for priors between vertices
};

// Adds the priors' gradients to the gradients and their sum to buffers.sums; notes what is not finite. `groups` is
// host memory, at most most_groups.
void add_priors(const StepSettings& settings, const DeviceGroup* groups, int group_count, const StepBuffers& buffers,
                cudaStream_t stream);
// Adam and bounds, unless a number was not finite; fills the report.
void update_groups(const StepSettings& settings, const DeviceGroup* groups, int group_count,
                   const StepBuffers& buffers, cudaStream_t stream);

}  // namespace likeness::cuda

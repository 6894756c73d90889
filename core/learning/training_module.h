// What may be added to a training step from outside: parameter groups of one's own, what they change on the way from
// parameters to pictures, the gradients on the way back, and terms of the loss.
//
// A step runs forward through the stages below, and backward through them in turn. At each stage that a module asks
// for, it gets the arrays as they are and may change them in place; on the way back it gets the gradients with respect
// to what it left behind, turns them in place into those by what it was given, and adds those by its own parameters.
// Expression targets and residual bases belong to `rested`, map texels and latents to `anchored`, light to `posed`,
// exposure and terms of the loss (a network's, say) to `picture`.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "core/avatar/gaussian_attributes.h"
#include "core/learning/parameter_group.h"

namespace likeness {

enum class StepStage {
    rested,    // vertices before skinning, of each frame
    anchored,  // the Gaussians' own attributes, which the frames share
    posed,     // Gaussians in the world, of each frame
    picture,   // renders, of each frame; on the way back also the place to add a term of the loss
};
inline constexpr int step_stages = 4;

// Arrays of one kind of Gaussians or of their gradients; of posed ones [frames, count, ...].
struct PosedPointers {
    float *means = nullptr, *scales = nullptr, *rotations = nullptr, *colors = nullptr, *opacities = nullptr;
};

// The parameters of a module's group in a step, and where their gradients are added. StepClock::steps: [rows, width];
// StepClock::views: [frames, width], the rows of the frames below.
struct GroupArrays {
    const float* values = nullptr;
    float* gradients = nullptr;
};

// Where a step is. All pointers are of the engine's device, contiguous float32; those of other stages are null. On a
// GPU, work goes onto `stream` and nothing may wait or be allocated: the step is captured into a graph and replayed, so
// what changes from step to step must be read from these arrays (unless TrainingModule::can_be_recorded says no). The
// processor calls frame by frame from `posed` on.
struct StepArrays {
    bool gpu = false;
    void* stream = nullptr;              // cudaStream_t; null on the processor
    int frames = 0;                      // that this call is about
    int batch = 0;                       // frames of the whole batch: a term that is a mean divides by it
    const int* views = nullptr;          // [frames] their views' numbers
    int vertices = 0, count = 0;         // of the surface; Gaussians
    int width = 0, height = 0;           // pixels
    const GroupArrays* groups = nullptr;  // [the module's groups], host memory

    float *rested = nullptr, *grad_rested = nullptr;  // [frames, vertices, 3] metres
    // By the table's order: [count, width] each.
    std::array<float*, gaussian_attributes.size()> anchored{}, grad_anchored{};
    PosedPointers posed, grad_posed;
    float *color = nullptr, *grad_color = nullptr;  // [frames, height, width, 3] over the background
    float *alpha = nullptr, *grad_alpha = nullptr;  // [frames, height, width]
    const float* background = nullptr;            // [3]
    // What a term adds to the loss of the batch, to be added to; its gradients go to grad_color and grad_alpha.
    double* loss = nullptr;
};

class TrainingModule {
  public:
    virtual ~TrainingModule() = default;
    // Asked once, when the module is added. Names must not be taken.
    virtual std::vector<ParameterGroup> groups() const { return {}; }
    virtual bool takes_part(StepStage stage) const = 0;
    // False for one that has to allocate, or to look at the host, in each step: steps with it are not captured.
    virtual bool can_be_recorded() const { return true; }
    virtual void forward(StepStage stage, const StepArrays& arrays) = 0;
    virtual void backward(StepStage stage, const StepArrays& arrays) = 0;
};
using TrainingModules = std::vector<std::shared_ptr<TrainingModule>>;

}  // namespace likeness

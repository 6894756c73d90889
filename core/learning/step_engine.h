// Where a training step runs: deform, rasterize, loss, backward, regularise, Adam. The CPU's is here; a GPU
// implements the same interface.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/avatar/deform.h"
#include "core/base/stage_time.h"
#include "core/learning/densify.h"
#include "core/learning/image_loss.h"

namespace likeness {

// One picture to learn from: a pose (as frames of the surface under each Gaussian), a camera and a target.
struct TrainingView {
    SplatFrames frames;
    Camera camera;
    LossTarget target;
    LossWeights weights;
    bool colors_only = false;         // geometry and opacity are left alone
    std::vector<float> splat_weight;  // [count] scales each Gaussian's gradient; empty means 1
};

// Per-attribute step sizes and pulls towards the seed.
struct StepRates {
    float offset = 4e-5f;      // metres
    float log_scale = 6e-3f;
    float rotation = 2e-3f;
    float albedo = 3e-3f;
    float opacity = 2e-2f;
    float keep_offset = 2.0f;    // of mean squared offset from the seed, in millimetres
    float keep_scale = 0.05f;    // of mean squared change of log scale from the seed
    // Of mean squared change of albedo from the seed: what a picture hardly shows (edge-on, behind others) stays as it
    // was filled, what it shows plainly outweighs this by far.
    float keep_albedo = 1.0f;
    float largest_scale = 0.009f;  // metres; scales are kept below
};

// Limits that every step keeps.
inline constexpr float smallest_scale = 1e-4f;  // metres
inline constexpr float lowest_opacity = -6.0f, highest_opacity = 5.5f;  // logits

class StepEngine {
  public:
    virtual ~StepEngine() = default;
    virtual std::string name() const = 0;
    // Takes the parameters; moments start at zero. `seed` keeps the pulls' centre.
    virtual void load(const AnchoredSplats& splats) = 0;
    // One step on one view over the given background colour; a view keeps its address and content until the next load
    // or densify. An engine may return while the step is under way, with an earlier loss of the same view, at most ten
    // steps old. Throws std::bad_alloc, or std::runtime_error when a result was not finite, at most ten steps later,
    // here or in densify(), fetch() or screen_gradient() (the parameters are then as before that step).
    virtual LossValue step(const TrainingView& view, const std::array<float, 3>& background, const StepRates& rates) = 0;
    // Takes away and splits by the screen-space gradients (densify.h), where the Gaussians are, and goes on with the
    // new ones as if they had been loaded. After std::bad_alloc only load() and destruction are allowed.
    virtual Ancestry densify(const SplatFrames& at_rest, const DensifyOptions& options) = 0;
    virtual AnchoredSplats fetch() const = 0;
    // Screen-space gradient norms summed since the last load or densify, [count]: what densification goes by.
    virtual const std::vector<float>& screen_gradient() const = 0;
    // What a step not long ago took, stage by stage; empty when none was measured. Never waits.
    virtual std::vector<StageTime> stages() const { return {}; }
};

std::unique_ptr<StepEngine> make_cpu_step_engine();

}  // namespace likeness

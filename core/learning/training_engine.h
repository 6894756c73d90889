// Where training runs: the avatar is posed, rasterized and compared with pictures, and whatever is learned moves by
// Adam down the slope of
//   mean over the batch of the pictures' losses + modules' terms + priors.
// A portrait is a batch of views in fixed poses, with weights and masks; of a video each frame is a view whose pose is
// learned too. The processor's engine is here; a GPU implements the same interface.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/avatar/avatar.h"
#include "core/base/stage_time.h"
#include "core/learning/densify.h"
#include "core/learning/image_loss.h"
#include "core/learning/group_step.h"
#include "core/learning/training_module.h"

namespace likeness {

// The built-in groups: the rows of gaussian_attributes by their names, and these.
namespace group {
inline constexpr const char* identity = "identity";        // [I] change since the avatar was loaded
inline constexpr const char* vertices = "vertices";        // [V, 3] change of the surface at rest, hair included
inline constexpr const char* controls = "controls";        // [views, C] kept in [0, 1]
inline constexpr const char* joints = "joints";            // [views, 3 J] radians, kept within the model's limits
inline constexpr const char* translation = "translation";  // [views, 3] metres
}  // namespace group

// All attributes of the Gaussians: what a portrait learns.
std::vector<std::string> splat_groups();

// One picture to learn from.
struct TrainingView {
    Camera camera;
    HeadPose pose;  // where it starts
    LossPicture target;
    LossWeights weights;
    bool colors_only = false;         // geometry and opacity of the Gaussians learn nothing here
    std::vector<float> splat_weight;  // [count] scales what each Gaussian learns here; empty means 1
};

struct StepLoss {
    int step = 0;    // the one that it is of, from 1
    LossValue mean;  // over the batch, of the pictures alone
    double modules = 0, priors = 0;
    // Steps so far in which a GPU's lists were too short for all Gaussians and the farthest were left out; the next
    // steps have room for them.
    int incomplete = 0;
};

// Gradients of a batch. By group: as its values; StepClock::views: [batch, width].
struct StepGradients {
    StepLoss loss;
    std::map<std::string, std::vector<float>> by_group;
};

// Errors of every function that runs or waits for steps: std::bad_alloc; NotFinite when a loss or a gradient was not
// finite (everything is then as before that step; a GPU's engine learns on only after another load()); DeviceFailure
// (core/base/failure.h).
class TrainingEngine {
  public:
    virtual ~TrainingEngine() = default;
    virtual std::string name() const = 0;

    // A prepared avatar whose Gaussians have their anchors. `learned`: names of the built-in groups that steps may
    // change; the rest stays as it is, and costs no time. Forgets all views and modules; moments start at zero, and
    // priors lead back to here. Throws std::invalid_argument for unknown names.
    virtual void load(const Avatar& avatar, const std::vector<std::string>& learned,
                      const TrainingModules& modules = {}) = 0;
    // Other Gaussians on the same avatar; their moments start at zero. Splat weights of views are forgotten.
    virtual void load_splats(const AnchoredSplats& splats) = 0;
    // Takes away and splits by the screen-space gradients (densify.h), where the Gaussians are, in Morton order on the
    // surface as it was loaded; as after load_splats(). After std::bad_alloc only load() and destruction are allowed.
    virtual Ancestry densify(const DensifyOptions& options) = 0;

    // Returns the view's number, from 0. Throws std::invalid_argument when sizes do not match each other.
    virtual int add_view(const TrainingView& view) = 0;
    virtual void set_splat_weight(int view, std::vector<float> weight) = 0;  // [count]; empty means 1
    virtual void clear_views() = 0;

    virtual std::vector<std::string> groups() const = 0;  // those that are learned, modules' included
    // Throws std::invalid_argument for a name that is not learned; changes count from the next step on.
    virtual GroupSettings& settings(const std::string& group) = 0;
    // As they are now; StepClock::views: [views, width]. Waits.
    virtual std::vector<float> values(const std::string& group) const = 0;

    // One step on different views of one size, at most largest_batch, over a background color; `rate_scale` multiplies
    // all rates. May return while the step is under way, with the newest loss that is known: at most ten steps old,
    // none before. Its errors may come as late, here or where results are read.
    virtual std::optional<StepLoss> step(std::span<const int> views, const std::array<float, 3>& background,
                                         float rate_scale = 1) = 0;
    // The newest loss of a view that is known; waits while there is none. Throws std::invalid_argument for a view that
    // took part in no step.
    virtual LossValue loss(int view) const = 0;
    // The gradients that such a step would go by; changes nothing. Waits.
    virtual StepGradients gradients(std::span<const int> views, const std::array<float, 3>& background) = 0;
    // What a step not long ago took, stage by stage; empty when none was measured. Never waits.
    virtual std::vector<StageTime> stages() const = 0;
    // A step whose stages are timed. Waits.
    virtual std::vector<StageTime> timed_step(std::span<const int> views, const std::array<float, 3>& background) = 0;

    virtual AnchoredSplats splats() const = 0;
    // The avatar as it is now, prepared; Gaussians keep the size that they had on the surface at rest.
    virtual Avatar fetch() const = 0;
    virtual HeadPose pose(int view) const = 0;
    // Screen-space gradient norms summed since the Gaussians were loaded or densified, [count]: what densification goes
    // by. Steps on views of colors only add nothing.
    virtual std::vector<float> screen_gradient() const = 0;
};

std::unique_ptr<TrainingEngine> make_cpu_training_engine();

}  // namespace likeness

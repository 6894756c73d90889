// Where a training step on frames of a video runs: a GPU implements this.
//
// All frames show one person. The Gaussians, the identity and the surface's vertices at rest are shared; each frame has
// a camera, and controls, joints and a translation of its own. A step takes a batch of frames and moves by Adam
// whatever is free down the slope of
//   mean over the batch of (picture loss + pull of the frame's controls) + pulls of what is shared.
// The pulls lead back to where things were when they were loaded.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/avatar/deform.h"
#include "core/base/stage_time.h"
#include "core/learning/image_loss.h"
#include "core/learning/step_engine.h"

namespace likeness {

struct TrainingFrame {
    std::vector<unsigned char> rgba;  // [height, width, 4] of the camera's size; sRGB, straight alpha
    Camera camera;
    HeadPose pose;  // where it starts
};

// What a step may change; the rest is left as it was loaded, and costs no time.
struct VideoUnknowns {
    bool splats = true;
    bool controls = true, joints = true, translation = true;  // of each frame
    bool identity = false;
    bool vertices = false;  // offsets of the surface's vertices at rest, the hair shell's included
};

struct VideoStepOptions {
    VideoUnknowns unknowns;
    LossWeights weights;
};

struct VideoStepRates {
    StepRates splats;
    float control = 2e-3f;      // kept in [0, 1]
    float joint = 5e-4f;        // radians; kept within the model's limits
    float translation = 1e-4f;  // metres
    float identity = 1e-3f;
    float vertex = 1e-5f;  // metres
    // Of the mean squared change of controls, of identity coefficients and, in millimetres, of vertices.
    float keep_control = 1e-3f, keep_identity = 1e-3f, keep_vertex = 1e-3f;
    // Of the mean squared difference, in millimetres, between the offsets of two corners of a triangle.
    float smooth_vertex = 0.1f;
};

struct VideoLoss {
    int step = 0;    // the one that it is of, from 1
    LossValue mean;  // over the batch; of the pictures alone
    double pulls = 0;
    // Steps so far in which the GPU's lists were too short for all Gaussians and the farthest were left out; the next
    // steps have room for them.
    int incomplete = 0;
};

// Derivatives of a batch; the frames' in the batch's order, zero for what is not free.
struct VideoGradients {
    VideoLoss loss;
    AnchoredGradients splats;
    Eigen::MatrixXf controls;     // [C, B]
    Eigen::MatrixXf joints;       // [3 J, B]
    Eigen::MatrixXf translation;  // [3, B]
    Eigen::VectorXf identity;     // [I]
    Vertices vertices;            // [3, V], head and then hair
};

class VideoStepEngine {
  public:
    static constexpr int largest_batch = 32;

    virtual ~VideoStepEngine() = default;
    virtual std::string name() const = 0;

    // A prepared avatar whose Gaussians have their anchors. Forgets all frames; moments start at zero.
    virtual void load(const Avatar& avatar, const VideoStepOptions& options) = 0;
    // Other Gaussians on the same avatar. Their moments start at zero.
    virtual void load_splats(const AnchoredSplats& splats) = 0;
    // Takes away and splits by the screen-space gradients (densify.h), where the Gaussians are, in Morton order on the
    // surface as it was loaded; moments start at zero. After std::bad_alloc only load() and destruction are allowed.
    virtual Ancestry densify(const DensifyOptions& options) = 0;
    // Returns the frame's number, from 0. Frames may come between steps. Throws std::invalid_argument when sizes do not
    // match each other or the first frame's.
    virtual int add_frame(const TrainingFrame& frame) = 0;

    // One step on a batch of different frames over a background colour. Batches of one size repeat the same work;
    // another size prepares it anew. May return while the step is under way, with the newest loss that is known: at
    // most eight steps old, none before. Throws std::bad_alloc, or std::runtime_error when a number was not finite, at
    // most eight steps later, here or where the results are read (everything is then as before that step).
    virtual std::optional<VideoLoss> step(std::span<const int> frames, const std::array<float, 3>& background,
                                          const VideoStepRates& rates) = 0;
    // The derivatives that such a step would go by; changes nothing. Waits.
    virtual VideoGradients gradients(std::span<const int> frames, const std::array<float, 3>& background,
                                     const VideoStepRates& rates) = 0;
    // A step whose stages are timed. Waits.
    virtual std::vector<StageTime> timed_step(std::span<const int> frames, const std::array<float, 3>& background,
                                              const VideoStepRates& rates) = 0;

    // The avatar as it is now, prepared; Gaussians keep the size that they had on the surface at rest.
    virtual Avatar fetch() const = 0;
    virtual HeadPose pose(int frame) const = 0;
    // Screen-space gradient norms summed since the Gaussians were loaded or densified, [count]: what densification goes
    // by.
    virtual std::vector<float> screen_gradient() const = 0;
};

}  // namespace likeness

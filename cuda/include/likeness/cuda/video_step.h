// What a training step on frames of a video does before the head model and after the derivatives: the batch's poses out
// of all frames' poses, the person's shape from its unknowns; then pulls, the look for what is no number, and Adam over
// everything that is free (core/learning/video_step.h). All pointers are device pointers; nothing is allocated, what
// changes from step to step is in device memory, so a step may be captured into a graph.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

#include "likeness/cuda/head.h"
#include "likeness/cuda/loss.h"
#include "likeness/cuda/rasterize.h"
#include "likeness/cuda/surface.h"

namespace likeness::cuda {

inline constexpr int most_batch_frames = 32;

enum class Unknown { quaternion, offset, log_scale, albedo, logit, identity, vertex, control, joint, translation };
inline constexpr int unknown_kinds = 10;

// What changes from step to step.
struct VideoStepState {
    // By Unknown. With Adam's clock of what is shared: rates divided by 1 - beta1^t, and 1 / (1 - beta2^t); frames have
    // clocks of their own.
    float rates[unknown_kinds] = {}, second_scales[unknown_kinds] = {};
    // A pull is its derivative by the distance from the seed.
    float pulls[unknown_kinds] = {}, low[unknown_kinds] = {}, high[unknown_kinds] = {};
    float smooth = 0;     // derivative of the pull between two corners by their difference
    unsigned report = 0;  // which entry of VideoStepBuffers::reports to fill
    int frames[most_batch_frames] = {};
    const unsigned char* targets[most_batch_frames] = {};
};
void set_video_step(VideoStepState* target, const VideoStepState& state, cudaStream_t stream);

// The poses of all frames, a row each: controls, joints' axis-angles, translation.
struct PoseRows {
    int controls = 0, joints = 0;
    const float* values = nullptr;  // [all frames, width()]
    int* steps = nullptr;           // [all frames] in which the frame took part
    int width() const { return controls + 3 * joints + 3; }
};
struct BatchPoses {
    float* controls = nullptr;     // [frames, controls]
    float* joints = nullptr;       // [frames, joints, 3]
    float* translation = nullptr;  // [frames, 3]
};
// With `count` the frames' steps are counted.
void gather_poses(const PoseRows& rows, int frames, const VideoStepState* state, bool count, const BatchPoses& poses,
                  cudaStream_t stream);

// The person's vertices and joints at rest, from where they were loaded and the unknowns' change since then.
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

// Unknowns of one kind.
struct UnknownGroup {
    Unknown kind = Unknown::quaternion;
    unsigned count = 0;  // of a step; those of frames: frames * width
    float* values = nullptr;
    float* first_moments = nullptr;
    float* second_moments = nullptr;
    float* gradients = nullptr;    // [count]
    const float* seeds = nullptr;  // as `values`; null: zeros
    // Of frames: `values`, moments and seeds are columns of rows of `stride` floats, one row for each of all frames.
    unsigned width = 0, stride = 0;
    const float* limits = nullptr;  // [2, width] lowest and highest, instead of the state's
};

// What a step tells the host.
struct VideoStepReport {
    LossTerms terms[most_batch_frames];
    double pulls = 0;
    RasterCounters counters;
    unsigned broken = 0;  // a number of this step or of one before it was not finite: nothing was changed
};

struct VideoStepBuffers {
    const VideoStepState* state = nullptr;     // one
    const LossTerms* terms = nullptr;          // [frames]
    double* pulls = nullptr;                   // one
    const RasterCounters* counters = nullptr;  // one
    const int* frame_steps = nullptr;          // PoseRows::steps
    unsigned* broken = nullptr;                // one, 0 at the start; stays 1 once a number was not finite
    VideoStepReport* reports = nullptr;        // host memory mapped into the device
};

struct VideoStepSettings {
    int frames = 0;
    float beta1 = 0, beta2 = 0, epsilon = 0;  // Adam's
    SurfaceArrays surface_arrays;             // for pulls between vertices
};

// Adds the pulls to the gradients and their sum to buffers.pulls; notes what is no number. `groups` is host memory, at
// most one of each kind.
void pull_unknowns(const VideoStepSettings& settings, const UnknownGroup* groups, int group_count,
                   const VideoStepBuffers& buffers, cudaStream_t stream);
// Adam and limits, unless a number was not finite; fills the report.
void update_unknowns(const VideoStepSettings& settings, const UnknownGroup* groups, int group_count,
                     const VideoStepBuffers& buffers, cudaStream_t stream);

}  // namespace likeness::cuda

// What the tests of training on a video's frames share: frames of a small avatar, an engine that has them, and the same
// loss and derivatives by the processor's parts.
#pragma once

#include "core/learning/video_step.h"
#include "cuda/cuda_video_engine.h"
#include "tests/avatar/avatar_fixtures.h"
#include "tests/cuda/gpu_test.h"

namespace likeness::cuda_tests {

class VideoStepTest : public GpuTest {};

inline constexpr int side = 96;
inline constexpr std::array<float, 3> grey = {0.4f, 0.5f, 0.6f};

// Straight alpha, as a file has it, from a picture rendered over black.
std::vector<unsigned char> bytes_of(const Frame& frame);
LossTarget target_of(const TrainingFrame& frame);

Camera camera_of(const Avatar& avatar, int number);

// Frames whose pictures show the avatar in a pose near the one that they come with, in other colours.
std::vector<TrainingFrame> make_frames(const Avatar& avatar, int count);
std::vector<int> first_frames(int count);

inline VideoUnknowns everything() { return {true, true, true, true, true, true}; }
inline VideoUnknowns nothing() { return {false, false, false, false, false, false}; }

// No pulls.
VideoStepRates plain_rates();
// Nor steps.
VideoStepRates still_rates();

std::unique_ptr<VideoStepEngine> engine_with(const Avatar& avatar, const std::vector<TrainingFrame>& frames,
                                             const VideoUnknowns& unknowns, const CudaVideoOptions& options = {});

// A frame by the processor's parts: its loss and the derivatives by the posed Gaussians.
struct ByProcessor {
    SplatSet posed;
    LossValue loss;
    SplatGradients gradients;
    ByProcessor(const Avatar& avatar, const TrainingFrame& frame);
    // Derivative along the way from one pose or shape to another, by differences of the posed Gaussians.
    double along(const Avatar& from_avatar, const HeadPose& from, const Avatar& to_avatar, const HeadPose& to,
                 double distance) const;
};

}  // namespace likeness::cuda_tests

// Scores of the 52 ARKit blendshapes from landmarks, by the network in a user's `face_landmarker.task` (optional).
#pragma once

#include <array>
#include <memory>
#include <string_view>

#include "core/base/result.h"
#include "core/networks/litert.h"
#include "core/vision/face_landmarks.h"

namespace likeness {

// ARKit's names in alphabetical order, "browDownLeft" to "tongueOut"; left and right are the person's.
extern const std::array<std::string_view, 52> arkit_names;

class BlendshapeEstimator {
  public:
    // `task`: the zip file as its vendor distributes it. Errors: not_found, io, bad_input,
    // out_of_memory.
    static Result<std::unique_ptr<BlendshapeEstimator>> load(const std::filesystem::path& task);

    // 0..1 in the order of arkit_names. tongueOut is not seen by the network and always 0.
    Result<std::array<float, 52>> estimate(const FaceLandmarks& landmarks);

  private:
    explicit BlendshapeEstimator(std::unique_ptr<LiteRtNetwork> model) : model_(std::move(model)) {}
    std::unique_ptr<LiteRtNetwork> model_;
};

}  // namespace likeness

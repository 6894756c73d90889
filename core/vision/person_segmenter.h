// How likely each pixel shows the person, by MediaPipe's selfie segmentation network (256 x 256).
#pragma once

#include <memory>

#include "core/base/result.h"
#include "core/image/image.h"
#include "core/networks/litert.h"
#include "core/vision/face_landmarks.h"

namespace likeness {

class PersonSegmenter {
  public:
    static Result<std::unique_ptr<PersonSegmenter>> load();

    // One channel, 0..1, of size width x height over the whole picture: the mean over several views, near and far, each
    // mirrored too. What the network takes for hair by mistake differs from view to view, so there the mean is low.
    Result<Image> probability(const Image& picture, const FaceLandmarks& face, int width, int height);

  private:
    explicit PersonSegmenter(std::unique_ptr<LiteRtNetwork> model) : model_(std::move(model)) {}
    // Adds what the network sees in a window to `sum`, and how much that counts to `weights`.
    Status add_view(const Image& picture, const Crop& window, bool mirrored, Image& sum, Image& weights);

    std::unique_ptr<LiteRtNetwork> model_;
};

}  // namespace likeness

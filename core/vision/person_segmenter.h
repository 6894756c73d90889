// How likely each pixel shows the person, by MediaPipe's selfie segmentation network (256 x 256).
#pragma once

#include <memory>

#include "core/base/result.h"
#include "core/image/image.h"
#include "core/vision/face_landmarks.h"
#include "core/vision/litert.h"

namespace likeness {

class PersonSegmenter {
  public:
    static Result<std::unique_ptr<PersonSegmenter>> load();

    // One channel, 0..1, of size width x height over the whole picture: the network's view of the picture, and in the
    // head and shoulders its closer view of those.
    Result<Image> probability(const Image& picture, const FaceLandmarks& face, int width, int height);

  private:
    explicit PersonSegmenter(std::unique_ptr<Model> model) : model_(std::move(model)) {}
    Status look(const Image& picture, const Crop& window);

    std::unique_ptr<Model> model_;
};

}  // namespace likeness

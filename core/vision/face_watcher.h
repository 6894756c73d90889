// Keeps one face from frame to frame of a video: follows it, finds it again, notices cuts.
#pragma once

#include <optional>
#include <vector>

#include "core/base/result.h"
#include "core/image/image.h"
#include "core/vision/face_models.h"

namespace likeness {

struct WatchOptions {
    int face = 0;   // which one where the video begins or begins anew, largest first
    int looks = 9;  // a frame, of which the landmarks are the mean; 2 are enough for a live picture
};

struct WatchedFrame {
    std::optional<FaceLandmarks> face;  // none: no face, or none for sure
    bool cut = false;                   // another shot begins with this frame
    bool found_anew = false;            // not followed from the frame before: perhaps somebody else
};

class FaceWatcher {
  public:
    explicit FaceWatcher(FaceModels& models, const WatchOptions& options = {}) : models_(models), options_(options) {}

    // The next frame, 3 channels, of any size. Errors: invalid_argument (this face was asked for, but fewer are there
    // where the video begins), internal.
    Result<WatchedFrame> next(const Image& frame);

  private:
    bool is_cut(const Image& frame);
    Result<std::optional<FaceLandmarks>> follow(const Image& frame);
    Result<std::optional<FaceLandmarks>> find(const Image& frame);

    FaceModels& models_;
    const WatchOptions options_;
    std::optional<FaceLandmarks> last_;  // where the face was seen last in this shot
    bool begun_ = false;
    int lost_ = 0;              // frames since then
    std::vector<float> small_;  // the frame before, small and grey
    float usual_change_ = 0;    // from frame to frame, a running mean
};

}  // namespace likeness

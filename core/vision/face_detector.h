// Finds faces of any size in a picture with the BlazeFace short-range network (Bazarevsky et al. 2019).
#pragma once

#include <Eigen/Core>
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/result.h"
#include "core/image/image.h"
#include "core/networks/litert.h"
#include "core/vision/crop.h"

namespace likeness {

// Everything in pixels of the picture, continuous (a pixel's centre is at +0.5); parts may lie outside the picture.
struct FaceDetection {
    float score = 0.0f;                              // 0..1
    Eigen::Vector2f low = Eigen::Vector2f::Zero();   // the box's upper left corner: brows to chin, cheek to cheek
    Eigen::Vector2f high = Eigen::Vector2f::Zero();  // its lower right corner
    // The person's right eye, left eye, nose tip, middle of the mouth, right and left tragion (ear).
    std::array<Eigen::Vector2f, 6> keypoints{};

    float size() const { return std::max(high.x() - low.x(), high.y() - low.y()); }
};

struct DetectorOptions {
    // Also look for faces down to 10 % of the picture's longer side when larger ones were found. (When none was found,
    // windows for faces down to 4 % and turned pictures are tried in any case.)
    bool all_sizes = true;
    float least_score = 0.5f;
    // One look at the whole picture, sampled and merged like MediaPipe does, best score first; for comparisons only.
    bool as_mediapipe = false;
};

class FaceDetector {
  public:
    static Result<std::unique_ptr<FaceDetector>> load();

    // Largest first; empty when there is none. Errors: invalid_argument for an empty picture, internal.
    Result<std::vector<FaceDetection>> detect(const Image& picture, const DetectorOptions& options = {});

    // Looks through square windows of one size and turn, without shrinking the picture; best score first. Finds faces
    // of a seventh to a half of the window's side; smaller ones of a fifth wherever they lie. Errors: internal.
    struct Scan {
        float window = 256.0f;  // side, pixels of the picture
        float angle = 0.0f;     // radians, clockwise
        float step = 0.5f;      // from window to window, share of the side
        float least_score = 0.5f;
        std::function<void(double)> progress = {};  // share that is done; may throw to end it
    };
    Result<std::vector<FaceDetection>> scan(const Image& picture, const Scan& scan);

    // The same face from windows of its own, level, until two looks agree; nothing when it is none from there. Errors:
    // internal.
    Result<std::optional<FaceDetection>> look_again(const Image& picture, const FaceDetection& face,
                                                    float least_score = 0.5f);

    // Runs the network on one window of `picture` and appends what it sees, in the picture's pixels, one face often
    // more than once. Errors: internal.
    Status look(const Image& picture, const Crop& window, float least_score, std::vector<FaceDetection>& found,
                bool as_mediapipe = false);

  private:
    explicit FaceDetector(std::unique_ptr<LiteRtNetwork> model);
    Status look_through(const Image& picture, const Scan& scan, std::vector<FaceDetection>& found);

    std::unique_ptr<LiteRtNetwork> model_;
    std::vector<Eigen::Vector2f> anchors_;
};

}  // namespace likeness

// The 478 points of MediaPipe's face mesh with refined lips, eyes and irises (Grishchenko et al. 2020, "Attention
// Mesh").
#pragma once

#include <Eigen/Core>
#include <array>
#include <memory>

#include "core/base/result.h"
#include "core/image/image.h"
#include "core/networks/litert.h"
#include "core/vision/crop.h"
#include "core/vision/face_detector.h"

namespace likeness {

struct FaceLandmarks {
    static constexpr std::size_t count = 478;
    // Where the irises' middles are: the person's right eye (left in the picture), then the left one.
    static constexpr std::size_t right_iris = 468, left_iris = 473;

    // x, y in pixels of the whole picture, continuous: a pixel's centre is at +0.5. z in the same units, negative
    // towards the camera, about zero at the head's middle (weak perspective). 468.. are the irises: each a middle and
    // four points of its edge. Points may lie outside the picture.
    std::array<Eigen::Vector3f, count> points{};
    float score = 0.0f;                             // that this is a face, 0..1
    // Of the mean over several crops only: the least score among them, and how far the points scatter from crop to crop
    // (root mean square of the median point, in shares of the face's longer side). About 0.004 for a face; what only
    // looks like one has rarely less than 0.012, however high its score.
    float least_score = 0.0f;
    float scatter = 0.0f;
    float outside = 0.0f;                           // share of the points that lie outside the picture
    float roll = 0.0f;                              // radians, clockwise on screen: the turn of the crop that was used
    Eigen::Vector2f low = Eigen::Vector2f::Zero();  // the points' bounding box
    Eigen::Vector2f high = Eigen::Vector2f::Zero();

    Eigen::Vector2f point(std::size_t index) const { return points[index].head<2>(); }
    // Pixels between the irises' middles: the unit of landmark errors (docs/measures.md).
    float eye_distance() const { return (point(right_iris) - point(left_iris)).norm(); }
};

struct LandmarkOptions {
    // Mean over this many slightly different crops: 1 is fast, 8 is the benchmark's truth.
    int crops = 1;
    // Passes with a crop from the landmarks of the pass before, as in tracking. 0: only the detection's crop.
    int refinements = 1;
    // Below this score there is no face.
    float least_score = 0.3f;
    // Sample like MediaPipe does on a CPU (one bilinear sample a pixel, half a pixel off); for comparisons only.
    bool as_mediapipe = false;
};

class LandmarkFinder {
  public:
    static Result<std::unique_ptr<LandmarkFinder>> load();

    // Errors: not_found when the network sees no face there, internal.
    Result<FaceLandmarks> find(const Image& picture, const FaceDetection& face, const LandmarkOptions& options = {});
    // The next frame of a video: starts at the landmarks of the frame before. Errors: not_found when the face is lost.
    Result<FaceLandmarks> follow(const Image& picture, const FaceLandmarks& before,
                                 const LandmarkOptions& options = {});
    // One run in a crop of the caller's choice, whatever its score.
    Result<FaceLandmarks> find_in(const Image& picture, const Crop& crop, const LandmarkOptions& options = {});

  private:
    explicit LandmarkFinder(std::unique_ptr<LiteRtNetwork> model) : model_(std::move(model)) {}
    Result<FaceLandmarks> refine(const Image& picture, Crop crop, const LandmarkOptions& options);

    std::unique_ptr<LiteRtNetwork> model_;
};

// The square that the network looks at: 1.5 times the face, turned so that the eyes are level.
Crop landmark_crop(const FaceDetection& face);
Crop landmark_crop(const FaceLandmarks& landmarks);

}  // namespace likeness

// All networks that look at faces, loaded once (some 30 ms): the door to this folder. Use from one thread at a time.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "core/base/result.h"
#include "core/image/image.h"
#include "core/vision/blendshapes.h"
#include "core/vision/face_detector.h"
#include "core/vision/face_landmarks.h"
#include "core/vision/face_search.h"

namespace likeness {

class FaceModels {
  public:
    // Errors: not_found for a missing asset, bad_input for a broken one. A missing face_landmarker.task is no error.
    static Result<std::unique_ptr<FaceModels>> load();

    // What a portrait shows, see face_search.h; empty when nothing in it looks like a face.
    Result<std::vector<JudgedFace>> search_faces(const Image& picture, const FaceSearch& search = {});
    Status search_beside(const Image& picture, std::size_t chosen, std::vector<JudgedFace>& faces);
    // Largest first. Errors: not_found when there is no face (the caller adds the file's name).
    Result<std::vector<FaceDetection>> detect_faces(const Image& picture, const DetectorOptions& options = {});
    Result<FaceLandmarks> find_landmarks(const Image& picture, const FaceDetection& face,
                                         const LandmarkOptions& options = {});
    // The largest face's landmarks.
    Result<FaceLandmarks> find_landmarks(const Image& picture, const LandmarkOptions& options = {});
    // The next frame of a video. Errors: not_found when the face is lost; then detect again.
    Result<FaceLandmarks> follow_landmarks(const Image& picture, const FaceLandmarks& before,
                                           const LandmarkOptions& options = {});

    LandmarkFinder& landmark_finder() { return *landmarks_; }

    // Whether a face_landmarker.task was found.
    bool has_blendshapes() const { return blendshapes_ != nullptr; }
    // In the order of arkit_names. Errors: not_found when !has_blendshapes().
    Result<std::array<float, 52>> estimate_blendshapes(const FaceLandmarks& landmarks);

  private:
    FaceModels() = default;
    std::unique_ptr<FaceDetector> detector_;
    std::unique_ptr<LandmarkFinder> landmarks_;
    std::unique_ptr<BlendshapeEstimator> blendshapes_;
};

}  // namespace likeness

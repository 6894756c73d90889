#include "core/vision/face_models.h"

#include "core/base/log.h"
#include "core/base/paths.h"

namespace likeness {

Result<std::unique_ptr<FaceModels>> FaceModels::load() {
    std::unique_ptr<FaceModels> models(new FaceModels);
    Result<std::unique_ptr<FaceDetector>> detector = FaceDetector::load();
    if (!detector) return detector.error();
    models->detector_ = std::move(*detector);
    Result<std::unique_ptr<LandmarkFinder>> landmarks = LandmarkFinder::load();
    if (!landmarks) return landmarks.error();
    models->landmarks_ = std::move(*landmarks);
    if (const Result<std::filesystem::path> task = find_asset("face_landmarker.task")) {
        Result<std::unique_ptr<BlendshapeEstimator>> blendshapes = BlendshapeEstimator::load(*task);
        if (blendshapes)
            models->blendshapes_ = std::move(*blendshapes);
        else  // a user's broken file only takes the scores away
            spdlog::warn("{} ({})", blendshapes.error().message, blendshapes.error().detail);
    }
    return models;
}

Result<std::vector<JudgedFace>> FaceModels::search_faces(const Image& picture, const FaceSearch& search) {
    return likeness::search_faces(*detector_, *landmarks_, picture, search);
}

Status FaceModels::search_beside(const Image& picture, std::size_t chosen, std::vector<JudgedFace>& faces) {
    return likeness::search_beside(*detector_, *landmarks_, picture, chosen, faces);
}

Result<std::vector<FaceDetection>> FaceModels::detect_faces(const Image& picture, const DetectorOptions& options) {
    Result<std::vector<FaceDetection>> faces = detector_->detect(picture, options);
    if (faces && faces->empty())
        return Error{
            ErrorCode::not_found,
            "No face was found in the picture; use one that shows a whole face from the front, large and well lit.",
            ""};
    return faces;
}

Result<FaceLandmarks> FaceModels::find_landmarks(const Image& picture, const FaceDetection& face,
                                                 const LandmarkOptions& options) {
    return landmarks_->find(picture, face, options);
}

Result<FaceLandmarks> FaceModels::find_landmarks(const Image& picture, const LandmarkOptions& options) {
    const Result<std::vector<FaceDetection>> faces = detect_faces(picture);
    if (!faces) return faces.error();
    Result<FaceLandmarks> first = find_landmarks(picture, faces->front(), options);
    // The detector may take something large for a face; the mesh network knows better.
    for (std::size_t i = 1; i < faces->size() && !first && first.error().code == ErrorCode::not_found; ++i) {
        Result<FaceLandmarks> other = find_landmarks(picture, (*faces)[i], options);
        if (other) return other;
    }
    return first;
}

Result<FaceLandmarks> FaceModels::follow_landmarks(const Image& picture, const FaceLandmarks& before,
                                                   const LandmarkOptions& options) {
    return landmarks_->follow(picture, before, options);
}

Result<std::array<float, 52>> FaceModels::estimate_blendshapes(const FaceLandmarks& landmarks) {
    if (!blendshapes_)
        return Error{ErrorCode::not_found,
                     "Blendshape scores need MediaPipe's face_landmarker.task; put it into the assets folder.", ""};
    return blendshapes_->estimate(landmarks);
}

}  // namespace likeness

// Which faces a photograph shows for sure, however large it is, however small they are and whichever way up.
#pragma once

#include <functional>
#include <vector>

#include "core/base/result.h"
#include "core/image/image.h"
#include "core/vision/face_detector.h"
#include "core/vision/face_landmarks.h"

namespace likeness {

struct JudgedFace {
    FaceDetection detection;
    FaceLandmarks landmarks;  // the mean over eight crops
    // Above 0. The scatter of the landmarks under small shifts of their crop, raised where detector or mesh network are
    // not sure: 0.002 to 0.008 for faces from the front or half aside, above 0.014 for animals, drawings and things
    // that the detector takes for a face. The mesh network's score alone tells nothing: it gives them 0.9, too.
    float doubt = 0;
    bool sure() const { return doubt <= most_doubt; }
    // Pixels, the longer side of the landmarks' box.
    float size() const { return (landmarks.high - landmarks.low).maxCoeff(); }

    static constexpr float most_doubt = 0.0125f;
};

struct FaceSearch {
    // false: a first look only, some 50 ms where there is no face instead of up to a second. Finds upright faces from
    // 4 % of the picture's longer side on.
    bool thorough = true;
    // Faces that are looked at before any other, as found in a smaller version of the picture.
    std::vector<FaceDetection> hints = {};
    // Called while large pictures are searched, with the share that is done; may throw to end it.
    std::function<void(double)> progress = {};
};

// Those that are faces for sure first, largest first, then the doubtful ones, least doubtful first; none twice. Looks
// once where that finds a face; else in eight turns, then through the picture at its full size, in four turns: a face
// of 48 pixels is found in a picture of any size. Errors: invalid_argument for an empty picture, internal.
Result<std::vector<JudgedFace>> search_faces(FaceDetector& detector, LandmarkFinder& finder, const Image& picture,
                                             const FaceSearch& search = {});

// Adds faces beside and behind faces[chosen] that are too small in the whole picture for the first look, down to a quarter
// of its size; only those that are faces for sure. Looks only where the chosen face is small in the picture. Errors:
// internal.
Status search_beside(FaceDetector& detector, LandmarkFinder& finder, const Image& picture, std::size_t chosen,
                     std::vector<JudgedFace>& faces);

// Clockwise quarter turns (0..3) of the picture that bring the face's eyes within 45 degrees of level, the chin below.
int turns_upright(const FaceLandmarks& face);
// The face in the picture (width x height before) after it was turned so, see turn_quarters.
JudgedFace turn_quarters(JudgedFace face, int clockwise, int width, int height);
// The face in a part of the picture that begins at `origin`.
JudgedFace moved_by(JudgedFace face, const Eigen::Vector2f& origin);

}  // namespace likeness

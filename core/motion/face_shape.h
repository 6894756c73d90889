// What a face's expression looks like, apart from whose head it is and where: places of landmarks on mouth, brows and
// chin, and how far lids are open.
#pragma once

#include <Eigen/Core>
#include <array>
#include <span>

#include "core/geometry/camera.h"
#include "core/head/head_model.h"

namespace likeness {

// MediaPipe's landmarks that say most: lips (outer, inner), then brows, then chin and jaw.
inline constexpr std::size_t face_shape_lips = 20, face_shape_brows = 10;
inline constexpr std::array<int, 36> face_shape_landmarks = {
    61,  40,  37,  0,   267, 270, 291, 321, 314, 17,  84, 91,  // outer lips
    78,  81,  13,  311, 308, 402, 14,  178,                    // inner lips
    46,  53,  52,  65,  55,  276, 283, 282, 295, 285,          // brows
    152, 148, 377, 172, 397, 2,                                // chin, jaw, below the nose
};

struct FaceShape {
    using Points = Eigen::Matrix<float, 3, int(face_shape_landmarks.size())>;
    Points points = Points::Zero();       // in the head's frame, over the distance of the eyes
    float left_lids = 0, right_lids = 0;  // opening over the eye's width
    float lips = 0;                       // mean distance of the inner lips over that of the eyes
};
FaceShape mixed(const FaceShape& a, const FaceShape& b, float share_of_b);

// Measures a head whose landmarks are MediaPipe's. Use from any thread.
class FaceRuler {
  public:
    // Precondition: usable(model). The person may have expressions of its own.
    FaceRuler(const HeadModel& model, const PersonalHead& person);
    static bool usable(const HeadModel& model);

    // Lids and lips that are in each other are below 0.
    FaceShape of(const HeadPose& pose) const;
    // As a detector saw the face: where its landmarks (pixels, all 478) are beside those of the posed head, by a
    // camera.
    FaceShape seen(const HeadPose& pose, const Camera& camera, std::span<const Eigen::Vector3f> landmarks) const;

  private:
    Eigen::Matrix3Xf places(const HeadPose& pose) const;  // of used landmarks, metres
    FaceShape measure(const Eigen::Matrix3Xf& places, bool detected) const;

    HeadModel part_;  // the vertices that carry these landmarks
    PersonalHead person_;
    std::vector<int> used_;  // landmarks
    Eigen::Matrix3Xi corner_;
    Eigen::Matrix3Xf weight_;
    std::vector<int> number_;  // of a landmark in used_, or -1
    float eyes_ = 1;           // their distance, metres
};

}  // namespace likeness

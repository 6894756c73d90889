// Of several people in a picture one stays: what of a person's probability is somebody else's.
#pragma once

#include <opencv2/core.hpp>
#include <span>

#include "core/vision/face_landmarks.h"

namespace likeness {

// `rgb` (CV_32FC3) and `likely` (CV_32F, how likely a pixel shows any person) are of one size, the landmarks in pixels
// of a picture that is 1 / scale times as large. Lowers `likely` to 0 where one of `others` is rather than `sitter`: by
// their bodies' places, their colors and the edges between them (a minimum cut; Boykov and Jolly 2001). A face that is
// small and lies on the sitter's chest is a print and stays.
void keep_one_person(const cv::Mat& rgb, const FaceLandmarks& sitter, std::span<const FaceLandmarks> others,
                     const Eigen::Vector2f& scale, cv::Mat& likely);

}  // namespace likeness

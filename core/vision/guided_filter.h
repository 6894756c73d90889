// The guided filter with a color guide (He, Sun, Tang 2013, "Guided Image Filtering", section 3.5), in the fast form
// that fits its local linear models at a lower resolution (He, Sun 2015, "Fast Guided Filter").
#pragma once

#include <opencv2/core.hpp>

namespace likeness {

// Fits q = a . I + b in every window of (2 radius + 1)^2 pixels of `small_guide` (CV_32FC3) to `values` (CV_32F of the
// same size), with `weights` (CV_32F, > 0) saying how much a pixel's value counts and `epsilon` penalising large a
// (colors in 0..1). The mean models, enlarged, are applied to `guide` (CV_32FC3). Returns CV_32F of the guide's size.
cv::Mat guided_filter(const cv::Mat& guide, const cv::Mat& small_guide, const cv::Mat& values, const cv::Mat& weights,
                      int radius, float epsilon);

}  // namespace likeness

// How much more common a pixel's color is in one set of pixels than in another: histograms in CIE Lab.
#pragma once

#include <opencv2/core.hpp>

namespace likeness {

// CIE Lab colors (CV_32FC3: L 0..100, a and b about -127..127) of a picture (CV_32FC3, sRGB), a little smoothed: the
// noise of single pixels tells nothing.
cv::Mat smooth_lab(const cv::Mat& rgb);

// A smoothed histogram of Lab colors under weights (CV_32F, >= 0).
class ColorModel {
  public:
    // `unseen`: what colors that were never seen count, as a share of all pixels, spread over all bins.
    ColorModel(const cv::Mat& lab, const cv::Mat& weights, float unseen = 0.01f);
    // Probability of a color's bin, never 0.
    float operator()(const cv::Vec3f& lab) const;

  private:
    static constexpr int lightness_bins = 20, chroma_bins = 40;
    static int bin(const cv::Vec3f& lab);
    cv::Mat bins_;  // CV_32F, lightness_bins x chroma_bins * chroma_bins
};

}  // namespace likeness

#include "core/vision/color_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "core/base/parallel.h"
#include "core/image/ops.h"

namespace likeness {

namespace {
constexpr float lightness_step = 5.0f, chroma_step = 5.0f;
}  // namespace

cv::Mat smooth_lab(const cv::Mat& rgb) {
    cv::Mat lab;
    cv::GaussianBlur(rgb, lab, {3, 3}, 0);
    // OpenCV's own conversion begins by making tables for a tenth of a second.
    parallel_for(std::size_t(lab.rows), 16, [&](std::size_t begin, std::size_t end) {
        for (int y = int(begin); y < int(end); ++y)
            for (int x = 0; x < lab.cols; ++x) {
                cv::Vec3f& color = lab.ptr<cv::Vec3f>(y)[x];
                const std::array<float, 3> converted = srgb_to_lab(color[0], color[1], color[2]);
                color = {converted[0], converted[1], converted[2]};
            }
    });
    return lab;
}

int ColorModel::bin(const cv::Vec3f& lab) {
    const int l = std::clamp(int(lab[0] / lightness_step), 0, lightness_bins - 1);
    const int a = std::clamp(int(std::floor(lab[1] / chroma_step)) + chroma_bins / 2, 0, chroma_bins - 1);
    const int b = std::clamp(int(std::floor(lab[2] / chroma_step)) + chroma_bins / 2, 0, chroma_bins - 1);
    return (l * chroma_bins + a) * chroma_bins + b;
}

ColorModel::ColorModel(const cv::Mat& lab, const cv::Mat& weights, float unseen)
    : bins_(lightness_bins, chroma_bins * chroma_bins, CV_32F, cv::Scalar(0)) {
    float* bins = bins_.ptr<float>();
    for (int y = 0; y < lab.rows; ++y)
        for (int x = 0; x < lab.cols; ++x) bins[bin(lab.ptr<cv::Vec3f>(y)[x])] += weights.ptr<float>(y)[x];
    // Noise and shading spread a color over neighbouring bins: along lightness, then in each plane of a and b.
    cv::GaussianBlur(bins_, bins_, {1, 5}, 0, 1.2, cv::BORDER_REPLICATE);
    for (int l = 0; l < lightness_bins; ++l) {
        cv::Mat plane(chroma_bins, chroma_bins, CV_32F, bins_.ptr<float>(l));
        cv::GaussianBlur(plane, plane, {5, 5}, 1.0, 1.0, cv::BORDER_REPLICATE);
    }
    const double total = cv::sum(bins_)[0];
    bins_ = bins_ * ((1 - unseen) / std::max(total, 1e-9)) + unseen / double(bins_.total());
}

float ColorModel::operator()(const cv::Vec3f& lab) const { return bins_.ptr<float>()[bin(lab)]; }

}  // namespace likeness

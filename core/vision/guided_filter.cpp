#include "core/vision/guided_filter.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "core/base/parallel.h"

namespace likeness {

cv::Mat guided_filter(const cv::Mat& guide, const cv::Mat& small_guide, const cv::Mat& values, const cv::Mat& weights,
                      int radius, float epsilon) {
    const int rows = small_guide.rows, columns = small_guide.cols;
    // All window sums in one pass over 14 planes: w, w I (3), w I I' (6), w p, w p I (3).
    constexpr int plane_count = 14;
    cv::Mat planes[plane_count];
    for (cv::Mat& plane : planes) plane.create(rows, columns, CV_32F);
    parallel_for(std::size_t(rows), 16, [&](std::size_t begin, std::size_t end) {
        for (int y = int(begin); y < int(end); ++y) {
            const cv::Vec3f* color = small_guide.ptr<cv::Vec3f>(y);
            const float *value = values.ptr<float>(y), *weight = weights.ptr<float>(y);
            for (int x = 0; x < columns; ++x) {
                const cv::Vec3f i = color[x];
                const float w = weight[x], p = value[x];
                const float terms[plane_count] = {w,
                                                  w * i[0],
                                                  w * i[1],
                                                  w * i[2],
                                                  w * i[0] * i[0],
                                                  w * i[0] * i[1],
                                                  w * i[0] * i[2],
                                                  w * i[1] * i[1],
                                                  w * i[1] * i[2],
                                                  w * i[2] * i[2],
                                                  w * p,
                                                  w * p * i[0],
                                                  w * p * i[1],
                                                  w * p * i[2]};
                for (int k = 0; k < plane_count; ++k) planes[k].ptr<float>(y)[x] = terms[k];
            }
        }
    });
    const cv::Size window(2 * radius + 1, 2 * radius + 1);
    parallel_for(plane_count, 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t k = begin; k < end; ++k)
            cv::boxFilter(planes[k], planes[k], CV_32F, window, {-1, -1}, true, cv::BORDER_REFLECT);
    });
    cv::Mat model(rows, columns, CV_32FC4);  // a and b
    parallel_for(std::size_t(rows), 16, [&](std::size_t begin, std::size_t end) {
        for (int y = int(begin); y < int(end); ++y) {
            for (int x = 0; x < columns; ++x) {
                float t[plane_count];
                for (int k = 0; k < plane_count; ++k) t[k] = planes[k].ptr<float>(y)[x];
                const float inverse = 1.0f / std::max(t[0], 1e-12f);
                for (int k = 1; k < plane_count; ++k) t[k] *= inverse;
                // a = (covariance of I + epsilon)^-1 covariance of (I, p), by Cramer's rule (eq. 19).
                const float s00 = t[4] - t[1] * t[1] + epsilon, s01 = t[5] - t[1] * t[2], s02 = t[6] - t[1] * t[3];
                const float s11 = t[7] - t[2] * t[2] + epsilon, s12 = t[8] - t[2] * t[3];
                const float s22 = t[9] - t[3] * t[3] + epsilon;
                const float c0 = t[11] - t[1] * t[10], c1 = t[12] - t[2] * t[10], c2 = t[13] - t[3] * t[10];
                const float i00 = s11 * s22 - s12 * s12, i01 = s02 * s12 - s01 * s22, i02 = s01 * s12 - s02 * s11;
                const float i11 = s00 * s22 - s02 * s02, i12 = s01 * s02 - s00 * s12, i22 = s00 * s11 - s01 * s01;
                const float determinant = s00 * i00 + s01 * i01 + s02 * i02;
                const float scale = 1.0f / std::max(determinant, 1e-18f);
                const float a0 = (i00 * c0 + i01 * c1 + i02 * c2) * scale;
                const float a1 = (i01 * c0 + i11 * c1 + i12 * c2) * scale;
                const float a2 = (i02 * c0 + i12 * c1 + i22 * c2) * scale;
                model.ptr<cv::Vec4f>(y)[x] = {a0, a1, a2, t[10] - a0 * t[1] - a1 * t[2] - a2 * t[3]};
            }
        }
    });
    cv::boxFilter(model, model, CV_32F, window, {-1, -1}, true, cv::BORDER_REFLECT);
    if (guide.size() != small_guide.size()) cv::resize(model, model, guide.size(), 0, 0, cv::INTER_LINEAR);
    cv::Mat result(guide.size(), CV_32F);
    parallel_for(std::size_t(guide.rows), 32, [&](std::size_t begin, std::size_t end) {
        for (int y = int(begin); y < int(end); ++y) {
            for (int x = 0; x < guide.cols; ++x) {
                const cv::Vec4f m = model.ptr<cv::Vec4f>(y)[x];
                const cv::Vec3f i = guide.ptr<cv::Vec3f>(y)[x];
                result.ptr<float>(y)[x] = m[0] * i[0] + m[1] * i[1] + m[2] * i[2] + m[3];
            }
        }
    });
    return result;
}

}  // namespace likeness

#include "core/vision/foreground.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "core/base/parallel.h"

namespace likeness {

namespace {

// Values of the paper's section 4.
constexpr float regularization = 1e-5f;
constexpr float gradient_weight = 1.0f;
constexpr int small_side = 32, small_iterations = 10, large_iterations = 2;

struct Level {
    cv::Mat foreground, background;  // CV_32FC3
};

// One sweep of equation 8: every pixel's F and B from its color, its alpha and its four neighbours' F and B, which
// count more where alpha changes. Jacobi between two buffers, so rows can run in any order.
void sweep(const cv::Mat& color, const cv::Mat& alpha, const Level& from, Level& to) {
    const int rows = color.rows, columns = color.cols;
    parallel_for(std::size_t(rows), 16, [&](std::size_t begin, std::size_t end) {
        for (int y = int(begin); y < int(end); ++y) {
            const int neighbour_rows[4] = {y, y, std::max(y - 1, 0), std::min(y + 1, rows - 1)};
            for (int x = 0; x < columns; ++x) {
                const int neighbour_columns[4] = {std::max(x - 1, 0), std::min(x + 1, columns - 1), x, x};
                const float a = alpha.ptr<float>(y)[x], rest = 1 - a;
                float total = 0;
                cv::Vec3f f(0, 0, 0), b(0, 0, 0);
                for (int k = 0; k < 4; ++k) {
                    const int ny = neighbour_rows[k], nx = neighbour_columns[k];
                    const float weight = regularization + gradient_weight * std::abs(a - alpha.ptr<float>(ny)[nx]);
                    total += weight;
                    f += weight * from.foreground.ptr<cv::Vec3f>(ny)[nx];
                    b += weight * from.background.ptr<cv::Vec3f>(ny)[nx];
                }
                const cv::Vec3f i = color.ptr<cv::Vec3f>(y)[x];
                const float m00 = a * a + total, m01 = a * rest, m11 = rest * rest + total;
                const float scale = 1.0f / (m00 * m11 - m01 * m01);
                const cv::Vec3f right_f = a * i + f, right_b = rest * i + b;
                cv::Vec3f& out_f = to.foreground.ptr<cv::Vec3f>(y)[x];
                cv::Vec3f& out_b = to.background.ptr<cv::Vec3f>(y)[x];
                for (int k = 0; k < 3; ++k) {
                    out_f[k] = std::clamp((m11 * right_f[k] - m01 * right_b[k]) * scale, 0.0f, 1.0f);
                    out_b[k] = std::clamp((m00 * right_b[k] - m01 * right_f[k]) * scale, 0.0f, 1.0f);
                }
            }
        }
    });
}

}  // namespace

Image estimate_foreground(const Image& picture, const Image& alpha) {
    const cv::Mat all(picture.height, picture.width, CV_32FC(picture.channels),
                      const_cast<float*>(picture.pixels.data()));
    cv::Mat color = all;
    if (picture.channels == 1) cv::cvtColor(all, color, cv::COLOR_GRAY2RGB);
    if (picture.channels == 4) cv::cvtColor(all, color, cv::COLOR_RGBA2RGB);
    const cv::Mat cover(alpha.height, alpha.width, CV_32F, const_cast<float*>(alpha.pixels.data()));

    const int levels = std::max(1, int(std::ceil(std::log2(double(std::max(picture.width, picture.height))))));
    Level level{cv::Mat(1, 1, CV_32FC3, cv::mean(color)), cv::Mat(1, 1, CV_32FC3, cv::mean(color))};
    for (int i = 0; i <= levels; ++i) {
        const double share = double(i) / levels;
        const cv::Size size(std::max(1, int(std::lround(std::pow(double(picture.width), share)))),
                            std::max(1, int(std::lround(std::pow(double(picture.height), share)))));
        cv::Mat small_color, small_alpha;
        cv::resize(color, small_color, size, 0, 0, cv::INTER_AREA);
        cv::resize(cover, small_alpha, size, 0, 0, cv::INTER_AREA);
        Level next{cv::Mat(size, CV_32FC3), cv::Mat(size, CV_32FC3)};
        cv::resize(level.foreground, next.foreground, size, 0, 0, cv::INTER_NEAREST);
        cv::resize(level.background, next.background, size, 0, 0, cv::INTER_NEAREST);
        level = std::move(next);
        Level other{cv::Mat(size, CV_32FC3), cv::Mat(size, CV_32FC3)};
        const int iterations = std::max(size.width, size.height) <= small_side ? small_iterations : large_iterations;
        for (int k = 0; k < iterations; ++k) {
            sweep(small_color, small_alpha, level, other);
            std::swap(level, other);
        }
    }
    Image result(picture.width, picture.height, 3);
    cv::Mat target(picture.height, picture.width, CV_32FC3, result.pixels.data());
    level.foreground.copyTo(target);
    return result;
}

}  // namespace likeness

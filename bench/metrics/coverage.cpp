#include "bench/metrics/coverage.h"

#include <cassert>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace likeness::metrics {
namespace {

constexpr float kClosed = 0.98f;
constexpr float kVisible = 0.05f;
constexpr float kInside = 0.5f;

Status check(const Image& a, const Image& b) {
    if (!a.empty() && a.channels == 1 && b.channels == 1 && a.width == b.width && a.height == b.height) return {};
    return Error{ErrorCode::invalid_argument, "Alpha and mask to be compared must be of one size, one channel each.",
                 ""};
}

// The pixels above a value, 255 or 0.
cv::Mat above(const Image& image, float value) {
    cv::Mat mask(image.height, image.width, CV_8U);
    for (std::size_t i = 0; i < image.pixels.size(); ++i) mask.data[i] = image.pixels[i] > value ? 255 : 0;
    return mask;
}

}  // namespace

Image eroded(const Image& mask, int radius) {
    assert(mask.channels == 1 && radius >= 0);
    cv::Mat disc(2 * radius + 1, 2 * radius + 1, CV_8U), inside;
    for (int y = -radius; y <= radius; ++y)
        for (int x = -radius; x <= radius; ++x)
            disc.at<std::uint8_t>(y + radius, x + radius) = x * x + y * y <= radius * radius;
    cv::erode(above(mask, kInside), inside, disc);
    Image out(mask.width, mask.height, 1);
    for (std::size_t i = 0; i < out.pixels.size(); ++i) out.pixels[i] = inside.data[i] ? 1.0f : 0.0f;
    return out;
}

Result<double> coverage(const Image& alpha, const Image& silhouette) {
    if (Status ok = check(alpha, silhouette); !ok) return ok.error();
    const Image s = eroded(silhouette, kErosionPixels);
    std::size_t closed = 0, all = 0;
    for (std::size_t i = 0; i < s.pixels.size(); ++i) {
        if (s.pixels[i] <= kInside) continue;
        ++all;
        if (alpha.pixels[i] >= kClosed) ++closed;
    }
    if (all == 0)
        return Error{ErrorCode::invalid_argument, "The head covers no pixel of this view.", "empty silhouette"};
    return double(closed) / double(all);
}

Result<double> floaters(const Image& alpha, const Image& silhouette) {
    if (Status ok = check(alpha, silhouette); !ok) return ok.error();
    const Image s = eroded(silhouette, kErosionPixels);
    cv::Mat label;
    const int parts = cv::connectedComponents(above(alpha, kVisible), label, 8, CV_32S);
    std::vector<double> weight(std::size_t(parts), 0.0);
    std::vector<bool> touches(std::size_t(parts), false);
    double all = 0, loose = 0;
    for (std::size_t i = 0; i < alpha.pixels.size(); ++i) {
        const std::size_t part = std::size_t(label.ptr<int>()[i]);  // 0: what is not visible
        all += double(alpha.pixels[i]);
        weight[part] += double(alpha.pixels[i]);
        if (s.pixels[i] > kInside) touches[part] = true;
    }
    for (std::size_t part = 1; part < weight.size(); ++part)
        if (!touches[part]) loose += weight[part];
    return all > 0 ? loose / all : 0.0;
}

Result<double> outline_overlap(const Image& alpha, const Image& matte) {
    if (Status ok = check(alpha, matte); !ok) return ok.error();
    std::size_t both = 0, either = 0;
    for (std::size_t i = 0; i < alpha.pixels.size(); ++i) {
        const bool a = alpha.pixels[i] > kInside, m = matte.pixels[i] > kInside;
        both += a && m;
        either += a || m;
    }
    if (either == 0) return Error{ErrorCode::invalid_argument, "Neither outline has a pixel.", ""};
    return double(both) / double(either);
}

Image alpha_channel(const Image& rgba) {
    assert(rgba.channels == 4);
    Image out(rgba.width, rgba.height, 1);
    for (std::size_t i = 0; i < out.pixels.size(); ++i) out.pixels[i] = rgba.pixels[i * 4 + 3];
    return out;
}

}  // namespace likeness::metrics

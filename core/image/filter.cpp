#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <stdexcept>

#include "core/image/ops.h"

namespace likeness {
namespace {

void require(bool condition, const char* message) {
    if (!condition) throw std::invalid_argument(message);
}

void require_pixels(const Image& image) {
    require(
        image.width > 0 && image.height > 0 && image.channels > 0 && image.channels <= 4 &&
            image.pixels.size() == std::size_t(image.width) * std::size_t(image.height) * std::size_t(image.channels),
        "an image without pixels, or of more than 4 channels");
}

cv::Mat view(Image& image) {
    return {image.height, image.width, CV_MAKETYPE(CV_32F, image.channels), image.pixels.data()};
}
// OpenCV has no constant view; the result is only read.
cv::Mat view(const Image& image) { return view(const_cast<Image&>(image)); }

bool has_alpha(const Image& image) { return image.channels == 2 || image.channels == 4; }

// Color times alpha and back, around linear filters.
Image premultiplied(Image image) {
    const auto alpha = static_cast<std::size_t>(image.channels - 1);
    for (std::size_t i = 0; i < image.pixels.size(); i += alpha + 1)
        for (std::size_t c = 0; c < alpha; ++c) image.pixels[i + c] *= image.pixels[i + alpha];
    return image;
}
Image straight(Image image) {
    const auto alpha = static_cast<std::size_t>(image.channels - 1);
    for (std::size_t i = 0; i < image.pixels.size(); i += alpha + 1) {
        const float a = image.pixels[i + alpha];
        for (std::size_t c = 0; c < alpha; ++c) image.pixels[i + c] = a > 1e-6f ? image.pixels[i + c] / a : 0.0f;
    }
    return image;
}

template <class Filter>
Image with_alpha(const Image& image, const Filter& filter) {
    return has_alpha(image) ? straight(filter(premultiplied(image))) : filter(image);
}

void clamp_to_range(Image& image, float low, float high) {
    for (float& value : image.pixels) value = std::clamp(value, low, high);
}

}  // namespace

Image resize(const Image& image, int width, int height) {
    require_pixels(image);
    require(width > 0 && height > 0, "resize to nothing");
    if (width == image.width && height == image.height) return image;
    const auto [low, high] = std::minmax_element(image.pixels.begin(), image.pixels.end());
    Image result = with_alpha(image, [&](const Image& in) {
        // Shrink first, side by side: OpenCV's area filter needs both factors to be reductions.
        Image small(std::min(width, in.width), std::min(height, in.height), in.channels);
        cv::Mat small_view = view(small);
        cv::resize(view(in), small_view, small_view.size(), 0, 0, cv::INTER_AREA);
        if (small.width == width && small.height == height) return small;
        Image out(width, height, in.channels);
        cv::Mat out_view = view(out);
        cv::resize(small_view, out_view, out_view.size(), 0, 0, cv::INTER_LANCZOS4);
        return out;
    });
    clamp_to_range(result, *low, *high);  // Lanczos overshoots
    return result;
}

Image resize_longer_side(const Image& image, int side) {
    require_pixels(image);
    const double scale = double(side) / std::max(image.width, image.height);
    return resize(image, std::max(1, static_cast<int>(std::lround(image.width * scale))),
                  std::max(1, static_cast<int>(std::lround(image.height * scale))));
}

Image crop(const Image& image, int x, int y, int width, int height) {
    require_pixels(image);
    require(width > 0 && height > 0, "crop to nothing");
    Image out(width, height, image.channels);
    const auto inside = [](int start, int offset, int size) {
        return static_cast<int>(std::clamp<long long>(static_cast<long long>(start) + offset, 0, size - 1));
    };
    for (int v = 0; v < height; ++v) {
        const int from_y = inside(y, v, image.height);
        for (int u = 0; u < width; ++u)
            std::copy_n(image.at(inside(x, u, image.width), from_y), image.channels, out.at(u, v));
    }
    return out;
}

Image gaussian_blur(const Image& image, float sigma) {
    require_pixels(image);
    if (!(sigma > 0.0f)) return image;
    return with_alpha(image, [&](const Image& in) {
        Image out(in.width, in.height, in.channels);
        cv::Mat out_view = view(out);
        // Four sigmas each way hold all but 6e-5 of the weight.
        const int radius = std::clamp(static_cast<int>(std::ceil(4.0 * double(sigma))), 1, 4096);
        cv::GaussianBlur(view(in), out_view, cv::Size(2 * radius + 1, 2 * radius + 1), double(sigma), double(sigma),
                         cv::BORDER_REFLECT_101);
        return out;
    });
}

Image composite_over(const Image& image, const std::array<float, 3>& color) {
    require_pixels(image);
    require(image.channels >= 3, "composite needs RGB or RGBA");
    if (image.channels == 3) return image;
    Image out(image.width, image.height, 3);
    const float* p = image.pixels.data();
    for (float *q = out.pixels.data(), *end = q + out.pixels.size(); q != end; q += 3, p += 4)
        for (std::size_t c = 0; c < 3; ++c) q[c] = p[c] * p[3] + color[c] * (1.0f - p[3]);
    return out;
}

std::vector<std::uint8_t> to_u8(const Image& image) {
    std::vector<std::uint8_t> bytes(image.pixels.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = to_u8(image.pixels[i]);
    return bytes;
}

}  // namespace likeness

#include "core/vision/crop.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <stdexcept>

#include "core/base/parallel.h"

namespace likeness {

Eigen::Vector2f Crop::to_picture(const Eigen::Vector2f& unit) const {
    const float c = std::cos(angle), s = std::sin(angle);
    const float x = (unit.x() - 0.5f) * size.x(), y = (unit.y() - 0.5f) * size.y();
    return {centre.x() + c * x - s * y, centre.y() + s * x + c * y};
}

Eigen::Vector2f Crop::from_picture(const Eigen::Vector2f& pixel) const {
    const float c = std::cos(angle), s = std::sin(angle);
    const float x = pixel.x() - centre.x(), y = pixel.y() - centre.y();
    return {(c * x + s * y) / size.x() + 0.5f, (-s * x + c * y) / size.y() + 0.5f};
}

namespace {

// Bilinear samples at continuous picture coordinates; pixels beyond the border are black or the nearest ones.
struct Sampler {
    const Image& picture;
    bool black;
    std::size_t step = picture.channels >= 3 ? 1 : 0;  // from one color to the next; grey counts three times

    const float* pixel(int x, int y) const {
        static constexpr float nothing[4] = {0, 0, 0, 0};
        if (black && (x < 0 || y < 0 || x >= picture.width || y >= picture.height)) return nothing;
        return picture.at(std::clamp(x, 0, picture.width - 1), std::clamp(y, 0, picture.height - 1));
    }
    void blend(const float* a, const float* b, const float* c, const float* d, float fx, float fy, float* sum) const {
        for (std::size_t k = 0, i = 0; k < 3; ++k, i += step) {
            const float upper = a[i] + fx * (b[i] - a[i]), lower = c[i] + fx * (d[i] - c[i]);
            sum[k] += upper + fy * (lower - upper);
        }
    }
    void add(float x, float y, float* sum) const {
        const float px = std::clamp(x - 0.5f, -1e6f, 1e6f), py = std::clamp(y - 0.5f, -1e6f, 1e6f);
        const int x0 = int(std::floor(px)), y0 = int(std::floor(py));
        blend(pixel(x0, y0), pixel(x0 + 1, y0), pixel(x0, y0 + 1), pixel(x0 + 1, y0 + 1), px - float(x0),
              py - float(y0), sum);
    }
    // The same where all four pixels are known to lie in the picture.
    void add_inside(float x, float y, float* sum) const {
        const float px = x - 0.5f, py = y - 0.5f;
        const int x0 = int(px), y0 = int(py);
        const std::size_t channels = std::size_t(picture.channels);
        const std::size_t row = std::size_t(picture.width) * channels;
        const float* a = picture.pixels.data() + std::size_t(y0) * row + std::size_t(x0) * channels;
        blend(a, a + channels, a + row, a + row + channels, px - float(x0), py - float(y0), sum);
    }
    bool is_inside(float x, float y) const {
        // A hundredth of a pixel allows for rounding along the way.
        return x >= 0.51f && y >= 0.51f && x < float(picture.width) - 0.51f && y < float(picture.height) - 0.51f;
    }
};

}  // namespace

void sample_crop(const Image& picture, const Crop& wanted, int width, int height, const SampleOptions& options,
                 std::span<float> output) {
    if (picture.empty() || output.size() != std::size_t(width) * std::size_t(height) * 3)
        throw std::invalid_argument("sample_crop: empty picture or wrong size of the result");
    Crop crop = wanted;
    if (options.as_mediapipe) {
        // OpenCV's warp takes the middle of the first output pixel to the crop's corner and counts a picture's pixels
        // from their middles; MediaPipe reads the result as if neither were so.
        const Eigen::Vector2f half(0.5f / float(width), 0.5f / float(height));
        crop.centre += Eigen::Vector2f::Constant(0.5f) - (wanted.to_picture(half) - wanted.to_picture({0, 0}));
    }
    const float ratio = std::max(std::abs(crop.size.x()) / float(width), std::abs(crop.size.y()) / float(height));
    // Bilinear samples two pixels apart miss nothing; beyond a ratio of 8 what aliasing is left is below the networks'
    // noise.
    const int grid = options.as_mediapipe ? 1 : std::clamp(int(std::ceil(ratio * 0.5f)), 1, 4);
    const Sampler sampler{picture, options.border == CropBorder::black};
    const Eigen::Vector2f origin = crop.to_picture({0, 0});
    const Eigen::Vector2f across = (crop.to_picture({1, 0}) - origin) / float(width * grid);
    const Eigen::Vector2f down = (crop.to_picture({0, 1}) - origin) / float(height * grid);
    const float scale = (options.high - options.low) / float(grid * grid);
    parallel_for(std::size_t(height), 32, [&](std::size_t begin, std::size_t end) {
        float* out = output.data() + begin * std::size_t(width) * 3;
        for (int v = int(begin); v < int(end); ++v) {
            for (int u = 0; u < width; ++u, out += 3) {
                const Eigen::Vector2f corner =
                    origin + across * (float(u * grid) + 0.5f) + down * (float(v * grid) + 0.5f);
                const Eigen::Vector2f far_corner = corner + (across + down) * float(grid - 1);
                const Eigen::Vector2f side = corner + across * float(grid - 1), other = corner + down * float(grid - 1);
                const bool inside = sampler.is_inside(corner.x(), corner.y()) &&
                                    sampler.is_inside(far_corner.x(), far_corner.y()) &&
                                    sampler.is_inside(side.x(), side.y()) && sampler.is_inside(other.x(), other.y());
                float sum[3] = {0, 0, 0};
                for (int j = 0; j < grid; ++j) {
                    float x = corner.x() + float(j) * down.x(), y = corner.y() + float(j) * down.y();
                    for (int i = 0; i < grid; ++i, x += across.x(), y += across.y()) {
                        if (inside)
                            sampler.add_inside(x, y, sum);
                        else
                            sampler.add(x, y, sum);
                    }
                }
                for (int k = 0; k < 3; ++k) out[k] = options.low + sum[k] * scale;
            }
        }
    });
}

Image shrink_to(const Image& picture, int longest) {
    const int side = std::max(picture.width, picture.height);
    if (side <= longest) return picture;
    const double ratio = double(longest) / side;
    Image result(std::max(1, int(std::lround(picture.width * ratio))),
                 std::max(1, int(std::lround(picture.height * ratio))), picture.channels);
    const int type = CV_32FC(picture.channels);
    const cv::Mat source(picture.height, picture.width, type, const_cast<float*>(picture.pixels.data()));
    cv::Mat target(result.height, result.width, type, result.pixels.data());
    cv::resize(source, target, target.size(), 0, 0, cv::INTER_AREA);
    return result;
}

Image turn_quarters(const Image& picture, int clockwise) {
    if (clockwise == 0) return picture;
    const bool swapped = clockwise % 2 == 1;
    Image result(swapped ? picture.height : picture.width, swapped ? picture.width : picture.height, picture.channels);
    const int type = CV_32FC(picture.channels);
    const cv::Mat source(picture.height, picture.width, type, const_cast<float*>(picture.pixels.data()));
    cv::Mat target(result.height, result.width, type, result.pixels.data());
    cv::rotate(source, target,
               clockwise == 1   ? cv::ROTATE_90_CLOCKWISE
               : clockwise == 2 ? cv::ROTATE_180
                                : cv::ROTATE_90_COUNTERCLOCKWISE);
    return result;
}

}  // namespace likeness

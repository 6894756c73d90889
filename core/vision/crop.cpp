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

// One bilinear sample at continuous picture coordinates; pixels beyond the border are black or the nearest ones.
struct Sampler {
    const Image& picture;
    bool black;

    const float* pixel(int x, int y) const {
        static constexpr float nothing[4] = {0, 0, 0, 0};
        if (black && (x < 0 || y < 0 || x >= picture.width || y >= picture.height)) return nothing;
        return picture.at(std::clamp(x, 0, picture.width - 1), std::clamp(y, 0, picture.height - 1));
    }
    void add(float x, float y, float* sum) const {
        const float px = std::clamp(x - 0.5f, -1e6f, 1e6f), py = std::clamp(y - 0.5f, -1e6f, 1e6f);
        const int x0 = int(std::floor(px)), y0 = int(std::floor(py));
        const float fx = px - float(x0), fy = py - float(y0);
        const float *a = pixel(x0, y0), *b = pixel(x0 + 1, y0), *c = pixel(x0, y0 + 1), *d = pixel(x0 + 1, y0 + 1);
        const int step = picture.channels >= 3 ? 1 : 0;
        for (int k = 0; k < 3; ++k) {
            const int i = k * step;
            const float upper = a[i] + fx * (b[i] - a[i]), lower = c[i] + fx * (d[i] - c[i]);
            sum[k] += upper + fy * (lower - upper);
        }
    }
};

}  // namespace

void sample_crop(const Image& picture, const Crop& crop, int width, int height, const SampleOptions& options,
                 std::span<float> output) {
    if (picture.empty() || output.size() != std::size_t(width) * std::size_t(height) * 3)
        throw std::invalid_argument("sample_crop: empty picture or wrong size of the result");
    const float ratio = std::max(crop.size.x() / float(width), crop.size.y() / float(height));
    // Bilinear samples two pixels apart miss nothing; beyond a ratio of 8 what aliasing is left is below the networks'
    // noise.
    const int grid = options.antialias ? std::clamp(int(std::ceil(ratio * 0.5f)), 1, 4) : 1;
    const Sampler sampler{picture, options.border == CropBorder::black};
    const Eigen::Vector2f origin = crop.to_picture({0, 0});
    const Eigen::Vector2f across = (crop.to_picture({1, 0}) - origin) / float(width * grid);
    const Eigen::Vector2f down = (crop.to_picture({0, 1}) - origin) / float(height * grid);
    const float scale = (options.high - options.low) / float(grid * grid);
    parallel_for(std::size_t(height), 32, [&](std::size_t begin, std::size_t end) {
        float* out = output.data() + begin * std::size_t(width) * 3;
        for (int v = int(begin); v < int(end); ++v) {
            for (int u = 0; u < width; ++u, out += 3) {
                float sum[3] = {0, 0, 0};
                for (int j = 0; j < grid; ++j) {
                    for (int i = 0; i < grid; ++i) {
                        const Eigen::Vector2f at =
                            origin + across * (float(u * grid + i) + 0.5f) + down * (float(v * grid + j) + 0.5f);
                        sampler.add(at.x(), at.y(), sum);
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

}  // namespace likeness

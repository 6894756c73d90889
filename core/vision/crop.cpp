#include "core/vision/crop.h"

#include <algorithm>
#include <cmath>
#include <cstring>
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

// Red, green, blue and one more that does not count.
typedef float Color __attribute__((vector_size(16)));

template <bool grey>
Color load_color(const float* p) {
    if constexpr (grey) return Color{p[0], p[0], p[0], p[0]};
    Color color;
    std::memcpy(&color, p, sizeof color);
    return color;
}

// Bilinear samples at continuous picture coordinates; pixels beyond the border are black or the nearest ones.
template <bool grey>
struct Sampler {
    const Image& picture;
    const bool black;

    Color pixel(int x, int y) const {
        if (black && (x < 0 || y < 0 || x >= picture.width || y >= picture.height)) return Color{0, 0, 0, 0};
        const float* p = picture.at(std::clamp(x, 0, picture.width - 1), std::clamp(y, 0, picture.height - 1));
        return grey ? Color{p[0], p[0], p[0], 0} : Color{p[0], p[1], p[2], 0};
    }
    static Color blend(Color a, Color b, Color c, Color d, float fx, float fy) {
        const Color upper = a + fx * (b - a), lower = c + fx * (d - c);
        return upper + fy * (lower - upper);
    }
    Color at(float x, float y) const {
        const float px = std::clamp(x - 0.5f, -1e6f, 1e6f), py = std::clamp(y - 0.5f, -1e6f, 1e6f);
        const int x0 = int(std::floor(px)), y0 = int(std::floor(py));
        return blend(pixel(x0, y0), pixel(x0 + 1, y0), pixel(x0, y0 + 1), pixel(x0 + 1, y0 + 1), px - float(x0),
                     py - float(y0));
    }
    // The same where is_inside.
    Color at_inside(float x, float y) const {
        const float px = x - 0.5f, py = y - 0.5f;
        const int x0 = int(px), y0 = int(py);
        const std::size_t channels = std::size_t(picture.channels);
        const std::size_t row = std::size_t(picture.width) * channels;
        const float* a = picture.pixels.data() + std::size_t(y0) * row + std::size_t(x0) * channels;
        // The rows to come: turned crops run across them, which the processor does not foresee.
        constexpr int ahead = 4;
        __builtin_prefetch(picture.at(x0, std::min(y0 + ahead, picture.height - 1)));
        return blend(load_color<grey>(a), load_color<grey>(a + channels), load_color<grey>(a + row),
                     load_color<grey>(a + row + channels), px - float(x0), py - float(y0));
    }
    // Whether all four pixels lie in the picture and above its last row, behind which four values cannot be read. A
    // hundredth of a pixel allows for rounding along the way.
    bool is_inside(const Eigen::Vector2f& p) const {
        return p.x() >= 0.51f && p.y() >= 0.51f && p.x() < float(picture.width) - 0.51f &&
               p.y() < float(picture.height) - 1.51f;
    }
};

// grid x grid samples an output pixel, `across` and `down` from one to the next; their mean, from `low` to `high`.
struct SampleGrid {
    Eigen::Vector2f origin, across, down;
    int grid;
    float low, scale;

    // The first sample of an output pixel.
    Eigen::Vector2f first(int u, int v) const {
        return origin + across * (float(u * grid) + 0.5f) + down * (float(v * grid) + 0.5f);
    }
    template <bool grey>
    bool is_inside(const Sampler<grey>& sampler, const Eigen::Vector2f& corner) const {
        const Eigen::Vector2f x = across * float(grid - 1), y = down * float(grid - 1);
        return sampler.is_inside(corner) && sampler.is_inside(corner + x + y) && sampler.is_inside(corner + x) &&
               sampler.is_inside(corner + y);
    }
    template <bool grey>
    void sample_row(const Sampler<grey>& sampler, int v, int width, float* out) const {
        // Rectangles are convex: between two pixels inside all are.
        const bool all = is_inside(sampler, first(0, v)) && is_inside(sampler, first(width - 1, v));
        for (int u = 0; u < width; ++u, out += 3) {
            const Eigen::Vector2f corner = first(u, v);
            const bool inside = all || is_inside(sampler, corner);
            Color sum = {0, 0, 0, 0};
            for (int j = 0; j < grid; ++j) {
                float x = corner.x() + float(j) * down.x(), y = corner.y() + float(j) * down.y();
                for (int i = 0; i < grid; ++i, x += across.x(), y += across.y())
                    sum += inside ? sampler.at_inside(x, y) : sampler.at(x, y);
            }
            for (int k = 0; k < 3; ++k) out[k] = low + sum[k] * scale;
        }
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
    SampleGrid samples;
    samples.grid = grid;
    samples.origin = crop.to_picture({0, 0});
    samples.across = (crop.to_picture({1, 0}) - samples.origin) / float(width * grid);
    samples.down = (crop.to_picture({0, 1}) - samples.origin) / float(height * grid);
    samples.low = options.low;
    samples.scale = (options.high - options.low) / float(grid * grid);
    const bool black = options.border == CropBorder::black;
    const auto sample = [&]<bool grey>(const Sampler<grey>& sampler) {
        parallel_for(std::size_t(height), 32, [&](std::size_t begin, std::size_t end) {
            for (int v = int(begin); v < int(end); ++v)
                samples.sample_row(sampler, v, width, output.data() + std::size_t(v) * std::size_t(width) * 3);
        });
    };
    if (picture.channels >= 3)
        sample(Sampler<false>{picture, black});
    else
        sample(Sampler<true>{picture, black});
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

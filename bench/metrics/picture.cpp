#include "bench/metrics/picture.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/image/ops.h"

namespace likeness::metrics {
namespace {

constexpr int kWindowRadius = 5;  // 11 taps
constexpr double kWindowSigma = 1.5;
constexpr double kC1 = 0.01 * 0.01;  // (K1 * range)^2
constexpr double kC2 = 0.03 * 0.03;
constexpr float kGrey = 0.5f;
constexpr float kOpaque = 0.5f;  // alpha above this is part of the person

using Plane = std::vector<double>;

std::array<double, 2 * kWindowRadius + 1> window_weights() {
    std::array<double, 2 * kWindowRadius + 1> weights{};
    double sum = 0;
    for (int i = -kWindowRadius; i <= kWindowRadius; ++i) {
        const double w = std::exp(-0.5 * double(i) * double(i) / (kWindowSigma * kWindowSigma));
        weights[std::size_t(i + kWindowRadius)] = w;
        sum += w;
    }
    for (double& w : weights) w /= sum;
    return weights;
}

// ... c b a | a b c ... : where index i falls when a row of n is mirrored at both ends.
int mirrored(int i, int n) {
    const int period = 2 * n;
    i %= period;
    if (i < 0) i += period;
    return i < n ? i : period - 1 - i;
}

std::size_t offset(int x, int y, int width) { return std::size_t(y) * std::size_t(width) + std::size_t(x); }

Plane blurred(const Plane& in, int width, int height) {
    static const auto weights = window_weights();
    Plane rows(in.size()), out(in.size());
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            double sum = 0;
            for (int k = -kWindowRadius; k <= kWindowRadius; ++k)
                sum += weights[std::size_t(k + kWindowRadius)] * in[offset(mirrored(x + k, width), y, width)];
            rows[offset(x, y, width)] = sum;
        }
    for (int y = 0; y < height; ++y)
        for (int k = -kWindowRadius; k <= kWindowRadius; ++k) {
            const double w = weights[std::size_t(k + kWindowRadius)];
            const double* row = rows.data() + offset(0, mirrored(y + k, height), width);
            double* target = out.data() + offset(0, y, width);
            for (int x = 0; x < width; ++x) target[x] += w * row[x];
        }
    return out;
}

Plane product(const Plane& a, const Plane& b) {
    Plane out(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) out[i] = a[i] * b[i];
    return out;
}

Plane channel_of(const Image& image, int channel) {
    Plane out(std::size_t(image.width) * std::size_t(image.height));
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = double(image.pixels[i * std::size_t(image.channels) + std::size_t(channel)]);
    return out;
}

float alpha_of(const Image& picture, std::size_t pixel) {
    return picture.channels == 4 ? picture.pixels[pixel * 4 + 3] : 1.0f;
}

Status check(const Image& picture, const char* name) {
    if (picture.width == kPictureSize && picture.height == kPictureSize &&
        (picture.channels == 3 || picture.channels == 4))
        return {};
    return Error{ErrorCode::invalid_argument,
                 std::string("The ") + name + " to be measured must be RGB or RGBA of 512 x 512 pixels.",
                 std::to_string(picture.width) + " x " + std::to_string(picture.height) + " x " +
                     std::to_string(picture.channels)};
}

}  // namespace

Image over_background(const Image& picture, float background) {
    Image out = composite_over(picture, {background, background, background});
    for (float& value : out.pixels) value = std::clamp(value, 0.0f, 1.0f);
    return out;
}

Image region_mask(const Image& truth, const Image& render, PictureRegion region) {
    assert(truth.width == render.width && truth.height == render.height);
    Image mask(truth.width, truth.height, 1, region == PictureRegion::full_frame ? 1.0f : 0.0f);
    if (region == PictureRegion::full_frame) return mask;
    for (std::size_t i = 0; i < mask.pixels.size(); ++i) {
        const bool counts =
            alpha_of(truth, i) > kOpaque || (region == PictureRegion::either && alpha_of(render, i) > kOpaque);
        mask.pixels[i] = counts ? 1.0f : 0.0f;
    }
    return mask;
}

double psnr(const Image& a, const Image& b, const Image& mask) {
    assert(a.pixels.size() == b.pixels.size() && a.channels == b.channels);
    double squares = 0;
    std::size_t values = 0;
    const std::size_t channels = std::size_t(a.channels);
    for (std::size_t i = 0; i < mask.pixels.size(); ++i) {
        if (mask.pixels[i] <= 0.5f) continue;
        for (std::size_t k = i * channels; k < (i + 1) * channels; ++k) {
            const double difference = double(a.pixels[k]) - double(b.pixels[k]);
            squares += difference * difference;
        }
        values += channels;
    }
    if (values == 0) return std::numeric_limits<double>::quiet_NaN();
    if (squares == 0) return std::numeric_limits<double>::infinity();
    return -10.0 * std::log10(squares / double(values));
}

double ssim(const Image& a, const Image& b, const Image& mask) {
    assert(a.pixels.size() == b.pixels.size() && a.channels == b.channels);
    const int width = a.width, height = a.height;
    double total = 0;
    std::size_t values = 0;
    for (int c = 0; c < a.channels; ++c) {
        const Plane x = channel_of(a, c), y = channel_of(b, c);
        const Plane mean_x = blurred(x, width, height), mean_y = blurred(y, width, height);
        const Plane xx = blurred(product(x, x), width, height), yy = blurred(product(y, y), width, height);
        const Plane xy = blurred(product(x, y), width, height);
        for (std::size_t i = 0; i < mask.pixels.size(); ++i) {
            if (mask.pixels[i] <= 0.5f) continue;
            const double mxx = mean_x[i] * mean_x[i], myy = mean_y[i] * mean_y[i], mxy = mean_x[i] * mean_y[i];
            total += (2 * mxy + kC1) * (2 * (xy[i] - mxy) + kC2) /
                     ((mxx + myy + kC1) * ((xx[i] - mxx) + (yy[i] - myy) + kC2));
            ++values;
        }
    }
    return values == 0 ? std::numeric_limits<double>::quiet_NaN() : total / double(values);
}

Result<PictureScore> compare_pictures(const Image& truth, const Image& render, PictureRegion region) {
    if (Status ok = check(truth, "true picture"); !ok) return ok.error();
    if (Status ok = check(render, "render"); !ok) return ok.error();
    const Image mask = region_mask(truth, render, region);
    PictureScore score;
    score.pixels = std::size_t(std::count(mask.pixels.begin(), mask.pixels.end(), 1.0f));
    if (score.pixels == 0)
        return Error{ErrorCode::invalid_argument, "The pictures to be compared show nobody.", "empty mask"};
    const Image a = over_background(truth, kGrey), b = over_background(render, kGrey);
    score.psnr = psnr(a, b, mask);
    score.ssim = ssim(a, b, mask);
    return score;
}

}  // namespace likeness::metrics

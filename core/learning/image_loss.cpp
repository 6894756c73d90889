#include "core/learning/image_loss.h"

#include <array>
#include <cmath>

#include "core/base/parallel.h"
#include "core/base/vectorize.h"

namespace likeness {
namespace {

constexpr int radius = 5;
constexpr float c1 = 0.01f * 0.01f, c2 = 0.03f * 0.03f;

const std::array<float, 11> window = [] {
    std::array<float, 11> w{};
    float sum = 0;
    for (int i = -radius; i <= radius; ++i) sum += w[std::size_t(i + radius)] = std::exp(-float(i * i) / (2 * 1.5f * 1.5f));
    for (float& v : w) v /= sum;
    return w;
}();

// One row of a vertical pass: out = sum_k w_k rows[k].
LIKENESS_VECTORIZE void weigh_rows(const std::array<const float*, 11>& rows, float* out, int count) {
    const float w0 = window[0], w1 = window[1], w2 = window[2], w3 = window[3], w4 = window[4], w5 = window[5];
    for (int i = 0; i < count; ++i)
        out[i] = w0 * (rows[0][i] + rows[10][i]) + w1 * (rows[1][i] + rows[9][i]) + w2 * (rows[2][i] + rows[8][i]) +
                 w3 * (rows[3][i] + rows[7][i]) + w4 * (rows[4][i] + rows[6][i]) + w5 * rows[5][i];
}

// One row of a horizontal pass over interleaved colours; `padded` has radius pixels of border on both sides.
LIKENESS_VECTORIZE void weigh_columns(const float* padded, float* out, int count) {
    const float w0 = window[0], w1 = window[1], w2 = window[2], w3 = window[3], w4 = window[4], w5 = window[5];
    for (int i = 0; i < count; ++i)
        out[i] = w0 * (padded[i] + padded[i + 30]) + w1 * (padded[i + 3] + padded[i + 27]) +
                 w2 * (padded[i + 6] + padded[i + 24]) + w3 * (padded[i + 9] + padded[i + 21]) +
                 w4 * (padded[i + 12] + padded[i + 18]) + w5 * padded[i + 15];
}

LIKENESS_VECTORIZE void products(const float* x, const float* y, float* xx, float* yy, float* xy, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        xx[i] = x[i] * x[i];
        yy[i] = y[i] * y[i];
        xy[i] = x[i] * y[i];
    }
}

// SSIM of a row of samples and its derivatives by the blurred mean of x, of x^2 and of xy; the map is scaled by
// `weight` for each sample. Returns the weighted sum of SSIM.
LIKENESS_VECTORIZE float ssim_row(const float* mx, const float* my, const float* xx, const float* yy, const float* xy,
                                  const float* weight, float* by_mean, float* by_xx, float* by_xy, int count) {
    float sum = 0;
    for (int i = 0; i < count; ++i) {
        const float a = mx[i], b = my[i], w = weight[i];
        const float vx = xx[i] - a * a, vy = yy[i] - b * b, vxy = xy[i] - a * b;
        const float n1 = 2 * a * b + c1, n2 = 2 * vxy + c2, d1 = a * a + b * b + c1, d2 = vx + vy + c2;
        const float inverse = 1 / (d1 * d2), s = n1 * n2 * inverse;
        sum += w * s;
        // By the central moments: ds/dvx = -s/d2, ds/dvxy = 2 n1/(d1 d2); the mean enters through all of them.
        const float by_vx = -s / d2, by_vxy = 2 * n1 * inverse;
        by_mean[i] = w * (2 * b * n2 * inverse - 2 * a * s / d1 - 2 * a * by_vx - b * by_vxy);
        by_xx[i] = w * by_vx;
        by_xy[i] = w * by_vxy;
    }
    return sum;
}

LIKENESS_VECTORIZE void ssim_gradient_row(const float* x, const float* y, const float* by_mean, const float* by_xx,
                                          const float* by_xy, float scale, float* gradient, int count) {
    for (int i = 0; i < count; ++i) gradient[i] += scale * (by_mean[i] + 2 * x[i] * by_xx[i] + y[i] * by_xy[i]);
}

}  // namespace

// Separable, zero outside the picture. Row by row, so that what lies between the two passes stays in the cache.
void ImageLoss::blur(const std::vector<float>& image, std::vector<float>& blurred, int width, int height) {
    const int row = width * 3;
    blurred.resize(image.size());
    static const std::vector<float> zeros(1 << 17, 0.0f);  // a row of the rasterizer's largest side
    parallel_for(std::size_t(height), 32, [&](std::size_t begin, std::size_t end) {
        std::vector<float> padded(std::size_t(row + 6 * radius), 0.0f);
        for (int y = int(begin); y < int(end); ++y) {
            std::array<const float*, 11> rows;
            for (int k = -radius; k <= radius; ++k) {
                const int at = y + k;
                rows[std::size_t(k + radius)] =
                    at < 0 || at >= height ? zeros.data() : image.data() + std::ptrdiff_t(at) * row;
            }
            weigh_rows(rows, padded.data() + 3 * radius, row);
            weigh_columns(padded.data(), blurred.data() + std::ptrdiff_t(y) * row, row);
        }
    });
}

void ImageLoss::blur(std::vector<float>& image, int width, int height) {
    blur(image, temporary_, width, height);
    image.swap(temporary_);
}

LossValue ImageLoss::evaluate(const Frame& render, const LossTarget& target, const std::array<float, 3>& background,
                              const LossWeights& weights, FrameGradients& gradients) {
    const int width = render.color.width, height = render.color.height;
    const std::size_t pixels = std::size_t(width) * std::size_t(height), samples = pixels * 3;
    if (gradients.color.width != width || gradients.color.height != height || gradients.color.empty()) {
        gradients.color = Image(width, height, 3);
        gradients.alpha = Image(width, height, 1);
    }
    truth_.resize(samples);
    weight_.resize(samples);
    LossValue value;
    double total_weight = 0;
    for (std::size_t i = 0; i < pixels; ++i) total_weight += target.weight.empty() ? 1.0 : double(target.weight.pixels[i]);
    const float per_pixel = float(1.0 / std::max(total_weight, 1.0)), per_sample = per_pixel / 3;
    const std::size_t bands = std::size_t(height + 31) / 32;
    std::vector<LossValue> parts(bands);
    parallel_for(bands, 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t band = begin; band < end; ++band) {
            LossValue& part = parts[band];
            const std::size_t last = std::min(pixels, (band + 1) * 32 * std::size_t(width));
            for (std::size_t i = band * 32 * std::size_t(width); i < last; ++i) {
                const float w = target.weight.empty() ? 1.0f : target.weight.pixels[i];
                const float a = target.alpha.pixels[i], da = render.alpha.pixels[i] - a;
                part.alpha += double(w * std::abs(da));
                gradients.alpha.pixels[i] = weights.alpha * per_pixel * w * (da > 0 ? 1.0f : da < 0 ? -1.0f : 0.0f);
                for (std::size_t c = 0; c < 3; ++c) {
                    const float t = target.color.pixels[i * 3 + c] * a + background[c] * (1 - a);
                    const float d = render.color.pixels[i * 3 + c] - t;
                    truth_[i * 3 + c] = t;
                    weight_[i * 3 + c] = w;
                    part.l1 += double(w * std::abs(d));
                    part.squared += double(w * d * d);
                    gradients.color.pixels[i * 3 + c] =
                        weights.l1 * per_sample * w * (d > 0 ? 1.0f : d < 0 ? -1.0f : 0.0f);
                }
            }
        }
    });
    if (weights.dssim > 0) {
        for (auto* buffer : {&xx_, &yy_, &xy_, &by_mean_, &by_xx_, &by_xy_}) buffer->resize(samples);
        parallel_for(samples, 1 << 16, [&](std::size_t begin, std::size_t end) {
            products(&render.color.pixels[begin], &truth_[begin], &xx_[begin], &yy_[begin], &xy_[begin], end - begin);
        });
        blur(render.color.pixels, mean_x_, width, height);
        blur(truth_, mean_y_, width, height);
        for (auto* buffer : {&xx_, &yy_, &xy_}) blur(*buffer, width, height);
        const int row = width * 3;
        std::vector<double> sums(std::size_t(height), 0.0);
        parallel_for(std::size_t(height), 16, [&](std::size_t begin, std::size_t end) {
            for (std::size_t y = begin; y < end; ++y) {
                const std::size_t o = y * std::size_t(row);
                sums[y] = double(ssim_row(&mean_x_[o], &mean_y_[o], &xx_[o], &yy_[o], &xy_[o], &weight_[o], &by_mean_[o],
                                          &by_xx_[o], &by_xy_[o], row));
            }
        });
        double ssim = 0;
        for (double s : sums) ssim += s;
        value.dssim = 0.5 * (1 - ssim * double(per_sample));
        for (auto* buffer : {&by_mean_, &by_xx_, &by_xy_}) blur(*buffer, width, height);
        parallel_for(std::size_t(height), 16, [&](std::size_t begin, std::size_t end) {
            for (std::size_t y = begin; y < end; ++y) {
                const std::size_t o = y * std::size_t(row);
                ssim_gradient_row(&render.color.pixels[o], &truth_[o], &by_mean_[o], &by_xx_[o], &by_xy_[o],
                                  -0.5f * weights.dssim * per_sample, &gradients.color.pixels[o], row);
            }
        });
    }
    for (const LossValue& part : parts) {
        value.l1 += part.l1;
        value.alpha += part.alpha;
        value.squared += part.squared;
    }
    value.l1 *= double(per_sample);
    value.squared *= double(per_sample);
    value.alpha *= double(per_pixel);
    value.total = double(weights.l1) * value.l1 + double(weights.dssim) * value.dssim + double(weights.alpha) * value.alpha;
    return value;
}

}  // namespace likeness

#include "core/learning/image_loss.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <stdexcept>

#include "core/base/failure.h"
#include "core/base/parallel.h"
#include "core/base/vectorize.h"
#include "core/learning/ssim_rule.h"

namespace likeness {
namespace {

using namespace ssim_rule;

const std::array<float, 11> window = [] {
    std::array<float, 11> w{};
    float sum = 0;
    for (int i = -radius; i <= radius; ++i)
        sum += w[std::size_t(i + radius)] = std::exp(-float(i * i) / (2 * sigma * sigma));
    for (float& v : w) v /= sum;
    return w;
}();

// Adds of one kind in sixteen sums side by side, which is what a processor is quick at.
constexpr int lanes = 16;
struct Sum {
    float lane[lanes] = {};
    double total() const {
        double sum = 0;
        for (float value : lane) sum += double(value);
        return sum;
    }
};

// Calls body(i, lane) for each i below `count`; the inner loop becomes vectors.
template <class Body>
[[gnu::always_inline]] inline void each_sample(int count, const Body& body) {
    int i = 0;
    for (; i + lanes <= count; i += lanes)
#pragma GCC ivdep
        for (int k = 0; k < lanes; ++k) body(i + k, k);
    for (int k = 0; i + k < count; ++k) body(i + k, k);
}

// A row of 8-bit pixels: colors and alpha of each sample, alpha of each pixel.
LIKENESS_VECTORIZE void read_row(const unsigned char* rgba, float* color, float* sample_alpha, float* alpha, int width) {
    for (int i = 0; i < width; ++i) {
        const float a = float(rgba[4 * i + 3]) * (1.0f / 255.0f);
        for (int c = 0; c < 3; ++c) {
            color[3 * i + c] = float(rgba[4 * i + c]) * (1.0f / 255.0f);
            sample_alpha[3 * i + c] = a;
        }
        alpha[i] = a;
    }
}

// A row of the target over the background; `alpha` is of each sample. Not compiled for processors that fuse products
// and sums: a render composited in the same way must be equal to the last bit, or its differences have a sign.
void composite_row(const float* color, const float* alpha, const float* background, float* truth, int count) {
#pragma GCC ivdep
    for (int i = 0; i < count; ++i) truth[i] = color[i] * alpha[i] + background[i] * (1 - alpha[i]);
}

// The absolute differences of a row and their gradients; `weight` is of each sample.
LIKENESS_VECTORIZE void compare_row(const float* render, const float* truth, const float* weight, float scale,
                                    float* gradient, int count, Sum& l1, Sum& squared) {
    each_sample(count, [&](int i, int k) {
        const float d = render[i] - truth[i], w = weight[i];
        gradient[i] = scale * w * (d > 0 ? 1.0f : d < 0 ? -1.0f : 0.0f);
        l1.lane[k] += w * std::abs(d);
        squared.lane[k] += w * d * d;
    });
}

LIKENESS_VECTORIZE void compare_alpha_row(const float* render, const float* alpha, const float* weight, float scale,
                                          float* gradient, int count, Sum& sum) {
    each_sample(count, [&](int i, int k) {
        const float d = render[i] - alpha[i], w = weight[i];
        gradient[i] = scale * w * (d > 0 ? 1.0f : d < 0 ? -1.0f : 0.0f);
        sum.lane[k] += w * std::abs(d);
    });
}

// A value for each pixel becomes one for each sample.
LIKENESS_VECTORIZE void spread(const float* pixels, float* samples, int width) {
    for (int i = 0; i < width; ++i) samples[3 * i] = samples[3 * i + 1] = samples[3 * i + 2] = pixels[i];
}

constexpr int taps = 2 * radius + 1;
using Window = std::array<const float*, taps>;  // a row and its neighbours above and below

// Filtered along the columns: both pictures, their squares and their product.
LIKENESS_VECTORIZE void filter_moments(const Window& x, const Window& y, float* const* out, int count) {
    const std::array<float, taps> w = window;
    float *mx = out[0], *my = out[1], *xx = out[2], *yy = out[3], *xy = out[4];
#pragma GCC ivdep
    for (int i = 0; i < count; ++i) {
        float sum_x = 0, sum_y = 0, sum_xx = 0, sum_yy = 0, sum_xy = 0;
#pragma GCC unroll 11
        for (std::size_t k = 0; k < taps; ++k) {
            const float a = x[k][i], b = y[k][i], wa = w[k] * a, wb = w[k] * b;
            sum_x += wa;
            sum_y += wb;
            sum_xx += wa * a;
            sum_yy += wb * b;
            sum_xy += wa * b;
        }
        mx[i] = sum_x;
        my[i] = sum_y;
        xx[i] = sum_xx;
        yy[i] = sum_yy;
        xy[i] = sum_xy;
    }
}

LIKENESS_VECTORIZE void filter_columns(const Window& rows, float* out, int count) {
    const float w0 = window[0], w1 = window[1], w2 = window[2], w3 = window[3], w4 = window[4], w5 = window[5];
#pragma GCC ivdep
    for (int i = 0; i < count; ++i)
        out[i] = w0 * (rows[0][i] + rows[10][i]) + w1 * (rows[1][i] + rows[9][i]) + w2 * (rows[2][i] + rows[8][i]) +
                 w3 * (rows[3][i] + rows[7][i]) + w4 * (rows[4][i] + rows[6][i]) + w5 * rows[5][i];
}

// Along a row of interleaved colors; `padded` has radius pixels of border on both sides.
LIKENESS_VECTORIZE void filter_row(const float* padded, float* out, int count) {
    const float w0 = window[0], w1 = window[1], w2 = window[2], w3 = window[3], w4 = window[4], w5 = window[5];
#pragma GCC ivdep
    for (int i = 0; i < count; ++i)
        out[i] = w0 * (padded[i] + padded[i + 30]) + w1 * (padded[i + 3] + padded[i + 27]) +
                 w2 * (padded[i + 6] + padded[i + 24]) + w3 * (padded[i + 9] + padded[i + 21]) +
                 w4 * (padded[i + 12] + padded[i + 18]) + w5 * padded[i + 15];
}

// SSIM of a row of samples and its gradients with respect to the filtered x, x^2 and xy, `filtered` being of x, y, x^2,
// y^2 and xy.
LIKENESS_VECTORIZE void ssim_row(float* const* filtered, const float* weight, float* grad_mean, float* grad_square,
                                 float* grad_product, int count, Sum& sum) {
    const float *mx = filtered[0], *my = filtered[1], *xx = filtered[2], *yy = filtered[3], *xy = filtered[4];
    each_sample(count, [&](int i, int k) {
        const float a = mx[i], b = my[i], w = weight[i];
        const float vx = xx[i] - a * a, vy = yy[i] - b * b, vxy = xy[i] - a * b;
        const float n1 = 2 * a * b + c1, n2 = 2 * vxy + c2, d1 = a * a + b * b + c1, d2 = vx + vy + c2;
        const float inverse = 1 / (d1 * d2), s = n1 * n2 * inverse;
        sum.lane[k] += w * s;
        // By the central moments: ds/dvx = -s/d2, ds/dvxy = 2 n1/(d1 d2); the mean enters through all of them.
        const float grad_vx = -s / d2, grad_vxy = 2 * n1 * inverse;
        grad_mean[i] = w * (2 * b * n2 * inverse - 2 * a * s / d1 - 2 * a * grad_vx - b * grad_vxy);
        grad_square[i] = w * grad_vx;
        grad_product[i] = w * grad_vxy;
    });
}

LIKENESS_VECTORIZE void ssim_gradient_row(const float* x, const float* y, float* const* filtered, float scale,
                                          float* gradient, int count) {
    const float *grad_mean = filtered[0], *grad_square = filtered[1], *grad_product = filtered[2];
#pragma GCC ivdep
    for (int i = 0; i < count; ++i)
        gradient[i] += scale * (grad_mean[i] + 2 * x[i] * grad_square[i] + y[i] * grad_product[i]);
}

// The working rows of a band of the picture: few enough to stay in a core's cache from row to row.
constexpr std::size_t band_rows = 32, moments = 5;
struct Rows {
    static std::size_t floats(int row) { return std::size_t(row) * (2 * moments + 7) + moments * 6 * radius; }
    Rows(float* memory, int row) {
        const auto take = [&](int count) {
            float* const piece = memory;
            memory += count;
            return piece;
        };
        for (std::size_t k = 0; k < moments; ++k) {
            padded[k] = take(row + 6 * radius);
            inner[k] = padded[k] + 3 * radius;
            filtered[k] = take(row);
        }
        color = take(row);
        alpha = take(row);
        pixel_alpha = take(row);
        weight = take(row);
        background = take(row);
        pixel_weight = take(row);
        zeros = take(row);
    }
    float *padded[moments], *inner[moments], *filtered[moments];
    float *color, *alpha, *pixel_alpha, *weight, *background, *pixel_weight, *zeros;
};

// Outside the picture everything is zero.
Window window_of(const float* image, int row, int height, int y, const float* zeros) {
    Window rows;
    for (int k = 0; k < taps; ++k) {
        const int at = y + k - radius;
        rows[std::size_t(k)] = at < 0 || at >= height ? zeros : image + std::ptrdiff_t(at) * row;
    }
    return rows;
}

}  // namespace

double LossPicture::total_weight() const {
    double sum = weight.empty() ? double(width) * double(height) : 0;
    for (const float w : weight) sum += double(w);
    return std::max(sum, 1.0);
}

LossPicture loss_picture(const LossTarget& target) {
    const Image &color = target.color, &alpha = target.alpha, &weight = target.weight;
    const std::size_t pixels = std::size_t(color.width) * std::size_t(color.height);
    if (color.channels != 3 || color.pixels.size() != 3 * pixels || alpha.pixels.size() != pixels ||
        (!weight.empty() && weight.pixels.size() != pixels))
        throw std::invalid_argument("a picture to learn from has parts of different sizes");
    LossPicture picture{color.width, color.height, std::vector<unsigned char>(4 * pixels), weight.pixels};
    std::atomic<bool> finite = true;
    const auto byte = [](float v) { return static_cast<unsigned char>(v > 0 ? std::min(v, 1.0f) * 255 + 0.5f : 0); };
    parallel_for(pixels, 1 << 14, [&](std::size_t begin, std::size_t end) {
        float zero = 0;  // stays 0 unless a value is not finite
        for (std::size_t i = begin; i < end; ++i) {
            for (std::size_t c = 0; c < 3; ++c) {
                picture.rgba[4 * i + c] = byte(color.pixels[3 * i + c]);
                zero += 0 * color.pixels[3 * i + c];
            }
            picture.rgba[4 * i + 3] = byte(alpha.pixels[i]);
            zero += 0 * alpha.pixels[i] + (weight.empty() ? 0 : 0 * weight.pixels[i]);
        }
        if (zero != 0) finite = false;
    });
    if (!finite) throw NotFinite("a picture to learn from has values that are not finite");
    return picture;
}

LossValue ImageLoss::evaluate(const Frame& render, const LossPicture& target, const std::array<float, 3>& background,
                              const LossWeights& weights, FrameGradients& gradients, float scale) {
    const int width = render.color.width, height = render.color.height, row = 3 * width;
    const std::size_t pixels = std::size_t(width) * std::size_t(height), samples = pixels * 3;
    if (gradients.color.width != width || gradients.color.height != height || gradients.color.empty()) {
        gradients.color = Image(width, height, 3);
        gradients.alpha = Image(width, height, 1);
    }
    truth_.resize(samples);
    const float per_pixel = float(1.0 / target.total_weight()), per_sample = per_pixel / 3;

    const std::size_t bands = (std::size_t(height) + band_rows - 1) / band_rows, band_floats = Rows::floats(row);
    terms_.assign(bands, {});
    rows_.resize(bands * band_floats);
    // Calls body(rows, terms, y, first sample of row y) for each row of the picture, bands side by side.
    const auto each_row = [&](const auto& body) {
        parallel_for(bands, 1, [&](std::size_t begin, std::size_t end) {
            for (std::size_t band = begin; band < end; ++band) {
                const Rows rows(&rows_[band * band_floats], row);
                for (int y = int(band * band_rows); y < std::min(height, int((band + 1) * band_rows)); ++y)
                    body(rows, terms_[band], y, std::size_t(y) * std::size_t(row));
            }
        });
    };
    const auto weigh = [&](const Rows& rows, int y) {
        if (!target.weight.empty())
            spread(&target.weight[std::size_t(y) * std::size_t(width)], rows.weight, width);
    };
    parallel_for(bands, 1, [&](std::size_t begin, std::size_t end) {
        std::fill(rows_.begin() + std::ptrdiff_t(begin * band_floats),
                  rows_.begin() + std::ptrdiff_t(end * band_floats), 0.0f);
        for (std::size_t band = begin; band < end; ++band) {
            const Rows rows(&rows_[band * band_floats], row);
            for (int i = 0; i < row; ++i) rows.background[i] = background[std::size_t(i % 3)];
            std::fill_n(rows.weight, row, 1.0f);
            std::fill_n(rows.pixel_weight, width, 1.0f);
        }
    });
    each_row([&](const Rows& rows, Terms& terms, int y, std::size_t at) {
        const std::size_t pixel = std::size_t(y) * std::size_t(width);
        const float* const weight = target.weight.empty() ? rows.pixel_weight : &target.weight[pixel];
        read_row(&target.rgba[4 * pixel], rows.color, rows.alpha, rows.pixel_alpha, width);
        weigh(rows, y);
        Sum l1, squared, of_alpha;
        composite_row(rows.color, rows.alpha, rows.background, &truth_[at], row);
        compare_row(&render.color.pixels[at], &truth_[at], rows.weight, scale * weights.l1 * per_sample,
                    &gradients.color.pixels[at], row, l1, squared);
        compare_alpha_row(&render.alpha.pixels[pixel], rows.pixel_alpha, weight, scale * weights.alpha * per_pixel,
                          &gradients.alpha.pixels[pixel], width, of_alpha);
        terms.l1 += l1.total();
        terms.squared += squared.total();
        terms.alpha += of_alpha.total();
    });
    if (weights.dssim > 0) {
        for (auto* buffer : {&grad_mean_, &grad_square_, &grad_product_}) buffer->resize(samples);
        const float* const x = render.color.pixels.data();
        each_row([&](const Rows& rows, Terms& terms, int y, std::size_t at) {
            filter_moments(window_of(x, row, height, y, rows.zeros),
                           window_of(truth_.data(), row, height, y, rows.zeros), rows.inner, row);
            for (std::size_t k = 0; k < moments; ++k) filter_row(rows.padded[k], rows.filtered[k], row);
            weigh(rows, y);
            Sum ssim;
            ssim_row(rows.filtered, rows.weight, &grad_mean_[at], &grad_square_[at], &grad_product_[at], row, ssim);
            terms.dssim += ssim.total();
        });
        each_row([&](const Rows& rows, Terms&, int y, std::size_t at) {
            std::size_t k = 0;
            for (const auto* map : {&grad_mean_, &grad_square_, &grad_product_}) {
                filter_columns(window_of(map->data(), row, height, y, rows.zeros), rows.inner[k], row);
                filter_row(rows.padded[k], rows.filtered[k], row);
                ++k;
            }
            ssim_gradient_row(x + at, &truth_[at], rows.filtered, -0.5f * scale * weights.dssim * per_sample,
                              &gradients.color.pixels[at], row);
        });
    }
    LossValue value;
    double ssim = 0;
    for (const Terms& terms : terms_) {
        value.l1 += terms.l1;
        value.alpha += terms.alpha;
        value.squared += terms.squared;
        ssim += terms.dssim;
    }
    if (weights.dssim > 0) value.dssim = 0.5 * (1 - ssim * double(per_sample));
    value.l1 *= double(per_sample);
    value.squared *= double(per_sample);
    value.alpha *= double(per_pixel);
    value.weigh(weights);
    return value;
}

}  // namespace likeness

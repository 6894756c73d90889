#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/base/parallel.h"
#include "core/image/ops.h"

namespace likeness {
namespace {

// The index of the pixel at or before v, inside [0, size - 1], and how far v is behind its centre.
struct Position {
    int first, second;
    float fraction;
};

Position position(float v, int size) {
    // Clamped before the conversion: the border repeats, and huge or undefined values must not reach an int.
    const float centred = v - 0.5f;
    const auto last = static_cast<float>(size - 1);
    const float inside = centred > 0.0f ? std::min(centred, last) : 0.0f;
    const int first = std::min(static_cast<int>(inside), size - 1);
    return {first, std::min(first + 1, size - 1), inside - static_cast<float>(first)};
}

// Adds weight * the value at (x, y) to out.
void add_bilinear(const Image& image, float x, float y, float weight, bool by_alpha, float* out) {
    const Position px = position(x, image.width), py = position(y, image.height);
    const float* const corners[] = {image.at(px.first, py.first), image.at(px.second, py.first),
                                    image.at(px.first, py.second), image.at(px.second, py.second)};
    const float weights[] = {(1.0f - px.fraction) * (1.0f - py.fraction), px.fraction * (1.0f - py.fraction),
                             (1.0f - px.fraction) * py.fraction, px.fraction * py.fraction};
    const int alpha = image.channels - 1;
    for (int i = 0; i < 4; ++i) {
        const float w = weight * weights[i];
        if (by_alpha) {
            const float wa = w * corners[i][alpha];
            for (int c = 0; c < alpha; ++c) out[c] += wa * corners[i][c];
            out[alpha] += wa;
        } else {
            for (int c = 0; c <= alpha; ++c) out[c] += w * corners[i][c];
        }
    }
}

// The larger and the smaller singular value of the linear part: input pixels per output pixel.
struct Stretch {
    float larger, smaller;
};
Stretch stretch(const Affine2x3& m) {
    const double a = m[0], b = m[1], c = m[3], d = m[4];
    const double sum = a * a + b * b + c * c + d * d, determinant = a * d - b * c;
    const double root = std::sqrt(std::max(0.0, sum * sum / 4 - determinant * determinant));
    return {static_cast<float>(std::sqrt(sum / 2 + root)),
            static_cast<float>(std::sqrt(std::max(0.0, sum / 2 - root)))};
}

}  // namespace

Affine2x3 invert(const Affine2x3& m) {
    const double determinant = double(m[0]) * m[4] - double(m[1]) * m[3];
    if (!(std::abs(determinant) > 1e-30)) throw std::invalid_argument("an affine map without an inverse");
    const double a = m[4] / determinant, b = -m[1] / determinant, c = -m[3] / determinant, d = m[0] / determinant;
    return {static_cast<float>(a), static_cast<float>(b), static_cast<float>(-(a * m[2] + b * m[5])),
            static_cast<float>(c), static_cast<float>(d), static_cast<float>(-(c * m[2] + d * m[5]))};
}

Image warp_affine(const Image& image, const Affine2x3& output_to_input, int width, int height, Border border) {
    if (image.empty() || image.width < 1 || image.height < 1 || image.channels < 1 || width < 1 || height < 1)
        throw std::invalid_argument("a warp of or to an image without pixels");
    for (const float value : output_to_input)
        if (!std::isfinite(value)) throw std::invalid_argument("an affine map that is not finite");

    // A far reduction starts from a smaller picture; its remaining factor is below 2 along the shorter axis.
    const Stretch whole = stretch(output_to_input);
    if (whole.smaller >= 2.0f && image.channels <= 4 && (image.width > 1 || image.height > 1)) {
        const float factor = std::floor(whole.smaller);
        const Image smaller = resize(image, std::max(1, static_cast<int>(static_cast<float>(image.width) / factor)),
                                     std::max(1, static_cast<int>(static_cast<float>(image.height) / factor)));
        const float sx = static_cast<float>(smaller.width) / static_cast<float>(image.width);
        const float sy = static_cast<float>(smaller.height) / static_cast<float>(image.height);
        Affine2x3 m = output_to_input;
        for (std::size_t i = 0; i < 3; ++i) {
            m[i] *= sx;
            m[i + 3] *= sy;
        }
        return warp_affine(smaller, m, width, height, border);
    }

    // Samples a pixel and direction: the footprint's longest side in input pixels, 1 when the picture does not shrink.
    constexpr float most_samples = 16.0f;
    const int samples = static_cast<int>(std::clamp(std::ceil(whole.larger - 1e-3f), 1.0f, most_samples));
    const float weight = 1.0f / static_cast<float>(samples * samples);
    const bool by_alpha = image.channels == 2 || image.channels == 4;
    const Affine2x3& m = output_to_input;
    const auto right = static_cast<float>(image.width), bottom = static_cast<float>(image.height);
    Image out(width, height, image.channels);
    parallel_for(std::size_t(height), 4, [&](std::size_t begin, std::size_t end) {
        for (int y = static_cast<int>(begin); y < static_cast<int>(end); ++y)
            for (int x = 0; x < width; ++x) {
                float* const pixel = out.at(x, y);
                for (int i = 0; i < samples * samples; ++i) {
                    const float u =
                        static_cast<float>(x) + (static_cast<float>(i % samples) + 0.5f) / static_cast<float>(samples);
                    const float v =
                        static_cast<float>(y) + (static_cast<float>(i / samples) + 0.5f) / static_cast<float>(samples);
                    const float from_x = m[0] * u + m[1] * v + m[2], from_y = m[3] * u + m[4] * v + m[5];
                    if (border == Border::zero &&
                        !(from_x >= 0.0f && from_x <= right && from_y >= 0.0f && from_y <= bottom))
                        continue;
                    add_bilinear(image, from_x, from_y, weight, by_alpha, pixel);
                }
                if (by_alpha && pixel[image.channels - 1] > 0.0f)
                    for (int c = 0; c + 1 < image.channels; ++c) pixel[c] /= pixel[image.channels - 1];
            }
    });
    return out;
}

}  // namespace likeness

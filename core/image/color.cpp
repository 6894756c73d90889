#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "core/base/parallel.h"
#include "core/image/ops.h"

namespace likeness {
namespace {

// IEC 61966-2-1.
double decode(double v) { return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4); }
double encode(double v) { return v <= 0.0031308 ? v * 12.92 : 1.055 * std::pow(v, 1.0 / 2.4) - 0.055; }

constexpr int table_size = 4096;
using Table = std::array<float, table_size + 2>;

template <class Function>
Table make_table(const Function& function) {
    Table table{};
    for (int i = 0; i < table_size + 2; ++i)
        table[static_cast<std::size_t>(i)] = static_cast<float>(function(std::min(1.0, double(i) / table_size)));
    return table;
}

float clamp01(float v) { return v > 0.0f ? std::min(v, 1.0f) : 0.0f; }

float look_up(const Table& table, float v) {
    const float at = v * table_size;
    const auto i = static_cast<std::size_t>(at);
    return table[i] + (table[i + 1] - table[i]) * (at - static_cast<float>(i));
}

template <class Function>
Image each_channel(const Image& image, const Function& function) {
    if (image.width <= 0 || image.height <= 0) throw std::invalid_argument("a color conversion needs an image");
    Image out = image;
    const int colors = image.channels == 2 || image.channels == 4 ? image.channels - 1 : image.channels;
    parallel_for(std::size_t(image.height), 32, [&](std::size_t begin, std::size_t end) {
        for (std::size_t y = begin; y < end; ++y) {
            float* p = out.at(0, static_cast<int>(y));
            for (int x = 0; x < out.width; ++x, p += out.channels)
                for (int c = 0; c < colors; ++c) p[c] = function(p[c]);
        }
    });
    return out;
}

// CIE 15: the white of sRGB (D65, from its primaries) and the two branches of f.
constexpr float white_x = 0.9504559f, white_z = 1.0890578f;
constexpr float lab_epsilon = 216.0f / 24389.0f, lab_kappa = 24389.0f / 27.0f;

float lab_f(float t) { return t > lab_epsilon ? std::cbrt(t) : (lab_kappa * t + 16.0f) / 116.0f; }

}  // namespace

float srgb_to_linear(float encoded) {
    static const Table table = make_table(decode);
    return look_up(table, clamp01(encoded));
}

float linear_to_srgb(float linear) {
    // Over the root, where the curve is nearly straight; near black it is linear itself.
    static const Table table = make_table([](double root) { return encode(root * root); });
    const float v = clamp01(linear);
    return v <= 0.0031308f ? v * 12.92f : look_up(table, std::sqrt(v));
}

Image srgb_to_linear(const Image& image) {
    return each_channel(image, [](float v) { return srgb_to_linear(v); });
}
Image linear_to_srgb(const Image& image) {
    return each_channel(image, [](float v) { return linear_to_srgb(v); });
}

std::array<float, 3> srgb_to_lab(float r, float g, float b) {
    r = srgb_to_linear(r);
    g = srgb_to_linear(g);
    b = srgb_to_linear(b);
    const float x = lab_f((0.4123908f * r + 0.3575843f * g + 0.1804808f * b) / white_x);
    const float y = lab_f(0.2126390f * r + 0.7151687f * g + 0.0721923f * b);
    const float z = lab_f((0.0193308f * r + 0.1191948f * g + 0.9505322f * b) / white_z);
    return {116.0f * y - 16.0f, 500.0f * (x - y), 200.0f * (y - z)};
}

}  // namespace likeness

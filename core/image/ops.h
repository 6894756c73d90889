// What is done to pictures between loading and learning: sizes, crops, filters, sampling, colors.
// Continuous coordinates put the centre of pixel (x, y) at (x + 0.5, y + 0.5). Images of 2 or 4 channels have straight
// alpha as their last one; filters weight color by it. All functions throw std::invalid_argument on empty images,
// sizes below 1 or the wrong number of channels, and std::bad_alloc.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/image/image.h"

namespace likeness {

// Area filter where a side shrinks, Lanczos (a = 4, kept inside the input's range) where it grows.
Image resize(const Image& image, int width, int height);
// The same with the aspect kept, so that the longer side is `side`.
Image resize_longer_side(const Image& image, int side);

// The rectangle [x, x + width) x [y, y + height), which may reach outside: the border's pixels are repeated.
Image crop(const Image& image, int x, int y, int width, int height);

// sigma in pixels; 0 or less copies. Borders are mirrored.
Image gaussian_blur(const Image& image, float sigma);

enum class Border { repeat, zero };

// A row-major 2x3 matrix: (x', y') = (m0 x + m1 y + m2, m3 x + m4 y + m5), in continuous coordinates.
using Affine2x3 = std::array<float, 6>;
// The inverse. Throws std::invalid_argument when there is none.
Affine2x3 invert(const Affine2x3& matrix);
// out(p) = image(output_to_input * p), area-averaged over the output pixel's footprint when the picture shrinks, so
// that nothing aliases; bilinear otherwise.
Image warp_affine(const Image& image, const Affine2x3& output_to_input, int width, int height,
                  Border border = Border::repeat);

// RGB of an RGBA image over one color (blended as encoded); an RGB image is returned as it is.
Image composite_over(const Image& image, const std::array<float, 3>& color);

// sRGB (IEC 61966-2-1) decoding and encoding by tables, exact to 1e-6; the argument is clamped to [0, 1] (NaN to 0).
float srgb_to_linear(float encoded);
float linear_to_srgb(float linear);
// All color channels of an image (alpha stays).
Image srgb_to_linear(const Image& image);
Image linear_to_srgb(const Image& image);

// CIE L*a*b* for D65: L in [0, 100], a and b about [-128, 128].
std::array<float, 3> srgb_to_lab(float r, float g, float b);

// round(255 * value), clamped to 0..255; NaN gives 0.
inline std::uint8_t to_u8(float value) {
    return static_cast<std::uint8_t>((value > 0.0f ? (value < 1.0f ? value : 1.0f) : 0.0f) * 255.0f + 0.5f);
}
std::vector<std::uint8_t> to_u8(const Image& image);

}  // namespace likeness

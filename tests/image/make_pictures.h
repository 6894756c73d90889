// Odd picture files for the tests, made by the libraries themselves or by hand.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/image/image.h"

namespace likeness::test {

using Bytes = std::vector<std::uint8_t>;

// A smooth picture without symmetry: red grows to the right, green downwards, blue along the diagonal.
Image gradient(int width, int height, int channels = 3);

enum class JpegKind { rgb, grey, cmyk, cmyk_adobe, ycck_adobe };
struct JpegSpec {
    JpegKind kind = JpegKind::rgb;
    bool progressive = false;
    int restart_rows = 0;
    Bytes exif;  // with "Exif\0\0"
    Bytes icc;
};
// For the CMYK kinds the picture's RGB is taken as 1 - CMY with no black, stored inverted for Adobe's.
Bytes make_jpeg(const Image& rgb, const JpegSpec& spec = {});

struct PngSpec {
    int color_type = 2;  // libpng's PNG_COLOR_TYPE_*
    int bit_depth = 8;
    bool interlaced = false;
    bool transparent_palette = false;  // palette entry 0 is transparent
    Bytes icc;
    double gamma = 0.0;  // gAMA when positive
    Bytes exif;          // without "Exif\0\0"
    std::vector<std::pair<std::string, Bytes>> chunks = {};  // further ones, before the pixels
};
// Values come from the picture's channels in order; a palette picture uses the top bits of red as its index.
Bytes make_png(const Image& image, const PngSpec& spec);

Bytes make_webp(const Image& image, bool lossless);
// A WebP container with the given chunks ("ICCP", "EXIF") around a simple WebP file without alpha.
Bytes wrap_webp(const Bytes& simple, int width, int height, const Bytes& icc, const Bytes& exif);

// Bytes put together by hand, values rounded from the picture's channels (1 grey, 3 RGB, 4 RGBA).
struct TgaSpec {
    int bits = 24;         // 8, 16 (five a color), 24, 32; of the palette when indexed
    bool indexed = false;  // the palette has an entry a pixel, so at most 256 pixels
    bool packed = false;
    bool top_down = false;
    bool mirrored = false;
    bool footer = false;
    int alpha_bits = 8;  // said in the header of 32-bit pictures
};
Bytes make_tga(const Image& image, const TgaSpec& spec = {});
struct BmpSpec {
    int bits = 24;    // 1, 4, 8 (grey palettes), 16 (5-5-5), 24, 32
    int header = 40;  // 12, 40, 108, 124
    bool top_down = false;
};
Bytes make_bmp(const Image& image, const BmpSpec& spec = {});
struct PsdSpec {
    int bits = 8;  // or 16
    bool packed = false;
    bool transparent = false;  // the fourth channel is opacity, so the colors are blended with white
    Bytes icc = {}, exif = {};
};
Bytes make_psd(const Image& image, const PsdSpec& spec = {});
enum class HdrLayout { flat, packed };
// Radiance, from linear values.
Bytes make_hdr(const Image& rgb, HdrLayout layout, const std::string& first_line = "#?RADIANCE");

// A TIFF structure with orientation, FocalLength (a rational) and FocalLengthIn35mmFilm.
Bytes make_exif(int orientation, int focal_35mm, bool big_endian = false);
// RGB profile with the red and green primaries exchanged and sRGB's curve; a grey one with a plain gamma; sRGB itself.
Bytes swapped_profile();
Bytes grey_profile(double gamma);
Bytes srgb_profile();
// A CMYK profile by a table: black ink takes the lightness away, the other inks change nothing.
Bytes black_only_profile();
// Display P3's primaries and a gamma of 2.2.
Bytes wide_profile();

double largest_difference(const Image& a, const Image& b);

}  // namespace likeness::test

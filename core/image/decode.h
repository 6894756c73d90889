// Inside core/image: what the decoders hand to load_picture.
#pragma once

#include <array>
#include <csetjmp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/image/load.h"

namespace likeness::decode {

// Why a file cannot be used: `reason` follows the quoted file name ("'a.jpg' " + reason).
struct BadPicture {
    std::string reason;
    std::string detail;
};

enum class ColorModel { grey, rgb, cmyk };  // cmyk: 0 = no ink, 1 = full ink

// Colors by their primaries and curve, as PNG's cICP (ITU-T H.273) or cHRM and gAMA name them.
struct ColorSpace {
    std::array<double, 8> primaries;  // CIE x and y of white, red, green and blue
    int transfer = 0;                 // H.273's code; 0: `gamma`
    double gamma = 2.2;               // decoding exponent
};

struct Raw {
    Image pixels;  // already reduced; the model's channels, then alpha
    ColorModel model = ColorModel::rgb;
    bool alpha = false;
    int width = 0, height = 0;  // as stored, before the reduction
    int bit_depth = 8;
    // What says which colors are meant: `space` before `icc`, where both are there.
    std::optional<ColorSpace> space;
    std::vector<std::uint8_t> icc;                // empty: none
    std::vector<std::vector<std::uint8_t>> exif;  // TIFF structures; what the first says counts
    std::string xmp;                              // a packet; empty: none
    std::vector<std::string> notes;               // LoadedImage::notes
};

using Bytes = std::span<const std::uint8_t>;

// Throw BadPicture or std::bad_alloc.
Raw decode_jpeg(Bytes bytes, const LoadOptions& options);
Raw decode_png(Bytes bytes, const LoadOptions& options);
Raw decode_webp(Bytes bytes, const LoadOptions& options);
Raw decode_bmp(Bytes bytes, const LoadOptions& options);
Raw decode_psd(Bytes bytes, const LoadOptions& options);
Raw decode_tga(Bytes bytes, const LoadOptions& options);
// Linear radiance when `linear`, else clamped to [0, 1] and sRGB-encoded.
Raw decode_radiance(Bytes bytes, const LoadOptions& options, bool linear);

// Where a JPEG begins: at 0, or behind a few stray bytes of no other kind of file.
std::optional<std::size_t> jpeg_begin(Bytes bytes);
bool is_radiance(Bytes bytes);
// TGA has no signature: its header must make sense, and its footer or the file's name must say so too.
bool is_tga(Bytes bytes, const std::string& name);

// Throws BadPicture when the picture is empty or has more than options.max_pixels pixels.
void check_size(std::uint64_t width, std::uint64_t height, const LoadOptions& options);

struct Size {
    int width, height;
};
// The size after the reduction to options.max_side.
Size reduced_size(int width, int height, const LoadOptions& options);

[[noreturn]] void throw_cut_off(const std::string& detail);
[[noreturn]] void throw_damaged(const std::string& detail);

// libjpeg and libpng report errors by longjmp. Only their own frames may be jumped over: `call` must make nothing with
// a destructor. False when the library jumped.
template <class Call>
[[gnu::noinline]] bool guarded(std::jmp_buf& jump, const Call& call) {
    if (setjmp(jump) != 0) return false;
    call();
    return true;
}

}  // namespace likeness::decode

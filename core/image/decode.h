// Inside core/image: what the decoders hand to load_picture.
#pragma once

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

struct Raw {
    Image pixels;  // already reduced; the model's channels, then alpha
    ColorModel model = ColorModel::rgb;
    bool alpha = false;
    int width = 0, height = 0;  // as stored, before the reduction
    int bit_depth = 8;
    std::vector<std::uint8_t> icc;   // empty: none
    std::vector<std::uint8_t> exif;  // a TIFF structure; empty: none
    std::optional<double> gamma;     // PNG gAMA without a profile: decoding exponent
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

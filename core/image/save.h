// Pictures to files: PNG, sRGB, written by rename (never half a file).
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/base/result.h"
#include "core/image/image.h"

namespace likeness {

struct PngOptions {
    int bit_depth = 8;    // 8 or 16
    int compression = 6;  // zlib level, 0 (none) to 9
};

// 1 (grey), 2 (grey and alpha), 3 (RGB) or 4 (RGBA) channels; values are clamped to [0, 1] and rounded.
// Errors: invalid_argument (empty image, other channels, other depth), io (with the reason, e.g. a full disk).
Status save_png(const std::filesystem::path& path, const Image& image, const PngOptions& options = {});

// The bytes of such a file. Throws std::invalid_argument where save_png returns invalid_argument.
std::vector<std::uint8_t> encode_png(const Image& image, const PngOptions& options = {});

}  // namespace likeness

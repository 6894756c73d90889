// The few EXIF entries that matter here, from the TIFF structure inside JPEG, PNG and WebP.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace likeness {

struct Exif {
    int orientation = 1;  // 1..8 (TIFF 6.0, tag 274)
    std::optional<float> focal_mm;
    std::optional<float> focal_35mm;
};

// Damaged structures yield what could be read; never an error.
Exif parse_exif(std::span<const std::uint8_t> tiff);

}  // namespace likeness

// The few EXIF entries that matter here, from the TIFF structure inside JPEG, PNG and WebP; and the orientation in XMP.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace likeness {

struct Exif {
    std::optional<int> orientation;  // 1..8 (TIFF 6.0, tag 274)
    std::optional<float> focal_mm;
    std::optional<float> focal_35mm;
};

// Damaged structures yield what could be read; never an error.
Exif parse_exif(std::span<const std::uint8_t> tiff);
// tiff:Orientation of an XMP packet (XMP specification, part 2), as attribute or element.
std::optional<int> xmp_orientation(std::string_view packet);
// The TIFF structure in ImageMagick's "Raw profile type exif" of PNG texts: a name, a length and hexadecimal digits.
// Empty where it is damaged.
std::vector<std::uint8_t> raw_profile(std::string_view text);

}  // namespace likeness

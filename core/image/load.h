// Pictures from files: JPEG (baseline, progressive, grey, CMYK), PNG (all of it), WebP, BMP, PSD (the flattened
// picture, RGB of 8 or 16 bits) and Radiance HDR, told apart by their content, and TGA, which has no signature and
// needs its ending or footer. What comes out is what the photographer saw: the orientation in EXIF (also a second
// segment's, or ImageMagick's raw profile in PNG) or else in XMP applied; colors converted to sRGB by an embedded ICC
// profile, in PNG by cICP before that, and else by cHRM and gAMA; 16 bits kept. Every byte is treated as hostile; a
// file that is cut off or damaged is an error, not a half-grey picture, but for JPEG files that lack little (a tenth of
// the rows, the last scan's finest bits) or have some bytes before their beginning: browsers show those, and so do we,
// with a note.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/image/image.h"

namespace likeness {

namespace decode {
struct Raw;  // see decode.h, inside core/image
}

struct LoadOptions {
    // A picture whose longer side is larger is reduced to it while it is decoded (area filter, aspect kept). >= 1.
    int max_side = 4096;
    // A picture of more pixels is refused before memory is taken.
    std::size_t max_pixels = 100'000'000;
};

struct LoadedImage {
    Image image;             // 3 (RGB) or 4 (RGBA, straight) channels, sRGB-encoded, [0, 1]
    int original_width = 0;  // before the reduction, as displayed (orientation applied)
    int original_height = 0;
    int bit_depth = 8;               // of the file: 1 to 16 a channel
    int orientation = 1;             // the EXIF value 1..8 that was applied
    bool profile_converted = false;  // an embedded profile other than sRGB was converted
    // EXIF: the focal length that sees the same on 36 x 24 mm film (FocalLengthIn35mmFilm), in millimetres; for an
    // uncropped picture, pixels = focal_35mm * hypot(width, height) / 43.27.
    std::optional<float> focal_35mm;
    std::optional<float> focal_mm;  // EXIF FocalLength, the lens's own, in millimetres
    // What a person should know: a small part that is missing, ... A sentence each, without the file's name.
    std::vector<std::string> notes;
};

// Errors: not_found (missing), bad_input (a folder, empty, no picture of these kinds, cut off, damaged, too large),
// io, out_of_memory, invalid_argument (max_side < 1). The message is one sentence that names the file.
Result<LoadedImage> load_picture(const std::filesystem::path& path, const LoadOptions& options = {});

// The same from memory; `name` stands for the file in messages.
Result<LoadedImage> load_picture_from_memory(std::span<const std::uint8_t> bytes, const std::string& name,
                                             const LoadOptions& options = {});

// The picture alone.
Result<Image> load_image(const std::filesystem::path& path, const LoadOptions& options = {});

// A Radiance picture as light: RGB, linear, 0 and more, reduced as light; its EXPOSURE lines are not applied.
// load_picture shows it clamped to [0, 1] and sRGB-encoded. Errors as above, and bad_input for other kinds.
Result<Image> load_radiance(const std::filesystem::path& path, const LoadOptions& options = {});
Result<Image> load_radiance_from_memory(std::span<const std::uint8_t> bytes, const std::string& name,
                                        const LoadOptions& options = {});

// The kinds of pictures that are read, in the order in which a file is compared with them.
struct PictureFormat {
    const char* name;                  // "JPEG"
    std::vector<const char*> endings;  // lower case, with the dot; the usual one first
    bool (*recognises)(std::span<const std::uint8_t> bytes, const std::string& name);
    decode::Raw (*decode)(std::span<const std::uint8_t> bytes, const LoadOptions& options);
};
std::span<const PictureFormat> picture_formats();
std::string picture_names();  // "JPEG, PNG, ... or TGA"

}  // namespace likeness

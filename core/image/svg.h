// SVG pictures, drawn by librsvg in a process of its own, likeness-svg: it may read fonts and nothing else, has neither
// network nor much memory or time, and takes nothing along when it falls. What a picture refers to outside of its own
// file is left out.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "core/base/result.h"
#include "core/image/image.h"

namespace likeness {

inline constexpr std::size_t most_svg_bytes = std::size_t(16) << 20;
inline constexpr int largest_svg_side = 4096;  // pixels that one is drawn at

// By its content, or by the ending of its name.
bool is_svg(std::span<const std::uint8_t> bytes, const std::string& name);
// The same of a file's beginning; false for one that cannot be read.
bool is_svg_file(const std::filesystem::path& file);

// RGBA, straight alpha, sRGB-encoded; the longer side has `side` pixels (1 to largest_svg_side), whatever size the
// picture says it has. `name` stands for the file in messages. Errors: bad_input (no SVG, too large, it takes more
// than ten seconds or 1 GiB to draw), not_found (this program has no likeness-svg), cancelled (`stop` became true),
// invalid_argument (the side), io (no process can be started).
Result<Image> draw_svg(std::span<const std::uint8_t> bytes, const std::string& name, int side,
                       const std::atomic<bool>* stop = nullptr);
// Errors: the same, and those of read_file.
Result<Image> load_svg(const std::filesystem::path& file, int side, const std::atomic<bool>* stop = nullptr);

}  // namespace likeness

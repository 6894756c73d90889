// OpenEXR pictures of half floats, by named channels (https://openexr.com/en/latest/TechnicalIntroduction.html), on
// Debian's OpenEXR.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace likeness {

struct ExrPicture {
    int width = 0, height = 0;
    std::map<std::string, std::vector<Eigen::half>> channels;  // [height, width], rows from the top
};

// Losslessly compressed. Throws std::invalid_argument for channels of another size. Error: internal, out_of_memory.
Result<std::vector<std::uint8_t>> encode_exr(const ExrPicture& picture);

inline constexpr int largest_exr_side = 8192;         // pixels
inline constexpr std::size_t most_exr_channels = 64;  // in a file

// Reads those of `wanted` that the file has; other types than half floats are rounded. Only scan lines and tiles of one
// part; sizes are checked before memory is taken. Errors: not_found, io, bad_input (no such picture, damaged, cut off,
// too large, a value that is not finite), out_of_memory.
Result<ExrPicture> load_exr(const std::filesystem::path& path, const std::vector<std::string>& wanted);
Result<ExrPicture> load_exr_from_memory(std::vector<std::uint8_t> bytes, const std::string& name,
                                        const std::vector<std::string>& wanted);

}  // namespace likeness

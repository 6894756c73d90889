// Reads the options of custom operators: a FlexBuffers map of numbers and lists of integers
// (https://flatbuffers.dev/flexbuffers and its "internals" page). Every offset is checked.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace likeness {

using FlexValue = std::variant<std::int64_t, double, std::vector<std::int64_t>>;

// Members of other types are left out. Throws std::runtime_error when the bytes are not a map.
std::map<std::string, FlexValue> read_flexbuffer_map(std::span<const std::uint8_t> bytes);

}  // namespace likeness

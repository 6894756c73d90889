// JSON from files nobody vouches for: size, depth and number of values are bounded, repeated keys are refused, in time
// that grows with the text alone. Long recordings are read as they are parsed instead (core/motion).
// Users include <nlohmann/json.hpp> themselves.
#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "core/base/output_file.h"
#include "core/base/result.h"

namespace likeness {

struct JsonLimits {
    std::size_t max_bytes = std::size_t(16) << 20;
    int max_depth = 64;                  // nested objects and arrays
    std::size_t max_values = 1'000'000;  // and names; one takes 16 to some hundred bytes, whatever its text
};

// Errors: bad_input with one sentence that names the file (`name`), the line and column in the detail; out_of_memory.
Result<nlohmann::json> parse_json(std::string_view text, const std::string& name, const JsonLimits& limits = {});
// Errors as parse_json and read_file.
Result<nlohmann::json> load_json(const std::filesystem::path& path, const JsonLimits& limits = {});
// Indented by so many spaces; -1: in one line. Text that is not UTF-8 (a file's name) is replaced, not-a-number becomes
// null.
std::string json_text(const nlohmann::json& value, int indent = 2);
// The same as a file, see OutputFile. Errors: its.
Status save_json(const std::filesystem::path& path, const nlohmann::json& value,
                 FileAccess access = FileAccess::ordinary);

}  // namespace likeness

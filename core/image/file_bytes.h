// Whole files as bytes: every reader takes its input from here, so that a missing, empty or strange file is refused
// in the same words everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/base/output_file.h"
#include "core/base/result.h"

namespace likeness {

// The content of a regular file of 1 to `max_bytes` bytes. Errors: not_found (missing), bad_input (a folder, a device,
// empty, larger than the limit, no permission, a disk error), out_of_memory. The size is checked before memory is
// taken.
Result<std::vector<std::uint8_t>> read_file(const std::filesystem::path& path, std::size_t max_bytes);

// The size of a file that read_file would take, for readers that leave most of it on disk. Errors as read_file.
Result<std::uint64_t> readable_file_size(const std::filesystem::path& path);

// Writes `bytes` to `target`, see OutputFile. Errors: its.
Status save_file(const std::filesystem::path& target, std::span<const std::uint8_t> bytes,
                 FileAccess access = FileAccess::ordinary);

}  // namespace likeness

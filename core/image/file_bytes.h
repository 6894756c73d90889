// Whole files as bytes: every reader takes its input from here, so that a missing, empty or strange file is refused
// in the same words everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace likeness {

// The content of a regular file of 1 to `max_bytes` bytes. Errors: not_found (missing), bad_input (a folder, a device,
// empty, larger than the limit), io (no permission, a disk error), out_of_memory. The size is checked before memory is
// taken.
Result<std::vector<std::uint8_t>> read_file(const std::filesystem::path& path, std::size_t max_bytes);

// The size of a file that read_file would take, for readers that leave most of it on disk. Errors as read_file.
Result<std::uint64_t> readable_file_size(const std::filesystem::path& path);

// Creates or overwrites `path` with `bytes` (no rename: use inside write_by_rename). Error: io, with the reason.
Status write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes);

// Writes `bytes` to `target` by a temporary file and a rename. Errors name `target`, not the temporary file.
Status save_file(const std::filesystem::path& target, std::span<const std::uint8_t> bytes);

// "Cannot write 'target': reason; free some disk space and try again." from an errno value.
Error write_error(const std::filesystem::path& target, int error_number);

}  // namespace likeness

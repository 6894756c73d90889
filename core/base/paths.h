// Where the program finds its assets and keeps its files.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/result.h"

namespace likeness {

// An asset by name ("head.safetensors", "face_landmark_with_attention.tflite", ...), looked for in $LIKENESS_ASSETS,
// beside the executable (assets/), in its installation (../share/likeness) and in the build's own asset folder.
Result<std::filesystem::path> find_asset(const std::string& name);

// Writes a whole file by a temporary file beside it, flush to disk and rename: the target is either the old file
// or the whole new one, never a part. `write` gets the temporary path and returns its own errors.
template <class Write>
Status write_by_rename(const std::filesystem::path& target, Write&& write);

// The temporary name that write_by_rename uses beside `target`.
std::filesystem::path temporary_beside(const std::filesystem::path& target);
// Flushes `temporary` to disk and renames it over `target`; removes it on failure.
Status commit_file(const std::filesystem::path& temporary, const std::filesystem::path& target);

template <class Write>
Status write_by_rename(const std::filesystem::path& target, Write&& write) {
    const std::filesystem::path temporary = temporary_beside(target);
    Status written = write(temporary);
    if (!written) {
        std::error_code ignored;
        std::filesystem::remove(temporary, ignored);
        return written;
    }
    return commit_file(temporary, target);
}

}  // namespace likeness

// `likeness info` for files that are no avatars.
#pragma once

#include <filesystem>

#include "app/commands.h"
#include "core/files/file_format.h"

namespace likeness {

// What a file of splats, a motion or a picture holds, and what there is to say about it; an exit code.
int describe_file(const std::filesystem::path& file, const FileFormat& format, const CommonOptions& common);

}  // namespace likeness

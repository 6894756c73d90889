// What is shown, as splats for other viewers.
#pragma once

#include <filesystem>

#include "core/base/result.h"
#include "core/base/task.h"
#include "core/files/file_format.h"
#include "core/view/scene.h"

namespace likeness {

// Writes the posed Gaussians of the visible parts. `format` writes splats. Errors: bad_input (all parts are hidden),
// io.
Status export_splats(const Scene& scene, const FileFormat& format, const std::filesystem::path& file,
                     const WriteOptions& options, Progress& progress);

}  // namespace likeness

// What is shown, as splats for other viewers.
#pragma once

#include <filesystem>

#include "core/base/result.h"
#include "core/base/task.h"
#include "core/view/scene.h"

namespace likeness {

// Writes the posed Gaussians of the visible parts as a standard 3DGS PLY; `sh3` pads to degree 3.
// Errors: bad_input (all parts are hidden), io.
Status export_splats(const Scene& scene, const std::filesystem::path& file, bool sh3, Progress& progress);

}  // namespace likeness

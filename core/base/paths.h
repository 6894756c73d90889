// Where the program finds its assets.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/result.h"

namespace likeness {

// An asset by name ("head.safetensors", "face_landmark_with_attention.tflite", ...), looked for in $LIKENESS_ASSETS,
// beside the executable (assets/), in its installation (../share/likeness) and in the build's own asset folder.
Result<std::filesystem::path> find_asset(const std::string& name);

}  // namespace likeness

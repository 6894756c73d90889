// Where the program finds its assets, and where it may keep what it can make again.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/result.h"

namespace likeness {

// An asset by name ("head.safetensors", "face_landmark_with_attention.tflite", ...), looked for in $LIKENESS_ASSETS,
// beside the executable (assets/), in its installation (../share/likeness) and in the build's own asset folder.
Result<std::filesystem::path> find_asset(const std::string& name);

// A program or library of ours that is started or opened when it is needed ("likeness-svg"): beside the executable or
// in its installation (../lib/likeness). Empty when it is not there.
std::filesystem::path find_companion(const std::string& name);

// $LIKENESS_HOME/cache when that is set (tests), else $XDG_CACHE_HOME/likeness, else ~/.cache/likeness; empty when
// there is no home. Not made.
std::filesystem::path cache_folder();
// Where all programs of a user keep interrupted tracks of videos; empty when there is no home. Not made.
std::filesystem::path tracks_folder();

}  // namespace likeness

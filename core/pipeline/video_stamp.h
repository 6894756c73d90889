// Tells one video from another without reading all of it.
#pragma once

#include <filesystem>
#include <string>

#include "core/tracking/face_track.h"

namespace likeness {

// A file's size and a hash of its first megabyte, of a folder a hash of its files' names and sizes; empty for what
// cannot be read.
std::string stamp_of(const std::filesystem::path& video);

// Error: bad_input, a sentence that names both, where the track was made from another video.
Status track_is_of(const FaceTrack& track, const std::filesystem::path& video);

}  // namespace likeness

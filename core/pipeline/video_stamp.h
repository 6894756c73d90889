// Tells one video from another without reading all of it.
#pragma once

#include <filesystem>
#include <string>

namespace likeness {

// A file's size and a hash of its first megabyte, of a folder a hash of its files' names and sizes; empty for what
// cannot be read.
std::string stamp_of(const std::filesystem::path& video);

}  // namespace likeness

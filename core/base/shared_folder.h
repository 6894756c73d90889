// For folders in which several programs make, lock and remove files: names that nobody guesses, and whether a file that
// was opened and locked still has its name.
#pragma once

#include <fcntl.h>

#include <cstddef>
#include <filesystem>
#include <string>

namespace likeness {

inline constexpr const char* random_letters = "abcdefghijklmnopqrstuvwxyz012345";  // 32: five random bits each

// `count` (at most 256) of random_letters by the system's generator. Empty when it has none to give.
std::string random_name(std::size_t count);

// Whether `name`, taken from the folder that is open as `folder` unless absolute, is the open file and no link. Else
// another program removed or replaced it before it was locked.
bool still_named(int file, const char* name, int folder = AT_FDCWD);

// The file, open and locked for as long as it is open, or -1 when another program (or object) holds it or has just
// removed it. `flags`: O_CREAT makes it, for its owner only.
int take_lock(const std::filesystem::path& file, int flags = 0);

}  // namespace likeness

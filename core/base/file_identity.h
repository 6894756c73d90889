// Which file a name stands for, and whether it is still the one that was read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace likeness {

// The file that a write to `path` would reach: symbolic links followed, also those that lead to nothing yet; absolute.
// `path` itself where that cannot be found out (a loop of links).
std::filesystem::path resolved(const std::filesystem::path& path);

// Whether two names reach one file: by device and inode where both exist (hard links, other spellings), else by their
// resolved names.
bool same_file(const std::filesystem::path& a, const std::filesystem::path& b);

// Tells contents of a file apart without reading it. Equal stamps: nobody wrote it in between.
struct FileStamp {
    std::uint64_t inode = 0, size = 0;
    std::int64_t modified = 0;  // nanoseconds; all 0: there is no such file

    // Of what lies at `path` now.
    static FileStamp of(const std::filesystem::path& path);
    // "inode size modified", and back; all 0 from other text.
    std::string text() const;
    static FileStamp from_text(const std::string& text);
    bool exists() const { return *this != FileStamp(); }
    bool operator==(const FileStamp&) const = default;
};

}  // namespace likeness

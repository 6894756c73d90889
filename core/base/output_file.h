// A whole file written in another's place: the target is the old file or the whole new one, never a part.
//
// The new content goes to a temporary file beside the target, ".likeness-" and sixteen random characters and ".part",
// which is created exclusively, locked while its program lives, flushed to disk and renamed. Temporary files of
// programs that were killed are recognised by their name, owner and free lock, and removed by the next write in their
// folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "core/base/result.h"

namespace likeness {

// Who may read a new file. One that exists keeps its mode and owner.
enum class FileAccess {
    ordinary,  // as the user's umask says
    owner,     // its owner only (0600): it holds a person's photograph
    program,   // the program's own files: always 0600; a symbolic link in their place is replaced, not followed
};

class OutputFile {
  public:
    // Errors: invalid_argument (the target is a folder, a device, a pipe or a socket, or its name is too long), io (no
    // such folder, no permission, write-protected).
    static Result<OutputFile> create(const std::filesystem::path& target, FileAccess access = FileAccess::ordinary);
    OutputFile(OutputFile&& other) noexcept;
    OutputFile& operator=(OutputFile&&) = delete;
    ~OutputFile();  // removes the temporary file unless it was committed

    const std::filesystem::path& temporary() const { return temporary_; }
    // Appends. Error: io.
    Status write(std::span<const std::uint8_t> bytes);
    // Flushes to disk and renames; nothing more may follow. Error: io; the old file stays.
    Status commit();

  private:
    OutputFile(std::filesystem::path given, std::filesystem::path target);
    Status open(FileAccess access);
    std::filesystem::path given_, target_, temporary_;  // as named; with links followed
    int handle_ = -1;
};

// What OutputFile::create would say, leaving nothing behind.
Status check_target(const std::filesystem::path& target);

// Makes a folder and those above it that are missing, for their owner only (0700). Error: io.
Status make_private_folder(const std::filesystem::path& folder);

// "Cannot write 'target': reason; free some disk space and try again." from an errno value.
Error write_error(const std::filesystem::path& target, int error_number);

}  // namespace likeness

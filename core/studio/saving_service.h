// Saving the avatar, exporting splats.
#pragma once

#include <filesystem>

#include "core/commands/command.h"
#include "core/document/document.h"
#include "core/files/file_format.h"
#include "core/studio/jobs.h"

namespace likeness {

class Studio;

class SavingService {
  public:
    explicit SavingService(Studio& studio) : studio_(studio) {}
    void add_commands(CommandRegistry& registry);

    bool saving() const { return save_job_.running(); }
    // `force`: also over a file that another program has replaced since it was opened; else the person is asked, or it
    // is an error where nobody can be.
    Status save(const std::filesystem::path& file, bool force = false);

  private:
    Status export_as(const FileFormat& format, const std::filesystem::path& file, const WriteOptions& options);
    void saved(const Result<FileStamp>& written, std::uint64_t document, const Revision& revision,
               const std::filesystem::path& file);

    Studio& studio_;
    JobHandle save_job_;
};

}  // namespace likeness

// Opening photographs, avatars, splats and motions; closing.
#pragma once

#include <filesystem>
#include <optional>

#include "core/commands/command.h"
#include "core/document/recovery.h"
#include "core/studio/jobs.h"

namespace likeness {

class FileFormat;
class Studio;

inline constexpr const char* sample_portrait = "astronaut.png";  // an asset

class OpeningService {
  public:
    explicit OpeningService(Studio& studio) : studio_(studio) {}
    void add_commands(CommandRegistry& registry);

    // A file is on its way to being the document, which is another until then.
    bool opening() const;
    void cancel_opening();
    void cancel_turning() { turn_job_.cancel(); }
    // What a crash left; it takes the name of its document.
    void open_autosave(const Recovery& recovery);
    Status close(bool discard);
    Status turn_over();  // precondition: the document is a file of splats

  private:
    Status open(const std::filesystem::path& file, bool discard);
    void open_document(const std::filesystem::path& file, const FileFormat& format,
                       const std::optional<Recovery>& recovery);
    void opened(const std::filesystem::path& file, const std::optional<Recovery>& recovery);

    Studio& studio_;
    JobHandle open_job_, turn_job_;
};

}  // namespace likeness

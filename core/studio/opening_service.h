// Opening photographs, avatars, splats and motions; closing.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/commands/command.h"
#include "core/document/document.h"
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
    void drain();  // each frame: asks about unsaved changes once a file is read
    void cancel_turning() { turn_job_.cancel(); }
    // What a crash left; it takes the name of its document.
    void open_autosave(const Recovery& recovery);
    Status close(bool discard);
    Status turn_over();  // precondition: the document is a file of splats

  private:
    // A file that was read and is not the document yet.
    struct Read {
        std::filesystem::path file;
        std::shared_ptr<Document> document;
        std::vector<std::string> notes;
        std::optional<Recovery> recovery;
        bool asked = false;  // about the unsaved changes that it would replace
    };

    Status open(const std::filesystem::path& file, bool discard);
    void open_document(const std::filesystem::path& file, const FileFormat& format,
                       const std::optional<Recovery>& recovery, bool discard);
    void show(Read read);

    Studio& studio_;
    JobHandle open_job_, turn_job_;
    std::optional<Read> read_;
};

}  // namespace likeness

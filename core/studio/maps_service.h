// Attribute maps: baked, written for other programs and brought in again, also when another program saves the file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/avatar/avatar.h"
#include "core/base/file_identity.h"
#include "core/commands/command.h"
#include "core/studio/jobs.h"

namespace likeness {

class Studio;

class MapsService {
  public:
    explicit MapsService(Studio& studio) : studio_(studio) {}
    void add_commands(CommandRegistry& registry);
    void drain();   // each frame: looks after the watched file
    void cancel();  // another document follows

    // What a network that learns maps has made so far, to be shown in the Gaussians' place; version 0: nothing.
    const Part<AnchoredSplats>& preview() const { return preview_; }
    const std::filesystem::path& watched() const { return watch_ ? watch_->file : none_; }  // empty: none
    // A file that is the maps' when it is dropped: an EXR picture, or one that was exported or watched.
    bool takes(const std::filesystem::path& file) const;
    Status import(const std::filesystem::path& file, const std::string& map);

  private:
    struct Watch {
        std::filesystem::path file;
        std::string map;
        FileStamp known;     // that was brought in, or was there when watching began
        FileStamp seen;      // when it was last looked at
        double changed = 0;  // when `seen` became what it is
        double looked = 0;
        bool failed = false;  // what is there was tried
    };
    struct Change {
        Part<AnchoredSplats> splats;
        Part<TextureMaps> maps;
    };
    Status bake(bool neural, int side);
    Status export_to(const std::filesystem::path& file, const std::string& map);
    Status watch(const std::filesystem::path& file, const std::string& map, bool on);
    void start_import(const std::filesystem::path& file, const std::string& map, bool watched);
    std::string needs_maps() const;

    Studio& studio_;
    JobHandle bake_job_, import_job_;
    Part<AnchoredSplats> preview_;
    std::optional<Watch> watch_;
    std::vector<std::pair<std::filesystem::path, std::string>> exported_;  // and of which map
    const std::filesystem::path none_;
};

}  // namespace likeness

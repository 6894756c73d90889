// Motions: files opened by a job, and any other source of poses, played on the document.
#pragma once

#include <filesystem>

#include "core/commands/command.h"
#include "core/studio/motion_player.h"

namespace likeness {

class Studio;

class MotionService {
  public:
    explicit MotionService(Studio& studio) : studio_(studio) {}
    void add_commands(CommandRegistry& registry);

    const MotionPlayer& player() const { return player_; }
    void hide() { player_.hide(); }  // the document's own pose is shown again
    Status open(const std::filesystem::path& file);
    // `title` for people: a file's path, a camera's name. A source that moves nothing of the head is refused in words.
    void play(std::shared_ptr<const PoseSource> source, const std::string& title);
    void drain(double elapsed);  // each frame

  private:
    Studio& studio_;
    MotionPlayer player_;
};

}  // namespace likeness

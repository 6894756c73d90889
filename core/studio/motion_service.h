// Motions: opened by a job, played on the document.
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
    void drain(double elapsed);  // each frame

  private:
    Studio& studio_;
    MotionPlayer player_;
};

}  // namespace likeness

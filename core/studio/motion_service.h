// Motions: files opened by a job, and any other source of poses, played on the document.
//
// The pose shown is the document's own with what the motion drives in its place: the motion's sample and the offset
// that a person has added to that motion. An edit goes to the offset where the motion drives, else to the own pose.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>

#include "core/commands/command.h"
#include "core/motion/pose_offset.h"
#include "core/studio/motion_player.h"

namespace likeness {

class Studio;

class MotionService {
  public:
    explicit MotionService(Studio& studio) : studio_(studio) {}
    void add_commands(CommandRegistry& registry);

    const MotionPlayer& player() const { return player_; }
    void pause() { player_.pause(); }
    void close() { player_.close(); }
    Status open(const std::filesystem::path& file);
    // `title` for people: a file's path, a camera's name. A source that moves nothing of the head is refused in words.
    void play(std::shared_ptr<const PoseSource> source, const std::string& title);
    void drain(double elapsed);  // each frame
    // A picture of the scene of that version is on the screen.
    void picture_shown(std::uint64_t version);

    // All need an avatar. What is shown, and an edit of it: a slider's value is what is wanted at this moment.
    HeadPose shown() const;
    void edit_shown(const HeadPose& wanted);
    // The pose shown at a time of the recording, for any thread; empty when nothing is recorded. Needs an avatar.
    std::function<HeadPose(double seconds)> poses() const;
    // The own pose with the offset in what the motion drives, and an edit of it: "smile" is added to every sample.
    HeadPose layer() const;
    void edit_layer(const HeadPose& wanted);
    bool drives(int control) const;
    bool has_offset() const;
    const HeadPose& offset() const;  // of this motion; without controls when there is none

  private:
    Status set_offset(const Arguments& arguments);
    Status clear_offset(const Arguments& arguments);
    std::string name() const;  // of the motion, among the offsets
    HeadPose sampled() const;
    DrivenParts driven() const;
    void keep(const HeadPose& own, const HeadPose& offset);

    Studio& studio_;
    MotionPlayer player_;
    struct Asked {
        std::uint64_t version = 0;
        std::int64_t frame = 0;
    };
    std::deque<Asked> asked_;  // scenes of the last frames
};

}  // namespace likeness

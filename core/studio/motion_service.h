// Motions: files opened by a job, and any other source of poses, played on the document.
//
// A motion is retargeted as the document has it (MotionEdit) and made with this face (playback_match.h). A person's
// offset comes after that. The pose shown is the document's own with what the motion drives in its place. An edit goes
// to the offset where the motion drives, else to the own pose.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <memory>

#include "core/avatar/rest_surface.h"
#include "core/commands/command.h"
#include "core/document/motion_edits.h"
#include "core/motion/pose_offset.h"
#include "core/pipeline/playback_match.h"
#include "core/studio/motion_player.h"

namespace likeness {

class Studio;

// `tracked` ones are of somebody else's face and begin relative to its neutral; `keys` are the document's KeyPoses,
// which nothing changes.
enum class MotionKind { curves, tracked, keys };

class MotionService {
  public:
    explicit MotionService(Studio& studio) : studio_(studio) {}
    void add_commands(CommandRegistry& registry);

    const MotionPlayer& player() const { return player_; }
    void pause() { player_.pause(); }
    void start() { player_.play(); }
    void close();
    // Also what DriverService opens.
    Status open(const std::filesystem::path& file);
    // `title` for people: a file's path, a camera's name. A source that moves nothing of the head is refused in words.
    // `neutral`: of the source's names; found in a recording when it is needed and not given.
    void play(std::shared_ptr<const PoseSource> source, const std::string& title, MotionKind kind = MotionKind::curves,
              std::optional<PoseSample> neutral = {});
    // The motion that is open, made anew of its file: time and playing stay.
    void exchange(std::shared_ptr<const PoseSource> source);
    // The same for a neutral that is better known than before; one that a person set goes before it.
    void found_neutral(PoseSample neutral);
    void seek(double seconds) { player_.seek(seconds); }
    void drain(double elapsed);  // each frame
    void refresh();              // the document changed
    // A picture of the scene of that version is on the screen.
    void picture_shown(std::uint64_t version);

    // As it was opened, before retargeting; null without a motion.
    const std::shared_ptr<const PoseSource>& recorded() const { return recorded_; }
    MotionKind kind() const { return kind_; }
    std::string name() const;  // of the motion, in the document
    const MotionEdit& edit() const;
    RetargetOptions options() const;  // of the motion; those that it begins with until they are changed

    // Poses as they were shown while motion.record was on, at seconds from its beginning.
    struct Take {
        std::vector<std::pair<double, HeadPose>> poses;
        DrivenParts driven;
        bool running = false;
        double since = 0;
    };
    const Take& take() const { return take_; }
    void record(bool on);

    // All need an avatar. What is shown, and an edit of it: a slider's value is what is wanted at this moment.
    HeadPose shown() const;
    void edit_shown(const HeadPose& wanted);
    // The pose shown at a time after the in point, for any thread; empty when nothing is recorded. Needs an avatar.
    // `own_values`: as the motion has it, not made with this face.
    std::function<HeadPose(double seconds)> poses(bool own_values = false) const;
    std::string face() const;  // face_stamp() of the avatar
    // The own pose with the offset in what the motion drives, and an edit of it: "smile" is added to every sample.
    HeadPose layer() const;
    void edit_layer(const HeadPose& wanted);
    bool drives(int control) const;
    bool has_offset() const;
    const HeadPose& offset() const;  // of this motion; without controls when there is none
    DrivenParts driven() const;

    // ---- for commands ----
    void change_edit(const std::function<void(MotionEdit&)>& change);  // of the open motion
    void play_keys();
    double playhead() const;  // of the motion; 0 without one, and of a live one

  private:
    Status set_offset(const Arguments& arguments);
    Status clear_offset(const Arguments& arguments);
    HeadPose sampled() const;
    void keep(const HeadPose& own, const HeadPose& offset);
    std::shared_ptr<const PoseSource> made() const;
    std::shared_ptr<const ExpressionMatch> match() const;  // null where the values are for this face
    void know_face() const;

    Studio& studio_;
    MotionPlayer player_;
    std::shared_ptr<const PoseSource> recorded_;
    MotionKind kind_ = MotionKind::curves;
    std::optional<PoseSample> neutral_;  // found in the recording
    bool neutral_sought_ = false;
    std::shared_ptr<const PoseSource> made_of_;  // what the player's source was made of
    RetargetOptions made_options_;
    std::optional<KeptNeutral> made_neutral_;
    std::uint64_t made_keys_ = 0;
    mutable std::shared_ptr<const ExpressionMatch> match_;
    mutable std::shared_ptr<const RestSurface> match_of_;
    mutable std::string face_;  // of that surface
    // What sampled() found last, as panels and viewport ask for it several times a frame.
    struct Sampled {
        std::uint64_t looks = 0, own = 0;
        std::shared_ptr<const ExpressionMatch> match;
        HeadPose pose;
    };
    mutable std::optional<Sampled> sampled_;
    struct Asked {
        std::uint64_t version = 0;
        std::int64_t frame = 0;
    };
    std::deque<Asked> asked_;  // scenes of the last frames
    Take take_;
};

}  // namespace likeness

// Somebody's video drives the avatar: tracked by a job, then played as a motion; its pictures beside it.
//
// A .track of the video that lies beside it (NAME.track or NAME.mp4.track) is taken instead of tracking again. A .track
// that is opened itself brings its pictures when its video lies beside it.
//
// While a video is tracked the avatar already does what the tracker looks at, roughly (LiveDriver); the finished track
// takes over at the same moment of the video.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/commands/command.h"
#include "core/motion/motion_track.h"
#include "core/pipeline/live_driver.h"
#include "core/pipeline/track_options.h"
#include "core/studio/jobs.h"
#include "core/studio/live_neutral.h"
#include "core/studio/video_pictures.h"
#include "core/tracking/face_track.h"

namespace likeness {

class Studio;

// What file dialogs offer: "*.mp4", ...
std::vector<std::string> video_patterns();
std::vector<std::string> motion_patterns();  // recordings and videos

// The driver of the motion that is open.
struct Driving {
    std::filesystem::path file;   // as it was opened
    std::filesystem::path video;  // whose pictures can be shown; empty when it is not there
    std::shared_ptr<const FaceTrack> tracked;  // as it was opened ...
    std::shared_ptr<const FaceTrack> track;    // ... and with the frames that a person had fitted again
    MotionTrack motion;                       // of all tracked frames
    double begin = 0;                         // seconds in the video where the motion begins
    std::unique_ptr<VideoPictures> pictures;  // null without a video

    double end() const { return begin + motion.duration(); }
    // Which frame of the track is shown at a time of the motion.
    int frame_at(double motion_seconds) const;
    double motion_seconds(int frame) const;  // may lie outside the motion
};

class DriverService {
  public:
    explicit DriverService(Studio& studio) : studio_(studio) {}
    void add_commands(CommandRegistry& registry);

    // A video, a folder of pictures or a .track: what open() is for.
    static bool drives(const std::filesystem::path& file);
    // `anew`: tracked although a .track lies beside it. Also takes a single picture. While an avatar is being opened it
    // waits for that.
    Status open(const std::filesystem::path& file, bool anew = false);
    void drain();    // each frame
    void refresh();  // the document changed: perhaps which frames count

    const Driving* driving() const { return driving_.get(); }  // null when another motion is open, or none
    // A video is being looked at by a job.
    bool tracking() const { return job_.running(); }
    const JobHandle& job() const { return job_; }
    const std::filesystem::path& tracked_file() const { return tracked_; }
    TrackPreview preview() const { return newest_ ? newest_->get() : TrackPreview{}; }  // of its newest frame
    // The avatar is driven roughly by what is tracked so far.
    bool provisional() const;

  private:
    struct Tracked;
    class Newest {  // set by the thread that tracks
      public:
        void set(TrackPreview preview) {
            const std::lock_guard lock(mutex_);
            preview_ = std::move(preview);
        }
        void set(std::shared_ptr<const LiveDriver> driver) {
            const std::lock_guard lock(mutex_);
            driver_ = std::move(driver);
        }
        std::shared_ptr<const LiveDriver> driver() const {
            const std::lock_guard lock(mutex_);
            return driver_;
        }
        TrackPreview get() const {
            const std::lock_guard lock(mutex_);
            return preview_;
        }

      private:
        mutable std::mutex mutex_;
        TrackPreview preview_;
        std::shared_ptr<const LiveDriver> driver_;
    };
    void begin(const std::filesystem::path& file, bool anew);
    void show(const std::filesystem::path& file, Tracked tracked);
    Status save_track(const std::filesystem::path& file) const;
    void drive_provisionally();
    void end_provisional();
    void fit_again();
    void remake();
    Result<std::vector<std::array<int, 2>>> frames_of(const Arguments& arguments) const;
    Status drop(const Arguments& arguments, bool out);
    Status refit(const Arguments& arguments);

    Studio& studio_;
    JobHandle job_;
    std::filesystem::path tracked_;
    std::shared_ptr<Newest> newest_;
    std::optional<std::pair<std::filesystem::path, bool>> waiting_;  // for an avatar
    std::unique_ptr<Driving> driving_;
    std::vector<std::array<int, 2>> dropped_;   // that the motion is made without
    std::vector<std::array<int, 2>> refitted_;  // that driving_->track is made with, or will be
    JobHandle fitting_again_;
    std::shared_ptr<const LiveDriver> provisional_;
    LiveNeutral provisional_neutral_;
    std::uint64_t provisional_arrived_ = 0;
    std::shared_ptr<const PoseSource> source_;  // that it plays as
};

}  // namespace likeness

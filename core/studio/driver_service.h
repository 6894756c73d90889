// Somebody's video drives the avatar: tracked by a job, then played as a motion; its pictures beside it.
//
// A .track of the video that lies beside it (NAME.track or NAME.mp4.track) is taken instead of tracking again. A .track
// that is opened itself brings its pictures when its video lies beside it.
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
#include "core/pipeline/track_options.h"
#include "core/studio/jobs.h"
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
    std::shared_ptr<const FaceTrack> track;
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

  private:
    struct Tracked;
    class Newest {  // set by the thread that tracks
      public:
        void set(TrackPreview preview) {
            const std::lock_guard lock(mutex_);
            preview_ = std::move(preview);
        }
        TrackPreview get() const {
            const std::lock_guard lock(mutex_);
            return preview_;
        }

      private:
        mutable std::mutex mutex_;
        TrackPreview preview_;
    };
    void begin(const std::filesystem::path& file, bool anew);
    void show(const std::filesystem::path& file, Tracked tracked);
    Status save_track(const std::filesystem::path& file) const;
    Status drop(const Arguments& arguments, bool out);

    Studio& studio_;
    JobHandle job_;
    std::filesystem::path tracked_;
    std::shared_ptr<Newest> newest_;
    std::optional<std::pair<std::filesystem::path, bool>> waiting_;  // for an avatar
    std::unique_ptr<Driving> driving_;
    std::vector<std::array<int, 2>> dropped_;   // that the motion is made without
    std::shared_ptr<const PoseSource> source_;  // that it plays as
};

}  // namespace likeness

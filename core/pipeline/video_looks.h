// A video looked through: landmarks of one face, points on clothes, cuts. What a track is solved from.
//
// Three chains run side by side: the face is followed from frame to frame by one look each, the clothes' points by
// optical flow; the other looks at each frame depend on nothing but the first and are shared out to threads.
#pragma once

#include <deque>
#include <vector>

#include "core/pipeline/portrait.h"
#include "core/pipeline/track_options.h"
#include "core/tracking/face_track.h"
#include "core/tracking/torso_follower.h"
#include "core/vision/clothes_points.h"
#include "core/vision/face_watcher.h"

namespace likeness {

class LooksLock;  // kept_looks.h

struct SeenFrame {
    double seconds = 0;
    bool cut = false, anew = false, face = false;
    LandmarkPoints points = no_landmarks();
    std::vector<TorsoPoint> torso;
    std::vector<std::uint8_t> colors;  // at the landmarks, 3 each; empty without a face
};

struct VideoLooks {
    int width = 0, height = 0;        // of the part that counts, pixels ...
    Eigen::Vector2i origin = {0, 0};  // ... and its upper left corner
    double rate = 0;                  // frames a second that were looked at
    std::deque<SeenFrame> frames;     // one or more
    std::vector<std::string> notes;   // the source's, if it was read to its end
    // After the last of these frames: for keep_looks.
    FaceWatcher::Memory face = {};
    ClothesPoints::Memory clothes = {};
    bool clothes_sought = false;
};

// Of a frame in which a face was seen there, or none.
TrackPreview preview_of(const Image& frame, const LandmarkPoints* points, std::size_t number, double seconds);

// Progress goes from 0 to 1. Errors: open_frames', bad_input (no frame in this stretch), invalid_argument. Cancelled
// keeps what was seen (TrackOptions::keep_in); forget_looks removes it.
Result<VideoLooks> look_through(PortraitTools& tools, const std::filesystem::path& video, const TrackOptions& options,
                                Progress& progress);

// What is kept of this video is this program's until the lock goes. Waits some seconds for who is ending. Nothing:
// another program looks at the same video, or nothing can be kept there.
std::optional<LooksLock> lock_looks(const PortraitTools& tools, const std::filesystem::path& video,
                                    const TrackOptions& options, Progress& progress);

// Keeps what was seen where something later was cancelled.
void keep_looks(const PortraitTools& tools, const std::filesystem::path& video, const TrackOptions& options,
                VideoLooks looks);

// What is kept of this video with these options, once it is not needed any more.
void forget_looks(const PortraitTools& tools, const std::filesystem::path& video, const TrackOptions& options);

}  // namespace likeness

// How a video is tracked.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>

#include "core/image/image.h"
#include "core/tracking/landmark_solver.h"

namespace likeness {

// The newest frame while a video is looked through, for people to see.
struct TrackPreview {
    std::shared_ptr<const Image> picture;          // 480 pixels or less on its longer side
    std::optional<LandmarkPoints> landmarks = {};  // pixels of the picture; none: no face
    std::size_t number = 0;                        // of the frame among those that are tracked
    double seconds = 0;                            // in the video
    bool begins = false;                           // since the preview before, a shot or a face began anew
};

struct TrackOptions {
    int face = 0;                                                     // where the video begins, largest first
    int step = 1;                                                     // every how manieth frame
    double begin = 0, end = std::numeric_limits<double>::infinity();  // seconds
    std::optional<std::array<int, 4>> crop = {};  // left, top, width, height of the part that counts, pixels
    int looks = 9;                                // at a face, of which the landmarks are the mean; 2 are quick
    int threads = 0;  // that look at frames side by side; 0: one a processor. The result is the same
    // Called some ten times a second, on the thread that tracks.
    std::function<void(const TrackPreview&)> preview = {};
    // Folder for what was seen until tracking was cancelled: the same video with the same options goes on from there.
    // It is made when needed, for its owner only. Empty: nothing is kept.
    std::filesystem::path keep_in = {};
};

}  // namespace likeness

// Frames of a track whose fit is bad: found, fitted again.
#pragma once

#include <span>

#include "core/base/task.h"
#include "core/tracking/face_track.h"

namespace likeness {

// Errors above it are far above the person's own: 1.8 times the median of the tracked frames; 0 without any.
float doubtful_error(const FaceTrack& track);
// The tracked frames whose error is above that. Ascending.
std::vector<std::size_t> doubtful_frames(const FaceTrack& track);

// Solves frames again from the tracked ones next to them in their shot, on either side, and takes the better fit; a
// tracked frame keeps its own where that is better still. Dropped frames, and those taken for another person, come back
// so; without landmarks or a neighbour nothing is done. How many were changed. Errors: invalid_argument (the track was
// made with another head).
Result<std::size_t> refit_frames(const HeadModel& model, FaceTrack& track, std::span<const std::size_t> frames,
                                 Progress& progress);

// Gives all frames that are not tracked the pose and view of the last one that is, or of the first where none was
// before.
void hold_untracked(FaceTrack& track);

}  // namespace likeness

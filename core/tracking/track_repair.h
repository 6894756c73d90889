// Frames of a track whose fit is bad: found, left out, fitted again.
#pragma once

#include <span>

#include "core/base/task.h"
#include "core/tracking/face_track.h"

namespace likeness {

// Those of the tracked frames whose error is far above the person's own: 1.8 times the median and more. Ascending.
std::vector<std::size_t> doubtful_frames(const FaceTrack& track);

// Leaves tracked frames out: they become `dropped`. Numbers outside the track are passed over. How many were dropped.
std::size_t drop_frames(FaceTrack& track, std::span<const std::size_t> frames);

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

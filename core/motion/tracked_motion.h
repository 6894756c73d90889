// What a person does in a tracked video, as a motion for any head with these controls.
#pragma once

#include "core/motion/motion_track.h"
#include "core/tracking/face_track.h"

namespace likeness {

// Expressions, and the head's rotation against the torso (the track's joints "neck" and "head" together). Frames that
// were not tracked lie between those around them where these are half a second apart or less and in one shot, else they
// show the last one that was; those before the first are left out, and time begins there. Empty when nothing was
// tracked.
MotionTrack motion_of(const FaceTrack& track);

}  // namespace likeness

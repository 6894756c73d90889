// The pictures of a tracked video, as another head of the same person does them: an avatar's own.
#pragma once

#include <vector>

#include "core/tracking/face_track.h"

namespace likeness::bench {

struct DrivenFrame {
    bool tracked = false;  // else as in the frame before
    HeadPose pose;         // the head on its torso
    Camera camera;         // of the whole frame
};

// Expression and head are fitted to each frame's landmarks with the head's own shape, from `start`, its fit in the
// first frame; the torso moves from where that fit has it as the track's torso moves, in the picture as in depth. Each
// shot begins with the torso as its own first fit has it. `person` is a head of `model`.
std::vector<DrivenFrame> drive(const HeadModel& model, const PersonalHead& person, const HeadFit& start,
                               const FaceTrack& track);

}  // namespace likeness::bench

// What a person does in a tracked video, as a motion for any head with these controls.
#pragma once

#include <memory>

#include "core/motion/motion_track.h"
#include "core/tracking/face_track.h"

namespace likeness {

class HeadRegistry;

// Reads one person's frames. Use from one thread at a time.
class TrackedPerson {
  public:
    // `track`: who, and the names of the frames' controls and joints; its frames are not used. Faces' shapes are read
    // where the model is the one that was tracked with and can be measured; null: they are not.
    TrackedPerson(const FaceTrack& track, const HeadModel* model);

    // Expression, neck and head against the torso, the body against where the torso is at rest; `camera`: the frame's.
    PoseSample sample(const TrackedFrame& frame, const Camera& camera, const Eigen::Matrix4f& torso_at_rest) const;
    // The face without expression.
    const FaceShape& rest() const { return rest_; }

  private:
    const std::vector<std::string> controls_, joints_;
    std::unique_ptr<const FaceRuler> ruler_;
    FaceShape rest_;
};

// The head that it was tracked with; null when that is not known here.
std::shared_ptr<const HeadModel> tracked_head(const FaceTrack& track, HeadRegistry& heads);

// Frames that were not tracked lie between those around them where these are half a second apart or less and in one
// shot, else they show the last one that was; those before the first are left out, and time begins there. Bodies are at
// rest in every shot by itself. Empty when nothing was tracked. `model`: see TrackedPerson.
MotionTrack motion_of(const FaceTrack& track, const HeadModel* model);

}  // namespace likeness

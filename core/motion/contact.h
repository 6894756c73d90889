// Closed is closed: lids and lips that meet in the picture of whoever drives meet on the avatar, whose own may be formed
// otherwise.
#pragma once

#include "core/motion/pose_source.h"

namespace likeness {

// Use from one thread at a time.
class ContactKeeper {
  public:
    // Of a head with MediaPipe's landmarks; of others keep() changes nothing.
    ContactKeeper(const HeadModel& model, const PersonalHead& person);

    // Changes blinks, jaw and lips of `pose` so that what is nearly closed at the source is so here. Without `apart`
    // it is what the same pose does on the head model itself.
    void keep(const std::optional<Apart>& apart, HeadPose& pose) const;

    // How far they are apart on this head.
    Apart of(const HeadPose& pose) const;

  private:
    struct Side {
        HeadModel model;  // of the few vertices
        PersonalHead person;
        Apart open;  // lids' distances at rest, over the irises'; lips unused
    };
    static Apart distances(const Side& side, const HeadPose& pose);
};

}  // namespace likeness

// What the first seconds of a live driver have for its neutral face, until a person calibrates.
#pragma once

#include <optional>

#include "core/pipeline/live_driver.h"

namespace likeness {

class LiveNeutral {
  public:
    // After each new pose. A neutral, when a better one than before can be told: after some poses, and again when there
    // are more. Poses of the mean head, before the person is known, count apart from those after that.
    std::optional<PoseSample> next(const LiveDriver& driver);

  private:
    MotionTrack seen_;
    bool known_ = false;
};

}  // namespace likeness

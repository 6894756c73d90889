// What the trainer hands to a viewer: the Gaussians as an immutable part, published by swapping a pointer.
#pragma once

#include <memory>
#include <mutex>

#include "core/avatar/avatar.h"
#include "core/base/stage_time.h"

namespace likeness {

struct AvatarSnapshot {
    Part<AnchoredSplats> splats;
    int step = 0;
    double loss = 0, psnr = 0;
    std::vector<StageTime> stages;  // of a step before; empty when not measured
};

// The mutex is held for the pointer swap and nothing else.
class SnapshotSlot {
  public:
    void publish(std::shared_ptr<const AvatarSnapshot> snapshot) {
        std::lock_guard lock(mutex_);
        snapshot_.swap(snapshot);
    }
    std::shared_ptr<const AvatarSnapshot> latest() const {
        std::lock_guard lock(mutex_);
        return snapshot_;
    }

  private:
    mutable std::mutex mutex_;
    std::shared_ptr<const AvatarSnapshot> snapshot_;
};

}  // namespace likeness

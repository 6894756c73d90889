// A training run that another thread may pause, stop and look at.
#pragma once

#include <memory>
#include <mutex>

#include "core/learning/trainer.h"

namespace likeness {

// Shared by two threads: one may pause, stop and look before the other began to train.
class TrainingSession {
  public:
    // On the trainer's thread; the arguments are Trainer's. Throws Cancelled after latest() holds the last state.
    TrainerReport run(const Avatar& avatar, std::shared_ptr<const PhotoEvidence> evidence,
                      const TrainerOptions& options, std::unique_ptr<TrainingEngine> engine, Progress& progress);

    // From any thread.
    void pause();
    void resume();
    void stop();
    std::shared_ptr<const AvatarSnapshot> latest() const;

  private:
    mutable std::mutex mutex_;
    Trainer* trainer_ = nullptr;  // while it runs
    bool paused_ = false, stopped_ = false;
    std::shared_ptr<const AvatarSnapshot> last_;  // after it ended
};

}  // namespace likeness

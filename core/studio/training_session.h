// A training run as the window sees it: which state, how far, the curve so far; and the strings to pull.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/learning/trainer.h"

namespace likeness {

enum class TrainingState { none, running, paused, stopping, finished, failed };

struct TrainingSample {
    int step = 0;
    double seconds = 0, loss = 0, psnr = 0;
    std::size_t gaussians = 0;
};

struct TrainingStatus {
    TrainingState state = TrainingState::none;
    TrainerOptions options;  // of the run; before the first one, of the next
    int step = 0;
    double seconds = 0, steps_per_second = 0;
    std::optional<double> seconds_left;
    std::vector<TrainingSample> curve;  // one a snapshot that was seen
    std::optional<Error> problem;       // why it stopped early
    std::string device;
    std::vector<StageTime> stages;  // of a step not long ago; empty when not measured
};

// Shared by the window's thread and the trainer's: the former may pause, stop and look before the latter began.
class TrainingSession {
  public:
    // On the trainer's thread; the arguments are Trainer's. Throws Cancelled after latest() holds the last state.
    TrainerReport run(const Avatar& avatar, std::shared_ptr<const PhotoEvidence> evidence, const TrainerOptions& options,
                      std::unique_ptr<TrainingEngine> engine, Progress& progress);

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

// A training run as the window sees it: which state, how far, the curve so far.
#pragma once

#include <optional>
#include <string>
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

}  // namespace likeness

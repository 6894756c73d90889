// Refines a seeded avatar against its photograph, on the caller's thread (a Task gives it one).
//
// Views: the photograph itself; its mirror image, for what only the other side shows; the photograph laid on the surface
// and seen from the side, so that what looks right from the front does not fall apart there; and views from the side in
// which only the outline counts, so that the surface stays closed and nothing floats. Resolution rises with the steps;
// Gaussians are added where the picture is worst and taken away where they do nothing.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <optional>

#include "core/avatar/photo.h"
#include "core/base/result.h"
#include "core/base/task.h"
#include "core/learning/snapshot.h"
#include "core/learning/trainer_options.h"
#include "core/learning/training_engine.h"
#include "core/learning/training_views.h"

namespace likeness {

struct TrainerReport {
    int steps = 0;
    double seconds = 0, steps_per_second = 0, psnr = 0;
    std::size_t gaussians = 0;
    std::string device;
    // Out of memory, a device that failed, a value that was not finite: the last good state was kept.
    std::optional<Error> stopped_early;
    bool log_complete = true;  // TrainerOptions::log could be written
};

class Trainer {
  public:
    // `avatar` is prepared and seeded, its identity as it was fitted (no IdentityChange).
    // `modules` of the engine's kind: terms of the loss and groups of one's own, learned beside the Gaussians.
    Trainer(Avatar avatar, std::shared_ptr<const PhotoEvidence> evidence, TrainerOptions options,
            std::unique_ptr<TrainingEngine> engine, TrainingModules modules = {});

    // Trains; throws Cancelled after avatar() holds the last state.
    TrainerReport run(Progress& progress);
    // As it was given, then, after run(), with the Gaussians that were learned.
    const Avatar& avatar() const { return avatar_; }

    // From any thread. A paused trainer waits between two steps.
    void pause();
    void resume();
    void stop();  // ends after the step in hand, as if all steps were done
    const SnapshotSlot& snapshots() const { return slot_; }

  private:
    void make_views(int resolution);
    void weigh_gaussians();
    void densify(std::uint64_t round);
    void wait_while_paused(Progress& progress);

    Avatar avatar_;
    std::shared_ptr<const PhotoEvidence> evidence_;
    TrainerOptions options_;
    std::unique_ptr<TrainingEngine> engine_;
    TrainingModules modules_;
    SnapshotSlot slot_;
    std::unique_ptr<Unprojection> projection_;
    // Of the engine's views by their numbers: source, mirrored source, turned views, outlines.
    std::vector<Learners> learners_;
    static constexpr int first_turned = 2;
    int first_outline_ = 0;
    bool mirrored_ = false;  // the mirrored source has something to teach
    std::mutex mutex_;
    std::condition_variable wake_;
    bool paused_ = false;
    std::atomic<bool> stopped_ = false;
};

}  // namespace likeness

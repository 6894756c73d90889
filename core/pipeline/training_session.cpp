#include "core/pipeline/training_session.h"

namespace likeness {

TrainerReport TrainingSession::run(const Avatar& avatar, std::shared_ptr<const PhotoEvidence> evidence,
                                   const TrainerOptions& options, std::unique_ptr<TrainingEngine> engine,
                                   Progress& progress) {
    Trainer trainer(avatar, std::move(evidence), options, std::move(engine));
    {
        std::lock_guard lock(mutex_);
        trainer_ = &trainer;
        if (paused_) trainer.pause();
        if (stopped_) trainer.stop();
    }
    const auto leave = [&] {
        // What the trainer kept is newer than its last snapshot when it was cancelled.
        auto last = std::make_shared<AvatarSnapshot>();
        if (const auto seen = trainer.snapshots().latest()) {
            last->loss = seen->loss;
            last->psnr = seen->psnr;
            last->step = seen->step;
        }
        last->splats = trainer.avatar().splats;
        std::lock_guard lock(mutex_);
        trainer_ = nullptr;
        last_ = std::move(last);
    };
    try {
        TrainerReport report = trainer.run(progress);
        leave();
        return report;
    } catch (...) {
        leave();
        throw;
    }
}

void TrainingSession::pause() {
    std::lock_guard lock(mutex_);
    paused_ = true;
    if (trainer_) trainer_->pause();
}

void TrainingSession::resume() {
    std::lock_guard lock(mutex_);
    paused_ = false;
    if (trainer_) trainer_->resume();
}

void TrainingSession::stop() {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    if (trainer_) trainer_->stop();
}

std::shared_ptr<const AvatarSnapshot> TrainingSession::latest() const {
    std::lock_guard lock(mutex_);
    if (trainer_) return trainer_->snapshots().latest();
    return last_;
}

}  // namespace likeness

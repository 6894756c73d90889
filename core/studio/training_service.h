// From a photograph to an avatar that learns: preparing, training, its snapshots and its strings.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/commands/command.h"
#include "core/document/document.h"
#include "core/pipeline/portrait_sketch.h"
#include "core/pipeline/training_session.h"
#include "core/studio/jobs.h"
#include "core/studio/training_status.h"

namespace likeness {

class Studio;

class TrainingService {
  public:
    explicit TrainingService(Studio& studio);
    void add_commands(CommandRegistry& registry);

    const TrainingStatus& status() const { return status_; }
    const TrainerOptions& next() const { return next_; }  // of the next training

    // What is known of the photograph that is being prepared; null before and after.
    const std::shared_ptr<const PortraitSketch>& sketch() const { return sketch_; }

    // Makes an avatar of a face of the document's photograph; training follows.
    void prepare(std::shared_ptr<const SourcePhotograph> source, int face);
    void drain(double elapsed);  // each frame: takes the newest snapshot
    void begin_document();       // another document is open
    void cancel();               // drops what goes on
    void end();                  // the program ends: trainers end after the step in hand

  private:
    struct Prepared;
    Document& document();
    const Document& document() const;
    Status prepare_face(int face);  // another face of the photograph, or the same again
    Status make_anyway();           // of what was no face for sure
    void prepare_again(std::shared_ptr<const SourcePhotograph> source, int face);
    void prepared(const Prepared& opened);
    void restore_photograph();  // of an avatar from a file; training follows
    Status start();
    std::string unavailable() const;        // why not now; empty when it can start
    Status steer(const std::string& what);  // pause, resume, stop
    Status set(const TrainerOption& option, double value);  // of the next training
    void take_snapshot();
    void follow(double elapsed);
    void ended(const Status& status, const std::optional<TrainerReport>& report);

    Studio& studio_;
    TrainingStatus status_;
    TrainerOptions next_;
    std::shared_ptr<TrainingSession> session_;
    std::weak_ptr<const PhotoEvidence> trained_;  // what the last training works on
    std::shared_ptr<const PortraitSketch> sketch_;
    JobHandle prepare_job_, train_job_;
};

}  // namespace likeness

// From a photograph to an avatar that learns.
#include <algorithm>
#include <cmath>

#include "core/studio/studio_parts.h"

namespace likeness {

void Studio::prepare(std::shared_ptr<const SourcePhotograph> source, int face) {
    jobs_.cancel(prepare_job_);
    PortraitOptions options;
    options.face = face;
    options.training = next_training_;
    const bool same_face = document_.has_avatar() && document_.source && document_.source->face == face;
    prepare_job_ = jobs_.start_for<std::shared_ptr<Opened>>(
        "Preparing " + document_.name,
        [tools = tools_, source, options, id = document_.id,
         same_face](Progress& progress) -> Result<std::shared_ptr<Opened>> {
            progress.report(0, "Loading the networks");
            std::lock_guard lock(tools->mutex);
            progress.report(0, "Loading the networks");  // cancelled while it waited
            auto loaded = tools->load_portrait_tools();
            if (!loaded) return loaded.error();
            // Preparing ends where training begins, at a fifth of the whole.
            Progress inner(
                [&progress](double fraction, const std::string& stage) { progress.report(5 * fraction, stage); });
            auto prepared =
                prepare_portrait(**loaded, *source->picture, source->focal_35mm, source->file.string(), options, inner);
            if (!prepared) return prepared.error();
            auto opened = std::make_shared<Opened>();
            opened->document = id;
            opened->same_face = same_face;
            const PreparedPortrait& portrait = *prepared;
            opened->state = neutral_state(portrait.avatar);
            opened->evidence = portrait.evidence;
            opened->warnings = portrait.warnings;
            auto known = std::make_shared<SourcePhotograph>(*source);
            known->faces = portrait.faces;
            known->face = options.face;
            known->landmarks = portrait.landmarks;
            known->fit = portrait.fit;
            known->crop_origin = portrait.crop_origin;
            known->crop_side = portrait.crop_side;
            opened->source = std::move(known);
            progress.report(1, "Ready");
            return opened;
        },
        [this, id = document_.id](Result<std::shared_ptr<Opened>> result) {
            if (id != document_.id) return;
            if (result) {
                portrait_prepared(**result);
                return;
            }
            const bool cancelled = result.error().code == ErrorCode::cancelled;
            if (!document_.has_avatar()) {
                document_.stage = DocumentStage::failed;
                document_.problem = result.error();
            } else {
                document_.stage = DocumentStage::ready;  // what was there before stays
            }
            ++scene_version_;
            if (!cancelled) messages_.error(result.error());
        });
}

void Studio::portrait_prepared(const Opened& opened) {
    document_.kind = DocumentKind::avatar;
    document_.stage = DocumentStage::ready;
    document_.problem.reset();
    document_.evidence = opened.evidence;
    document_.source = opened.source;
    const DocumentState edited_before = document_.state;
    document_.state = opened.state;
    if (opened.same_face) {
        document_.state.pose = edited_before.pose;
        document_.state.layers = edited_before.layers;
        document_.state.avatar.identity_change = edited_before.avatar.identity_change;
    } else {
        history_.clear();
    }
    for (const std::string& warning : opened.warnings)
        messages_.warning(document_.name + ": " + warning + ".");
    frame_document();
    edited();
    learned();
    if (Status started = start_training(); !started) messages_.error(started.error());
}

Status Studio::prepare_face(int face) {
    const auto& source = document_.source;
    if (!source || !source->picture || source->file.empty())
        return studio_error("The whole photograph is needed for this; open it again.");
    if (!source->faces.empty() && std::size_t(face) >= source->faces.size())
        return studio_error("The photograph has " + std::to_string(source->faces.size()) +
                            " faces; they count from 0.");
    autosave(true);
    cancel_document_jobs();
    training_ = {};
    training_.options = next_training_;
    document_.stage = DocumentStage::preparing;
    ++scene_version_;
    prepare(source, face);
    return {};
}

// What a file does not keep of the photograph (where hair, skin and clothes are) is found again.
void Studio::restore_photograph() {
    struct Restored {
        std::shared_ptr<const PhotoEvidence> evidence;
        std::shared_ptr<const SourcePhotograph> source;
    };
    prepare_job_ = jobs_.start_for<Restored>(
        "Preparing to train " + document_.name,
        [tools = tools_, avatar = document_.avatar(),
         source = document_.source](Progress& progress) -> Result<Restored> {
            progress.report(0, "Loading the networks");
            std::lock_guard lock(tools->mutex);
            progress.report(0, "Loading the networks");  // cancelled while it waited
            auto loaded = tools->load_portrait_tools();
            if (!loaded) return loaded.error();
            auto restored = restore_portrait(**loaded, as_fitted(avatar), progress);
            if (!restored) return restored.error();
            Restored result;
            result.evidence = restored->evidence;
            auto known = std::make_shared<SourcePhotograph>(*source);
            known->landmarks = restored->landmarks;
            result.source = std::move(known);
            return result;
        },
        [this, id = document_.id](Result<Restored> restored) {
            if (id != document_.id) return;
            if (!restored) {
                if (restored.error().code != ErrorCode::cancelled) messages_.error(restored.error());
                return;
            }
            document_.evidence = restored->evidence;
            document_.source = restored->source;
            if (Status started = start_training(); !started) messages_.error(started.error());
        });
}

std::string Studio::training_unavailable() const {
    // A trainer that was told to stop may still be at this photograph's last step.
    if (session_ || (document_.evidence && jobs_.running(train_job_) && trained_.lock() == document_.evidence))
        return "The avatar is being trained already.";
    if (jobs_.running(prepare_job_)) return "The photograph is being prepared already.";
    if (!document_.has_avatar()) return "Training needs an avatar; open a photograph first.";
    if (!document_.evidence && !document_.avatar().source->picture)
        return "The avatar's file carries no photograph to learn from; open the photograph.";
    return "";
}

Status Studio::start_training() {
    if (const std::string why = training_unavailable(); !why.empty()) return studio_error(why);
    if (!document_.evidence) {
        restore_photograph();
        return {};
    }
    autosave(true);
    session_ = std::make_shared<TrainingSession>();
    trained_ = document_.evidence;
    training_ = {};
    training_.state = TrainingState::running;
    TrainerOptions options = next_training_;
    const std::string device = options_.device.empty() ? settings_.device : options_.device;
    // Slow steps are shown more often.
    options.snapshot_every = device_ && device_->name != "cpu" ? 25 : 10;
    training_.options = options;
    train_job_ = jobs_.start_for<TrainerReport>(
        "Training " + document_.name,
        [tools = tools_, device, options, avatar = document_.avatar(), evidence = document_.evidence,
         session = session_](Progress& progress) -> Result<TrainerReport> {
            progress.report(0, "Starting");
            auto opened = tools->open_device(device);
            if (!opened) opened = tools->open_device("cpu");
            if (!opened) return opened.error();
            return session->run(as_fitted(avatar), evidence, options,
                                opened->make_training_engine(TrainingPace::beside_viewer), progress);
        },
        [this, id = document_.id, session = session_](Result<TrainerReport> report) {
            if (id != document_.id || session != session_) return;
            if (report)
                training_ended({}, *report);
            else
                training_ended(report.error(), {});
        });
    return {};
}

void Studio::training_ended(const Status& status, const std::optional<TrainerReport>& report) {
    take_snapshot();  // what the trainer kept last
    training_.seconds_left.reset();
    training_.state = TrainingState::finished;
    if (report) {
        training_.step = report->steps;
        training_.device = report->device;
        if (!report->stopped_early)
            messages_.info("Training ended after " + std::to_string(report->steps) + " steps.");
        if (report->stopped_early) {
            training_.state = TrainingState::failed;
            training_.problem = report->stopped_early;
            messages_.error(*report->stopped_early);
            if (report->stopped_early->code == ErrorCode::out_of_memory) {
                // The next attempt asks for less.
                next_training_.cap =
                    std::max<std::size_t>(1000, std::min(next_training_.cap, document_.avatar().splats->count) * 3 / 4);
                messages_.warning("The cap for the next training is now " + std::to_string(next_training_.cap) +
                                  " Gaussians.");
            }
        }
    } else if (!status && status.error().code != ErrorCode::cancelled) {
        training_.state = TrainingState::failed;
        training_.problem = status.error();
        messages_.error(status.error());
    }
    session_.reset();
    ++scene_version_;
}

void Studio::take_snapshot() {
    if (!session_) return;
    auto latest = session_->latest();
    if (!latest || latest->splats == document_.avatar().splats) return;
    document_.state.avatar.splats = latest->splats;
    if (!latest->stages.empty()) training_.stages = latest->stages;
    // Step 0 has no loss yet.
    if (latest->step > 0 && (training_.curve.empty() || latest->step > training_.curve.back().step))
        training_.curve.push_back({latest->step, training_.seconds, latest->loss, latest->psnr, latest->splats->count});
    learned();
}

void Studio::follow_training(double elapsed) {
    if (!session_ || training_.state == TrainingState::paused) return;
    training_.seconds += elapsed;
    const int steps = training_.options.steps;
    training_.step = std::max(training_.step, int(std::lround(jobs_.fraction(train_job_) * steps)));
    if (training_.seconds > 0 && training_.step > 0) {
        training_.steps_per_second = training_.step / training_.seconds;
        training_.seconds_left = double(std::max(0, steps - training_.step)) / training_.steps_per_second;
    }
    if (training_.device.empty() && device_) training_.device = device_->hardware;
}

Status Studio::steer_training(const std::string& what) {
    if (!session_) return studio_error("Nothing is being trained.");
    if (what == "pause") {
        session_->pause();
        training_.state = TrainingState::paused;
    } else if (what == "resume") {
        session_->resume();
        training_.state = TrainingState::running;
    } else {
        session_->stop();
        training_.state = TrainingState::stopping;
    }
    return {};
}

Status Studio::change_training(const std::function<void(TrainerOptions&)>& change) {
    change(next_training_);
    settings_.training_steps = next_training_.steps;
    settings_.training_resolution = next_training_.resolution;
    settings_.gaussian_cap = next_training_.cap;
    settings_changed();
    if (training_.state == TrainingState::none) training_.options = next_training_;
    return {};
}

}  // namespace likeness

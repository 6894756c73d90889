#include "core/studio/training_service.h"

#include <algorithm>
#include <cmath>

#include "core/document/session_file.h"
#include "core/pipeline/choose_face.h"
#include "core/pipeline/portrait.h"
#include "core/studio/command_parts.h"
#include "core/studio/studio.h"
#include "core/studio/workshop.h"

namespace likeness {

// Made on a worker: everything of a portrait that its document needs.
struct TrainingService::Prepared {
    DocumentState state;
    std::shared_ptr<const PhotoEvidence> evidence;
    std::shared_ptr<const SourcePhotograph> source;
    std::vector<std::string> warnings;
    bool same_face = false;
};

TrainingService::TrainingService(Studio& studio) : studio_(studio) {
    next_ = studio_.settings().training;
    status_.options = next_;
}

Document& TrainingService::document() { return studio_.edit_document(); }
const Document& TrainingService::document() const { return studio_.document(); }

void TrainingService::begin_document() {
    status_ = {};
    status_.options = next_;
}

void TrainingService::cancel() {
    if (session_) session_->stop();
    prepare_job_.cancel();
    train_job_.cancel();
    session_.reset();
}

void TrainingService::end() {
    if (session_) session_->stop();
    prepare_job_.cancel();
}

void TrainingService::drain(double elapsed) {
    take_snapshot();
    follow(elapsed);
}

void TrainingService::prepare(std::shared_ptr<const SourcePhotograph> source, int face) {
    prepare_job_.cancel();
    sketch_.reset();
    PortraitOptions options;
    options.sketch = [this, id = document().id, &jobs = studio_.jobs()](std::shared_ptr<const PortraitSketch> sketch) {
        jobs.post([this, id, sketch = std::move(sketch)] {
            if (id == document().id && prepare_job_.running()) sketch_ = sketch;
        });
    };
    options.face = face;
    options.anyway = source->anyway;
    options.training = next_;
    if (source->full_side > std::max(source->picture->width, source->picture->height))
        options.full_size = full_size_of(source->file);
    const bool same_face = document().has_avatar() && document().source && document().source->face == face;
    // Of an avatar from a file there is the crop that it carries.
    const std::optional<Avatar> carrier =
        source->file.empty() ? std::optional(as_fitted(document().avatar())) : std::nullopt;
    prepare_job_ = studio_.jobs().start_for<std::shared_ptr<Prepared>>(
        "Preparing " + document().name,
        [tools = studio_.workshop().tools(), source, options, same_face,
         carrier](Progress& progress) -> Result<std::shared_ptr<Prepared>> {
            progress.report(0, "Loading the networks");
            options.sketch(std::make_shared<const PortraitSketch>(sketch_of(*source->picture)));
            const auto loaded = tools->portraits.borrow();
            if (!loaded) return loaded.error();
            // Preparing ends where training begins, at a fifth of the whole.
            Progress inner(
                [&progress](double fraction, const std::string& stage) { progress.report(5 * fraction, stage); });
            auto prepared = carrier ? refit_portrait(**loaded, *carrier, options, inner)
                                    : prepare_portrait(**loaded, *source->picture, source->focal_35mm,
                                                       source->file.string(), options, inner);
            if (!prepared) return prepared.error();
            auto opened = std::make_shared<Prepared>();
            opened->same_face = same_face;
            const PreparedPortrait& portrait = *prepared;
            opened->state = neutral_state(portrait.avatar);
            opened->evidence = portrait.evidence;
            opened->warnings = portrait.warnings;
            auto known = std::make_shared<SourcePhotograph>(*source);
            known->faces = portrait.faces;
            known->face = portrait.face;
            if (carrier) {
                known->picture = portrait.avatar.source->picture;
                known->faces.clear();
                known->face = 0;
            } else if (portrait.photograph) {
                known->picture = portrait.photograph;
                known->focal_35mm = portrait.focal_35mm;
                known->full_side = 0;
            }
            known->landmarks = portrait.landmarks;
            known->fit = portrait.fit;
            known->crop_origin = portrait.crop_origin;
            known->crop_side = portrait.crop_side;
            opened->source = std::move(known);
            progress.report(1, "Ready");
            return opened;
        },
        [this, id = document().id](Result<std::shared_ptr<Prepared>> result) {
            if (id != document().id) return;
            sketch_.reset();
            if (result) {
                prepared(**result);
                return;
            }
            const bool cancelled = result.error().code == ErrorCode::cancelled;
            if (!document().has_avatar()) {
                document().stage = DocumentStage::failed;
                document().problem = result.error();
            } else {
                document().stage = DocumentStage::ready;  // what was there before stays
            }
            studio_.redraw();
            if (!cancelled) studio_.messages().error(result.error());
        });
}

void TrainingService::prepared(const Prepared& opened) {
    document().kind = DocumentKind::avatar;
    document().stage = DocumentStage::ready;
    document().problem.reset();
    document().evidence = opened.evidence;
    document().source = opened.source;
    const DocumentState edited_before = document().state;
    document().state = opened.state;
    if (opened.same_face) {
        document().state.pose = edited_before.pose;
        document().state.offsets = edited_before.offsets;
        document().state.parts = edited_before.parts;
        document().state.avatar.identity_change = edited_before.avatar.identity_change;
    } else {
        if (studio_.document().has_avatar()) document().state.pose = studio_.presets().at_rest();
        studio_.clear_history();
    }
    for (const std::string& warning : opened.warnings)
        studio_.messages().warning(document().name + ": " + warning + ".");
    studio_.frame_document();
    studio_.edited();
    studio_.learned();
    if (Status started = start(); !started) studio_.messages().error(started.error());
}

Status TrainingService::prepare_face(int face) {
    const auto& source = document().source;
    if (!source->faces.empty() && std::size_t(face) >= source->faces.size())
        return studio_error("The photograph has " + std::to_string(source->faces.size()) +
                            " faces; they count from 0.");
    prepare_again(source, face);
    return {};
}

Status TrainingService::make_anyway() {
    auto source = std::make_shared<SourcePhotograph>(*document().source);
    source->anyway = true;
    document().source = source;
    document().problem.reset();
    prepare_again(source, std::max(0, source->face));
    return {};
}

void TrainingService::prepare_again(std::shared_ptr<const SourcePhotograph> source, int face) {
    studio_.recovery().autosave(true);
    studio_.cancel_document_jobs();
    begin_document();
    document().stage = DocumentStage::preparing;
    studio_.redraw();
    prepare(std::move(source), face);
}

// What a file does not keep of the photograph (where hair, skin and clothes are) is found again.
void TrainingService::restore_photograph() {
    struct Restored {
        std::shared_ptr<const PhotoEvidence> evidence;
        std::shared_ptr<const SourcePhotograph> source;
        Part<SourceView> view;
    };
    prepare_job_ = studio_.jobs().start_for<Restored>(
        "Preparing to train " + document().name,
        [tools = studio_.workshop().tools(), avatar = document().avatar(), options = next_,
         source = document().source](Progress& progress) -> Result<Restored> {
            progress.report(0, "Loading the networks");
            const auto loaded = tools->portraits.borrow();
            if (!loaded) return loaded.error();
            auto restored = restore_portrait(**loaded, as_fitted(avatar), options, progress);
            if (!restored) return restored.error();
            Restored result;
            result.evidence = restored->evidence;
            auto known = std::make_shared<SourcePhotograph>(*source);
            known->landmarks = restored->landmarks;
            result.source = std::move(known);
            result.view = restored->avatar.source;
            return result;
        },
        [this, id = document().id](Result<Restored> restored) {
            if (id != document().id) return;
            if (!restored) {
                if (restored.error().code != ErrorCode::cancelled) studio_.messages().error(restored.error());
                return;
            }
            document().evidence = restored->evidence;
            document().source = restored->source;
            document().state.avatar.source = restored->view;  // with the landmarks, for its file
            if (Status started = start(); !started) studio_.messages().error(started.error());
        });
}

std::string TrainingService::unavailable() const {
    // A trainer that was told to stop may still be at this photograph's last step.
    if (session_ || (document().evidence && train_job_.running() && trained_.lock() == document().evidence))
        return "The avatar is being trained already.";
    if (prepare_job_.running()) return "The photograph is being prepared already.";
    if (!document().has_avatar()) return "Training needs an avatar; open a photograph first.";
    if (!document().evidence && !document().avatar().source->picture)
        return "The avatar's file carries no photograph to learn from; open the photograph.";
    return "";
}

Status TrainingService::start() {
    if (const std::string why = unavailable(); !why.empty()) return studio_error(why);
    if (!document().evidence) {
        restore_photograph();
        return {};
    }
    studio_.recovery().autosave(true);
    session_ = std::make_shared<TrainingSession>();
    trained_ = document().evidence;
    status_ = {};
    status_.state = TrainingState::running;
    TrainerOptions options = next_;
    const std::string device = studio_.workshop().device_name();
    // Slow steps are shown more often.
    options.snapshot_every = studio_.device() && studio_.device()->name != "cpu" ? 25 : 10;
    status_.options = options;
    train_job_ = studio_.jobs().start_for<TrainerReport>(
        "Training " + document().name,
        [tools = studio_.workshop().tools(), device, options, avatar = document().avatar(),
         evidence = document().evidence, session = session_](Progress& progress) -> Result<TrainerReport> {
            progress.report(0, "Starting");
            auto opened = tools->open_device(device);
            if (!opened) opened = tools->open_device("cpu");
            if (!opened) return opened.error();
            return session->run(as_fitted(avatar), evidence, options,
                                opened->make_training_engine(TrainingPace::beside_viewer), progress);
        },
        [this, id = document().id, session = session_](Result<TrainerReport> report) {
            if (id != document().id || session != session_) return;
            if (report)
                ended({}, *report);
            else
                ended(report.error(), {});
        });
    return {};
}

void TrainingService::ended(const Status& status, const std::optional<TrainerReport>& report) {
    take_snapshot();  // what the trainer kept last
    status_.seconds_left.reset();
    status_.state = TrainingState::finished;
    if (report) {
        status_.step = report->steps;
        status_.device = report->device;
        if (!report->stopped_early)
            studio_.messages().info("Training ended after " + std::to_string(report->steps) + " steps.");
        if (report->stopped_early) {
            status_.state = TrainingState::failed;
            status_.problem = report->stopped_early;
            studio_.messages().error(*report->stopped_early);
            if (report->stopped_early->code == ErrorCode::out_of_memory) {
                // The next attempt asks for less.
                next_.cap = std::max<std::size_t>(1000, std::min(next_.cap, document().avatar().splats->count) * 3 / 4);
                studio_.messages().warning("The cap for the next training is now " + std::to_string(next_.cap) +
                                           " Gaussians.");
            }
        }
    } else if (!status && status.error().code != ErrorCode::cancelled) {
        status_.state = TrainingState::failed;
        status_.problem = status.error();
        studio_.messages().error(status.error());
    }
    session_.reset();
    studio_.redraw();
}

void TrainingService::take_snapshot() {
    if (!session_) return;
    auto latest = session_->latest();
    if (!latest || latest->splats == document().avatar().splats) return;
    document().state.avatar.splats = latest->splats;
    if (!latest->stages.empty()) status_.stages = latest->stages;
    // Step 0 has no loss yet.
    if (latest->step > 0 && (status_.curve.empty() || latest->step > status_.curve.back().step))
        status_.curve.push_back({latest->step, status_.seconds, latest->loss, latest->psnr, latest->splats->count});
    studio_.learned();
}

void TrainingService::follow(double elapsed) {
    if (!session_ || status_.state == TrainingState::paused) return;
    status_.seconds += elapsed;
    const int steps = status_.options.steps;
    status_.step = std::max(status_.step, int(std::lround(train_job_.fraction() * steps)));
    if (status_.seconds > 0 && status_.step > 0) {
        status_.steps_per_second = status_.step / status_.seconds;
    }
    status_.seconds_left = train_job_.seconds_left();
    if (status_.device.empty() && studio_.device()) status_.device = studio_.device()->hardware;
}

Status TrainingService::steer(const std::string& what) {
    if (!session_) return studio_error("Nothing is being trained.");
    if (what == "pause") {
        session_->pause();
        status_.state = TrainingState::paused;
        train_job_.set_paused(true);
    } else if (what == "resume") {
        session_->resume();
        status_.state = TrainingState::running;
        train_job_.set_paused(false);
    } else {
        session_->stop();
        status_.state = TrainingState::stopping;
        train_job_.set_paused(false);
    }
    return {};
}

Status TrainingService::set(const TrainerOption& option, double value) {
    option.set(next_, value);
    studio_.settings().training = next_;
    studio_.settings_changed();
    if (status_.state == TrainingState::none) status_.options = next_;
    return {};
}

void TrainingService::add_commands(CommandRegistry& registry) {
    const Studio& s = studio_;
    const auto add_steering = [&](const std::string& what, const std::string& title, const std::string& tooltip,
                                  const std::string& shortcut, std::function<std::string()> unavailable) {
        registry.add({"train." + what,
                      title,
                      "Training",
                      tooltip,
                      {},
                      shortcut,
                      false,
                      "",
                      std::move(unavailable),
                      [this, what](const Arguments&) { return steer(what); }});
    };
    const auto state_is = [this](std::initializer_list<TrainingState> states, const char* why) {
        return [this, states = std::vector<TrainingState>(states), why]() -> std::string {
            return std::find(states.begin(), states.end(), status_.state) != states.end() ? "" : why;
        };
    };
    registry.add({"train.start",
                  "Train",
                  "Training",
                  "Refines the avatar against its photograph, from where it is.",
                  {},
                  "",
                  false,
                  "",
                  [this] { return unavailable(); },
                  [this](const Arguments&) { return start(); }});
    add_steering("pause", "Pause training", "Lets the trainer wait; nothing is lost.", "",
                 state_is({TrainingState::running}, "Nothing is being trained."));
    add_steering("resume", "Resume training", "Lets a paused trainer go on.", "",
                 state_is({TrainingState::paused}, "Training is not paused."));
    add_steering("stop", "Stop training", "Ends training after the step in hand and keeps what was learned.", "",
                 state_is({TrainingState::running, TrainingState::paused}, "Nothing is being trained."));
    registry.add(
        {"train.toggle",
         "Pause or resume training",
         "Training",
         "Pauses a running trainer, lets a paused one go on.",
         {},
         "Ctrl+Space",
         false,
         "",
         state_is({TrainingState::running, TrainingState::paused}, "Nothing is being trained."),
         [this](const Arguments&) { return steer(status_.state == TrainingState::paused ? "resume" : "pause"); }});
    for (const TrainerOption& option : trainer_options) {
        if (!option.setting) continue;
        const auto value = option.whole ? integer_argument : number_argument;
        registry.add({std::string("train.set_") + option.name,
                      option.title,
                      "Training",
                      std::string(option.about) + " Of the next training.",
                      {value("value", option.title, option.low, option.high, option.unit)},
                      "",
                      false,
                      "",
                      {},
                      [this, &option](const Arguments& a) { return set(option, a.number("value")); }});
    }
    registry.add(
        {"source.choose_face",
         "Choose face",
         "Training",
         "Makes the avatar of another face in the photograph.",
         {integer_argument("face", "Which, 0 is the largest", 0, 1000)},
         "",
         false,
         "",
         [&s] { return s.document().source && !s.document().source->file.empty() ? "" : "Open a photograph first."; },
         [this](const Arguments& a) { return prepare_face(a.integer("face")); }});
    registry.add({"source.refit",
                  "Fit again",
                  "Training",
                  "Fits head and hair to the photograph again and trains from the beginning.",
                  {},
                  "",
                  false,
                  "",
                  [&s]() -> std::string {
                      const Document& now = s.document();
                      if (!now.source || !now.source->picture) return "Open a photograph first.";
                      const bool carried = now.has_avatar() && now.avatar().source->picture;
                      return carried || !now.source->file.empty() ? "" : "The avatar's file carries no photograph.";
                  },
                  [this](const Arguments&) { return prepare_face(std::max(0, document().source->face)); }});
    registry.add({"source.make_anyway",
                  "Make it anyway",
                  "Training",
                  "Makes the avatar of what is no person's face for sure, or of a face that is too small.",
                  {},
                  "",
                  false,
                  "",
                  [&s]() -> std::string {
                      const Document& now = s.document();
                      const bool refused = now.source && now.problem && may_be_made_anyway(*now.problem);
                      return refused ? "" : "No photograph was refused for its face.";
                  },
                  [this](const Arguments&) { return make_anyway(); }});
}

}  // namespace likeness

#include "core/studio/motion_service.h"

#include <algorithm>

#include "core/files/file_formats.h"
#include "core/image/file_bytes.h"
#include "core/studio/command_parts.h"
#include "core/studio/studio.h"

namespace likeness {

namespace fs = std::filesystem;

namespace {

constexpr double most_offset = 2;
constexpr std::size_t remembered_frames = 64;  // asked for, not shown yet

}  // namespace

void MotionService::drain(double elapsed) {
    if (!player_.advance(elapsed)) return;
    studio_.redraw();
    asked_.push_back({studio_.document().pictures, player_.frame()});
    if (asked_.size() > remembered_frames) asked_.pop_front();
}

void MotionService::picture_shown(std::uint64_t version) {
    if (!player_.playing()) return;
    for (auto asked = asked_.rbegin(); asked != asked_.rend(); ++asked)
        if (asked->version <= version) return player_.picture_shown(studio_.now(), asked->frame);
}

// ---- what is shown, and edits of it ----

std::string MotionService::name() const { return fs::path(player_.title()).filename().string(); }

const HeadPose& MotionService::offset() const {
    static const HeadPose none;
    const auto& offsets = studio_.document().state.offsets->of;
    const auto it = offsets.find(name());
    return it == offsets.end() ? none : it->second;
}

bool MotionService::has_offset() const { return player_.has_pose() && offset().controls.size() > 0; }

DrivenParts MotionService::driven() const {
    const HeadModel& model = *studio_.document().model();
    if (player_.has_pose()) return DrivenParts::of(*player_.source(), model);
    return {std::vector<bool>(std::size_t(model.control_count())), std::vector<bool>(std::size_t(model.joint_count()))};
}

bool MotionService::drives(int control) const { return player_.has_pose() && driven().controls[std::size_t(control)]; }

HeadPose MotionService::sampled() const {
    HeadPose pose = *studio_.document().state.pose;
    player_.apply(*studio_.document().model(), pose);
    return pose;
}

HeadPose MotionService::shown() const {
    if (!player_.has_pose()) return *studio_.document().state.pose;
    return add_offset(*studio_.document().model(), driven(), sampled(), offset());
}

std::function<HeadPose(double)> MotionService::poses() const {
    const auto source = player_.shared_source();
    if (!source || !source->track()) return {};
    return [source, model = studio_.document().state.avatar.model, own = *studio_.document().state.pose,
            added = offset(), parts = driven()](double seconds) {
        HeadPose pose = own;
        PoseSample sample;
        if (source->track()->sample(seconds, sample)) apply_sample(source->names(), sample, *model, pose);
        return add_offset(*model, parts, pose, added);
    };
}

HeadPose MotionService::layer() const {
    HeadPose pose = *studio_.document().state.pose;
    const HeadPose& added = offset();
    const DrivenParts parts = driven();
    for (int c = 0; c < int(parts.controls.size()); ++c)
        if (parts.controls[std::size_t(c)]) pose.controls[c] = c < added.controls.size() ? added.controls[c] : 0;
    for (int j = 0; j < int(parts.joints.size()); ++j)
        if (parts.joints[std::size_t(j)])
            pose.joints.col(j) = j < added.joints.cols() ? added.joints.col(j).eval() : Eigen::Vector3f::Zero();
    return pose;
}

void MotionService::edit_shown(const HeadPose& wanted) {
    keep(wanted, offset_towards(*studio_.document().model(), driven(), sampled(), shown(), wanted, offset()));
}

void MotionService::edit_layer(const HeadPose& wanted) { keep(wanted, wanted); }

// The parts that the motion drives become its offset, the others the document's own pose.
void MotionService::keep(const HeadPose& own, const HeadPose& offset) {
    const DrivenParts parts = driven();
    HeadPose pose = own, added = HeadPose::neutral(*studio_.document().model());
    const HeadPose& before = *studio_.document().state.pose;
    for (int c = 0; c < int(parts.controls.size()); ++c)
        if (parts.controls[std::size_t(c)]) {
            added.controls[c] = offset.controls[c];
            pose.controls[c] = before.controls[c];
        }
    for (int j = 0; j < int(parts.joints.size()); ++j)
        if (parts.joints[std::size_t(j)]) {
            added.joints.col(j) = offset.joints.col(j);
            pose.joints.col(j) = before.joints.col(j);
        }
    if (parts.place) pose.translation = before.translation;
    studio_.state().pose = std::move(pose);
    if (!player_.has_pose()) return;
    const bool nothing = added.controls.isZero(0) && added.joints.isZero(0);
    if (nothing && !has_offset()) return;
    auto& offsets = studio_.state().offsets.edit().of;
    if (nothing)
        offsets.erase(name());
    else
        offsets[name()] = std::move(added);
}

Status MotionService::set_offset(const Arguments& a) {
    const int control = studio_.document().model()->control(a.text("name"));
    if (control < 0 || !drives(control))
        return studio_error("The motion does not move an expression '" + a.text("name") + "'.");
    HeadPose wanted = layer();
    wanted.controls[control] = float(a.number("value"));
    edit_layer(wanted);
    return {};
}

Status MotionService::clear_offset(const Arguments& a) {
    const HeadModel& model = *studio_.document().model();
    if (!a.has("name")) {
        studio_.state().offsets.edit().of.erase(name());
        return {};
    }
    const int control = model.control(a.text("name")), joint = model.joint(a.text("name"));
    if (control < 0 && joint < 0) return studio_error("This head has no expression or joint '" + a.text("name") + "'.");
    HeadPose kept = offset();
    if (control >= 0)
        kept.controls[control] = 0;
    else
        kept.joints.col(joint).setZero();
    keep(*studio_.document().state.pose, kept);
    return {};
}

Status MotionService::open(const fs::path& file) {
    if (const auto size = readable_file_size(file); !size) return size.error();
    using Source = std::shared_ptr<const PoseSource>;
    auto notes = std::make_shared<std::vector<std::string>>();
    studio_.jobs().start_for<Source>(
        "Opening " + file.filename().string(),
        [file, notes](Progress&) -> Result<Source> {
            const FileFormat* format = format_of(file, std::array{FileContent::motion});
            if (!format) {
                const std::string kind = kind_of_file(file);
                return Error{ErrorCode::bad_input,
                             "'" + file.string() + "' is " + (kind.empty() ? "no motion" : kind + " and no motion") +
                                 "; choose one of " + file_endings(FileContent::motion) + ".",
                             ""};
            }
            auto track = read_file_as<MotionTrack>(*format, file, {.notes = notes.get()});
            if (!track) return track.error();
            return Source(std::make_shared<const RecordedMotion>(*std::move(track)));
        },
        [this, file, notes](Result<Source> source) {
            if (source) {
                play(*std::move(source), file.string());
                for (const std::string& note : *notes)
                    studio_.messages().warning("'" + file.filename().string() + "': " + note);
            } else if (source.error().code != ErrorCode::cancelled) {
                studio_.messages().error(source.error());
            }
        });
    return {};
}

void MotionService::play(std::shared_ptr<const PoseSource> source, const std::string& title) {
    if (const HeadModel* model = studio_.document().model()) {
        const auto& names = source->names();
        const auto known = std::count_if(names.begin(), names.end(), [&](const auto& n) { return model->control(n) >= 0; });
        if (known == 0 && !source->moves_head()) {
            studio_.messages().error(
                {ErrorCode::bad_input, "'" + title + "' moves nothing that this head has; choose another motion.", ""});
            return;
        }
        if (std::size_t(known) < names.size())
            studio_.messages().warning("'" + fs::path(title).filename().string() +
                                       "': " + std::to_string(names.size() - std::size_t(known)) +
                                       " of its controls are unknown and were left out.");
    }
    player_.open(std::move(source), title);
    asked_.clear();
    studio_.redraw();
}

void MotionService::add_commands(CommandRegistry& registry) {
    Studio& s = studio_;
    registry.add(
        {"motion.open",
         "Open motion...",
         "Motion",
         "Opens a recorded expression track with ARKit names (" + file_endings(FileContent::motion) + ").",
         {optional_argument(text_argument("path", "The file"))},
         "",
         false,
         "",
         {},
         [this, &s](const Arguments& a) {
             return with_path(
                 s, a, {"motion.open", "Open a motion", "", file_patterns(std::array{FileContent::motion}), false, {}},
                 [&](const std::string& file) { return open(file); });
         }});
    const auto simple = [&](const std::string& what, const std::string& title, const std::string& tooltip,
                            const std::string& shortcut, std::function<void(MotionPlayer&)> run) {
        registry.add({"motion." + what,
                      title,
                      "Motion",
                      tooltip,
                      {},
                      shortcut,
                      false,
                      "",
                      needs_motion(s),
                      [this, run = std::move(run)](const Arguments&) -> Status {
                          run(player_);
                          studio_.redraw();
                          return {};
                      }});
    };
    simple("play", "Play", "Plays the motion from the present time.", "", [](MotionPlayer& m) { m.play(); });
    simple("pause", "Pause", "Holds the motion at the present time.", "", [](MotionPlayer& m) { m.pause(); });
    simple("toggle", "Play or pause", "Plays or holds the motion.", "Space",
           [](MotionPlayer& m) { m.playing() ? m.pause() : m.play(); });
    simple("close", "Close motion", "Goes back to the pose of one's own.", "", [](MotionPlayer& m) { m.close(); });
    registry.add({"motion.seek",
                  "Seek",
                  "Motion",
                  "Goes to a time of the motion, in seconds.",
                  {number_argument("seconds", "From the motion's beginning", 0, 1e6, "s")},
                  "",
                  false,
                  "",
                  needs_recording(s),
                  [this](const Arguments& a) -> Status {
                      player_.seek(a.number("seconds"));
                      studio_.redraw();
                      return {};
                  }});
    registry.add({"motion.step",
                  "Step",
                  "Motion",
                  "Goes some frames forwards or, negative, backwards, and holds there.",
                  {with_default(integer_argument("frames", "How many", -100000, 100000), 1)},
                  "",
                  false,
                  "",
                  needs_recording(s),
                  [this](const Arguments& a) -> Status {
                      player_.pause();
                      player_.seek(player_.time() + a.integer("frames") / player_.source()->rate());
                      studio_.redraw();
                      return {};
                  }});
    const auto needs_offset = [this, &s]() -> std::string {
        if (!s.document().has_avatar()) return "Open a portrait or an avatar first.";
        return has_offset() ? "" : "Nothing was added to a motion.";
    };
    registry.add({"motion.offset",
                  "Added to the motion",
                  "Motion",
                  "What is added to an expression in every sample of the motion, as editing it does; 0 takes it away.",
                  {text_argument("name", "The expression, as jawOpen"),
                   number_argument("value", "How much", -most_offset, most_offset)},
                  "",
                  true,
                  "name",
                  [&s]() -> std::string {
                      if (!s.document().has_avatar()) return "Open a portrait or an avatar first.";
                      return s.motion().loaded() ? "" : "Open a motion first.";
                  },
                  [this](const Arguments& a) { return set_offset(a); }});
    registry.add({"motion.clear_offset",
                  "Clear what was added",
                  "Motion",
                  "Takes away what editing added to the motion: of one expression or joint, or all.",
                  {optional_argument(text_argument("name", "The expression or joint; all unless given"))},
                  "",
                  true,
                  "",
                  needs_offset,
                  [this](const Arguments& a) { return clear_offset(a); }});
    registry.add({"motion.loop",
                  "Loop",
                  "Motion",
                  "Whether the motion begins again at its end.",
                  {with_default(flag_argument("on", "Loop or not"), true)},
                  "",
                  false,
                  "",
                  {},
                  [this](const Arguments& a) -> Status {
                      player_.loop = a.flag("on");
                      return {};
                  }});
    registry.add({"motion.speed",
                  "Speed",
                  "Motion",
                  "How fast the motion plays; 1 is as recorded.",
                  {number_argument("value", "Times as fast", 0.05, 8, "times")},
                  "",
                  false,
                  "",
                  {},
                  [this](const Arguments& a) -> Status {
                      player_.speed = a.number("value");
                      return {};
                  }});
}

}  // namespace likeness

#include "core/studio/motion_service.h"

#include <algorithm>

#include "core/files/file_formats.h"
#include "core/image/file_bytes.h"
#include "core/studio/command_parts.h"
#include "core/studio/driver_service.h"
#include "core/studio/studio.h"

namespace likeness {

namespace fs = std::filesystem;

namespace {

constexpr double most_offset = 2;
constexpr std::size_t remembered_frames = 64;  // asked for, not shown yet
constexpr std::size_t most_taken = 400'000;    // poses of a recording
constexpr const char* keys_title = "Key poses";

// In the order of the source's names; what it does not know is neutral.
PoseSample neutral_for(const PoseSource& source, const KeptNeutral& kept) {
    PoseSample sample = kept.sample;
    sample.weights.assign(source.names().size(), 0);
    for (std::size_t i = 0; i < sample.weights.size(); ++i) {
        const auto it = std::find(kept.names.begin(), kept.names.end(), source.names()[i]);
        if (it != kept.names.end()) sample.weights[i] = kept.sample.weights[std::size_t(it - kept.names.begin())];
    }
    return sample;
}

}  // namespace

void MotionService::drain(double elapsed) {
    refresh();
    if (!player_.advance(elapsed)) return;
    studio_.redraw();
    if (take_.running && studio_.document().has_avatar() && take_.poses.size() < most_taken)
        take_.poses.emplace_back(studio_.now() - take_.since, shown());
    asked_.push_back({studio_.document().pictures, player_.frame()});
    if (asked_.size() > remembered_frames) asked_.pop_front();
}

void MotionService::picture_shown(std::uint64_t version) {
    if (!player_.playing()) return;
    for (auto asked = asked_.rbegin(); asked != asked_.rend(); ++asked)
        if (asked->version <= version) return player_.picture_shown(studio_.now(), asked->frame);
}

void MotionService::close() {
    player_.close();
    recorded_.reset();
    neutral_.reset();
    take_ = {};
}

void MotionService::record(bool on) {
    if (on) take_ = {{}, driven(), true, studio_.now()};
    take_.running = on;
}

// ---- as the document has it ----

const MotionEdit& MotionService::edit() const {
    static const MotionEdit none;
    const auto& edits = studio_.document().state.motions->of;
    const auto it = edits.find(name());
    return it == edits.end() ? none : it->second;
}

void MotionService::change_edit(const std::function<void(MotionEdit&)>& change) {
    auto& edits = studio_.state().motions.edit().of;
    change(edits[name()]);
    if (edits[name()] == MotionEdit{}) edits.erase(name());
}

RetargetOptions MotionService::options() const {
    RetargetOptions first;
    first.relative = kind_ == MotionKind::tracked && neutral_.has_value();
    return edit().retarget.value_or(first);
}

std::shared_ptr<const PoseSource> MotionService::made() const {
    const RetargetOptions options = this->options();
    if (kind_ == MotionKind::keys || options == RetargetOptions{}) return recorded_;
    const std::optional<KeptNeutral>& kept = edit().neutral;
    const std::optional<PoseSample> neutral = kept ? neutral_for(*recorded_, *kept) : neutral_;
    return retarget(recorded_, options, neutral ? &*neutral : nullptr);
}

void MotionService::refresh() {
    if (!recorded_) return;
    const bool other_keys = kind_ == MotionKind::keys && made_keys_ != studio_.document().state.keys.version();
    if (other_keys && studio_.document().has_avatar()) {
        made_keys_ = studio_.document().state.keys.version();
        recorded_ = std::make_shared<const KeyedMotion>(*studio_.document().model(), *studio_.document().state.keys);
    }
    const MotionEdit& edit = this->edit();
    const RetargetOptions options = this->options();
    if (options.relative && !neutral_ && !neutral_sought_ && recorded_->track()) {
        neutral_sought_ = true;
        neutral_ = neutral_of(*recorded_->track());
    }
    player_.set_range(edit.in, edit.out);
    if (!other_keys && made_of_ == recorded_ && options == made_options_ && edit.neutral == made_neutral_) return;
    made_of_ = recorded_;
    made_options_ = options;
    made_neutral_ = edit.neutral;
    player_.exchange(made());
    studio_.redraw();
}

void MotionService::exchange(std::shared_ptr<const PoseSource> source) {
    recorded_ = std::move(source);
    refresh();
}

void MotionService::found_neutral(PoseSample neutral) {
    neutral_ = std::move(neutral);
    made_of_.reset();
    refresh();
}

void MotionService::play_keys() {
    const HeadModel& model = *studio_.document().model();
    play(std::make_shared<const KeyedMotion>(model, *studio_.document().state.keys), keys_title, MotionKind::keys);
}

double MotionService::playhead() const { return player_.loaded() && !player_.live() ? player_.time() : 0; }

std::shared_ptr<const ExpressionMatch> MotionService::match() const {
    if (kind_ == MotionKind::keys || !recorded_ || !studio_.document().avatar().rest) return nullptr;
    know_face();
    return is_made_for(*recorded_, face_) ? nullptr : match_;
}

void MotionService::know_face() const {
    const Avatar& avatar = studio_.document().avatar();
    if (match_of_ == avatar.rest) return;
    match_ = std::make_shared<const ExpressionMatch>(*avatar.model, avatar.head());
    match_of_ = avatar.rest;
    face_ = face_stamp(avatar);
}

std::string MotionService::face() const {
    know_face();
    return face_;
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
    const Part<HeadPose>& own = studio_.document().state.pose;
    if (!player_.has_pose()) return *own;
    auto match = this->match();
    if (!sampled_ || sampled_->looks != player_.looks() || sampled_->own != own.version() || sampled_->match != match) {
        HeadPose pose = *own;
        player_.apply(*studio_.document().model(), pose);
        if (match) {
            const DrivenParts parts = driven();
            match->apply(player_.sample().face, pose, &parts.controls);
        }
        sampled_ = {player_.looks(), own.version(), std::move(match), std::move(pose)};
    }
    return sampled_->pose;
}

HeadPose MotionService::shown() const {
    if (!player_.has_pose()) return *studio_.document().state.pose;
    return add_offset(*studio_.document().model(), driven(), sampled(), offset());
}

std::function<HeadPose(double)> MotionService::poses(bool own_values) const {
    if (!recorded_ || !recorded_->duration() || !studio_.document().has_avatar()) return {};
    // What another thread samples is its own.
    return [source = made(), model = studio_.document().state.avatar.model, own = *studio_.document().state.pose,
            match = own_values ? nullptr : match(), added = offset(), parts = driven(),
            in = player_.in()](double seconds) {
        HeadPose pose = own;
        PoseSample sample;
        if (!source->sample(in + seconds, sample)) return pose;
        apply_sample(source->names(), sample, *model, pose);
        if (match) match->apply(sample.face, pose, &parts.controls);
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
    if (DriverService::drives(file)) return studio_.driver().open(file);
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
                                 "; choose a video or one of " + file_endings(FileContent::motion) + ".",
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

void MotionService::play(std::shared_ptr<const PoseSource> source, const std::string& title, MotionKind kind,
                         std::optional<PoseSample> neutral) {
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
    close();
    kind_ = kind;
    recorded_ = std::move(source);
    neutral_ = std::move(neutral);
    neutral_sought_ = false;
    player_.open(recorded_, title);
    made_of_ = recorded_;
    made_options_ = {};
    made_neutral_.reset();
    made_keys_ = studio_.document().state.keys.version();
    refresh();
    asked_.clear();
    studio_.redraw();
}

void MotionService::add_commands(CommandRegistry& registry) {
    Studio& s = studio_;
    registry.add({"motion.open",
                  "Open motion...",
                  "Motion",
                  "Opens a recorded expression track with ARKit names (" + file_endings(FileContent::motion) +
                      "), or tracks a video of somebody, who then drives the avatar.",
                  {optional_argument(text_argument("path", "The file, or a folder of pictures"))},
                  "",
                  false,
                  "",
                  {},
                  [this, &s](const Arguments& a) {
                      return with_path(s, a,
                                       {"motion.open", "Open a motion or a video", "", motion_patterns(), false, {}},
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
    simple("close", "Close motion", "Goes back to the pose of one's own.", "", [this](MotionPlayer&) { close(); });
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

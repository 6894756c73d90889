// What a person makes of a motion: its part that plays, how it is retargeted, key poses, what is recorded of it.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/geometry/rotation.h"
#include "core/motion/motion_track.h"
#include "core/studio/command_parts.h"

namespace likeness {
namespace {

constexpr double most_motion_seconds = 1e6;
constexpr double most_gain = 3;

std::function<std::string()> needs_retargeting(const Studio& s) {
    return [&s]() -> std::string {
        if (!s.motion().loaded()) return "Open a video or a motion first.";
        return s.motions().kind() == MotionKind::keys ? "Key poses are this avatar's own; open a video or a motion."
                                                      : "";
    };
}

// Undoable, of the motion that is open; `names` tells two sliders' drags apart.
void add_edit(Studio& s, const std::string& id, const std::string& title, const std::string& about,
              std::vector<ArgumentSpec> arguments, std::function<std::string()> unavailable,
              const std::function<Status(const Arguments&, MotionEdit&)>& change, const std::string& names = "") {
    s.commands().add({id, title, id.substr(0, id.find('.')) == "reenact" ? "Reenact" : "Motion", about,
                      std::move(arguments),
                      id == "motion.in"    ? "I"
                      : id == "motion.out" ? "O"
                                           : "",
                      true, names, std::move(unavailable), [&s, change](const Arguments& a) -> Status {
                          Status status;
                          s.motions().change_edit([&](MotionEdit& edit) { status = change(a, edit); });
                          return status;
                      }});
}

// ---- the part that plays ----

void add_range(Studio& s) {
    const auto seconds = [](const std::string& what) {
        return optional_argument(
            number_argument("seconds", what + "; the present time unless given", 0, most_motion_seconds, "s"));
    };
    const auto at = [&s](const Arguments& a) {
        return a.has("seconds") ? a.number("seconds") : s.motions().playhead();
    };
    const double none = MotionEdit().out;
    add_edit(s, "motion.in", "Set in point", "The motion plays from there on, and films of it begin there.",
             {seconds("From the motion's beginning")}, needs_recording(s),
             [at, none](const Arguments& a, MotionEdit& edit) -> Status {
                 edit.in = at(a);
                 if (edit.out <= edit.in) edit.out = none;
                 return {};
             });
    add_edit(s, "motion.out", "Set out point", "The motion plays up to there, and films of it end there.",
             {seconds("From the motion's beginning")}, needs_recording(s),
             [at](const Arguments& a, MotionEdit& edit) -> Status {
                 if (at(a) <= 0) return studio_error("The out point comes after the motion's beginning.");
                 edit.out = at(a);
                 if (edit.in >= edit.out) edit.in = 0;
                 return {};
             });
    add_edit(
        s, "motion.whole", "Clear in and out points", "The whole motion plays again.", {},
        [&s]() -> std::string {
            const MotionEdit& edit = s.motions().edit();
            return edit.in > 0 || std::isfinite(edit.out) ? "" : "No in or out point is set.";
        },
        [none](const Arguments&, MotionEdit& edit) -> Status {
            edit.in = 0;
            edit.out = none;
            return {};
        });
}

// ---- retargeting ----

std::size_t group_of(const std::string& name) {
    return std::size_t(std::find(motion_group_names.begin(), motion_group_names.end(), name) -
                       motion_group_names.begin());
}

void add_reenact(Studio& s) {
    const auto ready = needs_retargeting(s);
    // Those that it has now are what is changed.
    const auto add_option = [&](const std::string& id, const std::string& title, const std::string& about,
                                std::vector<ArgumentSpec> arguments,
                                const std::function<void(const Arguments&, RetargetOptions&, MotionEdit&)>& change,
                                const std::string& names = "") {
        add_edit(
            s, id, title, about, std::move(arguments), ready,
            [&s, change](const Arguments& a, MotionEdit& edit) -> Status {
                RetargetOptions options = s.motions().options();
                change(a, options, edit);
                edit.retarget = options;
                return {};
            },
            names);
    };
    std::vector<std::string> groups(motion_group_names.begin(), motion_group_names.end());
    add_option("reenact.relative", "Relative to the neutral face",
               "Movements count from the driver's neutral face, or expressions are taken over as they are.",
               {with_default(flag_argument("on", "From the neutral, or as they are"), true)},
               [](const Arguments& a, RetargetOptions& options, MotionEdit&) { options.relative = a.flag("on"); });
    add_option(
        "reenact.gain", "Gain", "How much of the driver's movement the avatar makes; 0 freezes, 1 is all of it.",
        {choice_argument("group", "What moves", groups),
         number_argument("value", "Times the movement", 0, most_gain, "times")},
        [](const Arguments& a, RetargetOptions& options, MotionEdit&) {
            options.gain[group_of(a.text("group"))] = float(a.number("value"));
        },
        "group");
    add_option("reenact.smoothing", "Smoothing", "Steadies the motion; fast movements stay.",
               {number_argument("value", "0 none to 1 strong", 0, 1)},
               [](const Arguments& a, RetargetOptions& options, MotionEdit&) {
                   options.smoothing = float(a.number("value"));
               });
    add_option(
        "reenact.freeze", "Freeze", "Holds head or torso still, and gives them back the gain that they had.",
        {choice_argument("part", "What is held", {"head", "torso"}),
         with_default(flag_argument("on", "Held or free"), true)},
        [](const Arguments& a, RetargetOptions& options, MotionEdit& edit) {
            const std::size_t g = group_of(a.text("part") == "head" ? "head" : "body");
            float &gain = options.gain[g], &thawed = edit.thawed[g];
            if (a.flag("on") && gain > 0) {
                thawed = gain;
                gain = 0;
            } else if (!a.flag("on") && gain == 0) {
                gain = thawed > 0 ? thawed : 1;
                thawed = 1;
            }
        },
        "part");
    add_edit(
        s, "reenact.calibrate", "Calibrate",
        "Takes the face that the driver makes now for the neutral one, from which movements count.", {},
        [&s, ready]() -> std::string {
            const std::string why = ready();
            if (why.empty() && s.driver().provisional()) return "The video is still being tracked.";
            return !why.empty() || s.motion().has_pose() ? why : "The driver has shown no face yet.";
        },
        [&s](const Arguments&, MotionEdit& edit) -> Status {
            const PoseSource& source = *s.motions().recorded();
            KeptNeutral kept;
            if (!source.sample(s.motion().time(), kept.sample)) return studio_error("The driver has no face there.");
            kept.names = source.names();
            edit.neutral = std::move(kept);
            RetargetOptions options = s.motions().options();
            options.relative = true;
            edit.retarget = options;
            return {};
        });
    add_edit(s, "reenact.reset", "Reset retargeting",
             "Gains, smoothing and the neutral face are again as they were when the motion was opened.", {}, ready,
             [](const Arguments&, MotionEdit& edit) -> Status {
                 edit.retarget.reset();
                 edit.neutral.reset();
                 edit.thawed = MotionEdit().thawed;
                 return {};
             });
}

// ---- key poses ----

void add_keys(Studio& s) {
    const auto seconds = [](const std::string& name, const std::string& what) {
        return number_argument(name, what, 0, most_key_seconds, "s");
    };
    const auto present =
        optional_argument(seconds("seconds", "From the motion's beginning; the present time unless given"));
    const auto add = [&](const std::string& id, const std::string& title, const std::string& about,
                         std::vector<ArgumentSpec> arguments, std::function<std::string()> unavailable,
                         std::function<Status(const Arguments&)> run) {
        s.commands().add({"key." + id, title, "Motion", about, std::move(arguments), id == "add" ? "K" : "",
                          id != "play", "", std::move(unavailable), std::move(run)});
    };
    const auto needs_keys = [&s]() -> std::string {
        if (!s.document().has_avatar()) return "Open a portrait or an avatar first.";
        return s.document().state.keys->keys.empty() ? "There are no key poses yet; 'key.add' makes one." : "";
    };
    const auto at = [&s](const Arguments& a) {
        return a.has("seconds") ? a.number("seconds") : s.motions().playhead();
    };
    const auto no_key = [](double when) {
        return studio_error("There is no key pose at " + std::to_string(when).substr(0, 5) + " s.");
    };
    add("add", "Add key pose",
        "Keeps the pose that is shown as a key pose at that time, or takes it for the one there.", {present},
        needs_avatar(s), [&s, at](const Arguments& a) -> Status {
            if (at(a) > most_key_seconds) return studio_error("Key poses lie within an hour.");
            if (!s.motion().loaded()) s.motions().play_keys();
            const HeadPose pose = s.shown_pose();
            if (!s.state().keys.edit().put(at(a), pose)) return studio_error("There are too many key poses.");
            // It is in the key now.
            if (s.motions().kind() == MotionKind::keys && s.motions().has_offset())
                s.state().offsets.edit().of.erase(s.motions().name());
            return {};
        });
    add("remove", "Remove key pose", "Takes the key pose at that time away.", {present}, needs_keys,
        [&s, at, no_key](const Arguments& a) -> Status {
            KeyPoses& poses = s.state().keys.edit();
            const std::size_t key = poses.at(at(a));
            if (key == poses.keys.size()) return no_key(at(a));
            poses.keys.erase(poses.keys.begin() + std::ptrdiff_t(key));
            return {};
        });
    add("move", "Move key pose", "Brings a key pose to another time; it takes the place of one that is there.",
        {seconds("from", "Its time"), seconds("to", "Its new time")}, needs_keys,
        [&s, no_key](const Arguments& a) -> Status {
            KeyPoses& poses = s.state().keys.edit();
            const std::size_t key = poses.at(a.number("from"));
            if (key == poses.keys.size()) return no_key(a.number("from"));
            poses.move(key, a.number("to"));
            return {};
        });
    add("length", "Length of the key poses", "How long the key poses play, at least to the last of them.",
        {number_argument("seconds", "From the first moment", 0.1, most_key_seconds, "s")}, needs_avatar(s),
        [&s](const Arguments& a) -> Status {
            KeyPoses& poses = s.state().keys.edit();
            poses.length = std::max(a.number("seconds"), poses.keys.empty() ? 0.0 : poses.keys.back().seconds);
            return {};
        });
    add("play", "Play key poses", "Opens the key poses as the motion, in the place of the one that is open.", {},
        needs_keys, [&s](const Arguments&) -> Status {
            s.motions().play_keys();
            s.motions().start();
            return {};
        });
}

// ---- what is recorded ----

Eigen::Vector3f head_turn(const HeadModel& model, const HeadPose& pose) {
    return axis_angle_of(rotation_matrix(pose.joints.col(model.joints.neck)) *
                         rotation_matrix(pose.joints.col(model.joints.head)));
}

// The driven controls of poses at times, as a recording.
MotionTrack track_of_poses(const HeadModel& model, const DrivenParts& driven, double rate, std::size_t count,
                           const std::function<std::pair<double, HeadPose>(std::size_t)>& pose_at) {
    MotionTrack track;
    track.frame_seconds = 1 / rate;
    for (std::size_t c = 0; c < driven.controls.size(); ++c)
        if (driven.controls[c]) track.names.push_back(model.control_names[c]);
    const bool head = driven.joints[std::size_t(model.joints.head)];
    for (std::size_t f = 0; f < count; ++f) {
        const auto [seconds, pose] = pose_at(f);
        track.times.push_back(seconds);
        for (std::size_t c = 0; c < driven.controls.size(); ++c)
            if (driven.controls[c]) track.weights.push_back(std::clamp(pose.controls[Eigen::Index(c)], -1.0f, 2.0f));
        if (head) track.head.push_back(head_turn(model, pose));
    }
    return track;
}

Status save_shown(Studio& s, const std::filesystem::path& file) {
    if (Status may = s.may_write(file); !may) return may;
    const MotionService::Take& take = s.motions().take();
    const bool taken = take.poses.size() > 1;
    // A recording's own values stay what they are; what is measured on another face, added or taken is as this face
    // makes it.
    const bool own = !taken && s.motions().kind() == MotionKind::curves && !s.motions().has_offset();
    const auto poses = s.motions().poses(own);
    if (!taken && !poses) return studio_error("A live motion is saved from a recording; 'motion.record' makes one.");
    const double rate = s.motion().source()->rate();
    const auto frames = std::size_t(std::max(1.0, std::round(s.motion().played() * rate)));
    const MotionTrack* const source = s.motions().recorded()->track();
    const std::string made_for = !own ? s.motions().face() : source ? source->made_for : "";
    s.jobs().start(
        "Saving " + file.filename().string(),
        [file, model = s.document().state.avatar.model, taken, poses, rate, frames, made_for,
         take = taken ? take : MotionService::Take{{}, s.motions().driven()}](Progress& progress) -> Status {
            const auto at = [&](std::size_t f) -> std::pair<double, HeadPose> {
                progress.report(double(f) / double(frames), "Writing the motion");
                if (taken) return {take.poses[f].first - take.poses[0].first, take.poses[f].second};
                return {double(f) / rate, poses(double(f) / rate)};
            };
            MotionTrack track = track_of_poses(*model, take.driven, rate, taken ? take.poses.size() : frames, at);
            track.made_for = made_for;
            return save_motion(file, track);
        },
        [&s, file](const Status& status) {
            if (status)
                s.messages().info("Saved '" + file.string() + "'.");
            else if (status.error().code != ErrorCode::cancelled)
                s.messages().error(status.error());
        },
        {.target = file});
    return {};
}

void add_recording(Studio& s) {
    const auto ready = [&s]() -> std::string {
        if (!s.document().has_avatar()) return "Open a portrait or an avatar first.";
        return s.motion().loaded() ? "" : "Open a motion first.";
    };
    s.commands().add({"motion.record",
                      "Record what plays",
                      "Motion",
                      "Takes the poses as they are shown until it is ended, for 'Save motion'.",
                      {with_default(flag_argument("on", "Begin or end"), true)},
                      "",
                      false,
                      "",
                      ready,
                      [&s](const Arguments& a) -> Status {
                          if (a.flag("on") == s.motions().take().running)
                              return studio_error(a.flag("on") ? "It is being recorded already."
                                                               : "Nothing is being recorded.");
                          s.motions().record(a.flag("on"));
                          return {};
                      }});
    s.commands().add(
        {"motion.save",
         "Save motion...",
         "Motion",
         "Writes what was recorded, or else the motion between its in and out points, with ARKit names (.json): "
         "recorded "
         "curves with their own values, all else as the avatar makes it.",
         {optional_argument(text_argument("path", "The file"))},
         "",
         false,
         "",
         ready,
         [&s](const Arguments& a) {
             return with_path(
                 s, a, {"motion.save", "Save the motion", s.document().name + "-motion.json", {"*.json"}, true, {}},
                 [&](const std::string& file) { return save_shown(s, file); });
         }});
}

}  // namespace

void add_motion_commands(Studio& s) {
    add_range(s);
    add_reenact(s);
    add_keys(s);
    add_recording(s);
}

}  // namespace likeness

// Expressions, joints, poses as a whole and their presets.
#include <algorithm>
#include <numbers>

#include "core/studio/command_parts.h"
#include "core/document/pose_tools.h"

namespace likeness {
namespace {

using PoseChange = std::function<Status(const Arguments&, const HeadModel&, HeadPose&)>;

// Sets something of what is shown; an error of `change` leaves everything as it was.
Run edit_shown(Studio& studio, PoseChange change) {
    return [&studio, change = std::move(change)](const Arguments& arguments) -> Status {
        HeadPose pose = studio.shown_pose();
        if (Status changed = change(arguments, *studio.document().model(), pose); !changed) return changed;
        studio.motions().edit_shown(pose);
        return {};
    };
}

// The same for a pose as a whole: of what a motion drives, `change` sees and makes what is added to it.
Run edit_layer(Studio& studio, PoseChange change) {
    return [&studio, change = std::move(change)](const Arguments& arguments) -> Status {
        HeadPose pose = studio.motions().layer();
        if (Status changed = change(arguments, *studio.document().model(), pose); !changed) return changed;
        studio.motions().edit_layer(pose);
        return {};
    };
}

// For the palette, which asks for arguments.
std::vector<std::string> control_names(const Studio& s) {
    return s.document().has_avatar() ? s.document().model()->control_names : std::vector<std::string>{};
}
std::vector<std::string> kept_presets(const Studio& s) {
    std::vector<std::string> names;
    for (const auto& [name, pose] : s.settings().pose_presets) names.push_back(name);
    return names;
}

}  // namespace

void add_pose_commands(Studio& s) {
    CommandRegistry& registry = s.commands();
    const auto joint_names = [&s] {
        return s.document().has_avatar() ? s.document().model()->joint_names : std::vector<std::string>{};
    };
    const auto control_argument =
        with_suggestions(text_argument("name", "The expression, as jawOpen"), [&s] { return control_names(s); });
    registry.add({"pose.set_expression",
                  "Expression",
                  "Pose",
                  "Sets one of the named expressions; 0 is neutral, 1 is full, a little more or less exaggerates.",
                  {control_argument, number_argument("value", "How much", least_control, most_control)},
                  "",
                  true,
                  "name",
                  needs_avatar(s),
                  edit_shown(s, [&s](const Arguments& a, const HeadModel& model, HeadPose& pose) -> Status {
                      const std::string name = a.text("name");
                      const auto value = float(a.number("value"));
                      if (Status set = set_control(model, name, value, pose); !set) return set;
                      if (s.document().symmetric)
                          pose.controls[model.mirror_control[std::size_t(model.control(name))]] = value;
                      return {};
                  })});
    registry.add({"pose.reset",
                  "Reset",
                  "Pose",
                  "Brings one expression or joint to rest.",
                  {with_suggestions(text_argument("name", "The expression or joint"),
                                    [&s, joint_names] {
                                        std::vector<std::string> names = control_names(s);
                                        for (const std::string& joint : joint_names()) names.push_back(joint);
                                        return names;
                                    })},
                  "",
                  true,
                  "name",
                  needs_avatar(s),
                  edit_layer(s, [&s](const Arguments& a, const HeadModel& model, HeadPose& pose) -> Status {
                      const std::string name = a.text("name");
                      const int control = model.control(name), joint = model.joint(name);
                      const bool both = s.document().symmetric;
                      if (control >= 0) {
                          const HeadPose rest = s.presets().layer_at_rest();
                          const int other = both ? model.mirror_control[std::size_t(control)] : control;
                          for (const int c : {control, other}) pose.controls[c] = rest.controls[c];
                      } else if (joint >= 0) {
                          pose.joints.col(joint).setZero();
                          if (both) pose.joints.col(model.mirror_joint[std::size_t(joint)]).setZero();
                      } else {
                          return studio_error("This head has no expression or joint '" + name + "'.");
                      }
                      return {};
                  })});
    registry.add(
        {"pose.reset_all",
         "At rest",
         "Pose",
         "Brings the whole face and head to rest: neutral, or the photograph's expression where that is chosen.",
         {},
         "Ctrl+0",
         true,
         "",
         needs_avatar(s),
         edit_layer(s, [&s](const Arguments&, const HeadModel&, HeadPose& pose) -> Status {
             pose = s.presets().layer_at_rest();
             return {};
         })});
    registry.add({"pose.reset_expressions",
                  "Reset expressions",
                  "Pose",
                  "Brings all expressions to rest; the head stays turned.",
                  {},
                  "",
                  true,
                  "",
                  needs_avatar(s),
                  edit_layer(s, [&s](const Arguments&, const HeadModel&, HeadPose& pose) -> Status {
                      pose.controls = s.presets().layer_at_rest().controls;
                      return {};
                  })});
    registry.add({"pose.rest",
                  "Face at rest",
                  "Pose",
                  "What a face at rest is: neutral, or as in the photograph. A face that is at rest goes with it.",
                  {choice_argument("expression", "Which", {"neutral", "photograph"})},
                  "",
                  true,
                  "",
                  needs_avatar(s),
                  edit_layer(s, [&s](const Arguments& a, const HeadModel&, HeadPose& pose) -> Status {
                      const bool resting = pose.controls == s.presets().layer_at_rest().controls;
                      s.settings().rest = a.text("expression");
                      s.settings_changed();
                      if (resting) pose.controls = s.presets().layer_at_rest().controls;
                      return {};
                  })});
    registry.add({"pose.reset_joints",
                  "Reset joints",
                  "Pose",
                  "Brings all joints back to neutral; expressions stay.",
                  {},
                  "",
                  true,
                  "",
                  needs_avatar(s),
                  edit_layer(s, [](const Arguments&, const HeadModel&, HeadPose& pose) -> Status {
                      pose.joints.setZero();
                      pose.translation.setZero();
                      return {};
                  })});
    registry.add({"pose.source",
                  "Photograph's pose",
                  "Pose",
                  "Takes the expression and head pose of the photograph.",
                  {},
                  "",
                  true,
                  "",
                  needs_avatar(s),
                  edit_layer(s, [&s](const Arguments&, const HeadModel&, HeadPose& pose) -> Status {
                      const HeadPose* source = photograph_pose(s);
                      if (!source) return studio_error("This avatar does not know the pose of its photograph.");
                      pose = *source;
                      return {};
                  })});
    registry.add({"pose.random",
                  "Random face",
                  "Pose",
                  "A plausible face by chance; the same seed gives the same one.",
                  {with_default(integer_argument("seed", "Any whole number; -1 takes a new one", -1, 9e15), -1),
                   with_default(number_argument("strength", "How strong, 1 is normal", 0, 2), 1)},
                  "Ctrl+R",
                  true,
                  "",
                  needs_avatar(s),
                  edit_layer(s, [&s](const Arguments& a, const HeadModel& model, HeadPose& pose) -> Status {
                      const double given = a.number("seed");
                      const std::uint64_t seed = given >= 0 ? std::uint64_t(given) : s.scene().version * 7919 + 17;
                      pose = random_pose(model, seed, float(a.number("strength")));
                      return {};
                  })});
    registry.add({"pose.mirror",
                  "Mirror",
                  "Pose",
                  "Swaps the left and right sides of the pose.",
                  {},
                  "Ctrl+M",
                  true,
                  "",
                  needs_avatar(s),
                  edit_layer(s, [](const Arguments&, const HeadModel& model, HeadPose& pose) -> Status {
                      pose = pose.mirrored(model);
                      return {};
                  })});
    registry.add({"pose.symmetric",
                  "Symmetric editing",
                  "Pose",
                  "Whether a change on one side is made on the other too.",
                  {with_default(flag_argument("on", "Both sides or one"), true)},
                  "",
                  false,
                  "",
                  {},
                  [&s](const Arguments& a) -> Status {
                      s.set_symmetric(a.flag("on"));
                      return {};
                  }});
    registry.add({"pose.set_joint",
                  "Joint",
                  "Pose",
                  "Turns a joint about its axes, in degrees, kept within its limits.",
                  {with_suggestions(text_argument("joint", "root, neck, head, jaw, eye_left or eye_right"),
                                    joint_names),
                   optional_argument(number_argument("x", "About the axis to the subject's left: down is positive",
                                                     -180, 180, "degrees")),
                   optional_argument(number_argument("y", "About the upward axis: to the subject's left is positive",
                                                     -180, 180, "degrees")),
                   optional_argument(number_argument(
                       "z", "About the axis out of the face: to the subject's right shoulder is positive", -180, 180,
                       "degrees"))},
                  "",
                  true,
                  "joint",
                  needs_avatar(s),
                  edit_shown(s, [](const Arguments& a, const HeadModel& model, HeadPose& pose) -> Status {
                      const auto turn = [&a](const char* axis) {
                          return a.has(axis) ? std::optional(float(a.number(axis) * degree)) : std::nullopt;
                      };
                      return set_joint(model, a.text("joint"), {turn("x"), turn("y"), turn("z")}, pose);
                  })});
    registry.add({"pose.head",
                  "Turn the head",
                  "Pose",
                  "Turns the head, shared by neck and head joint, in degrees.",
                  {with_default(number_argument("yaw", "To the subject's left", -90, 90, "degrees"), 0),
                   with_default(number_argument("pitch", "Up", -90, 90, "degrees"), 0),
                   with_default(number_argument("roll", "Towards the subject's left shoulder", -90, 90, "degrees"), 0)},
                  "",
                  true,
                  "",
                  needs_avatar(s),
                  edit_shown(s, [](const Arguments& a, const HeadModel& model, HeadPose& pose) -> Status {
                      set_head(model, float(a.number("yaw") * degree), float(a.number("pitch") * degree),
                               float(a.number("roll") * degree), pose);
                      return {};
                  })});
    registry.add({"pose.gaze",
                  "Gaze",
                  "Pose",
                  "Where the eyes look, from -1 to 1 of their range.",
                  {number_argument("x", "To the subject's left", -1, 1), number_argument("y", "Up", -1, 1)},
                  "",
                  true,
                  "",
                  needs_avatar(s),
                  edit_shown(s, [](const Arguments& a, const HeadModel& model, HeadPose& pose) -> Status {
                      set_gaze(model, float(a.number("x")), float(a.number("y")), pose);
                      return {};
                  })});
    registry.add({"pose.copy",
                  "Copy pose",
                  "Pose",
                  "Puts the pose on the clipboard, as JSON.",
                  {},
                  "Ctrl+C",
                  false,
                  "",
                  needs_avatar(s),
                  [&s](const Arguments&) -> Status {
                      s.set_clipboard(pose_to_text(*s.document().model(), s.shown_pose()));
                      return {};
                  }});
    registry.add({"pose.paste",
                  "Paste pose",
                  "Pose",
                  "Takes the pose from the clipboard.",
                  {optional_argument(text_argument("text", "A pose as JSON, instead of the clipboard's"))},
                  "Ctrl+V",
                  true,
                  "",
                  needs_avatar(s),
                  edit_layer(s, [&s](const Arguments& a, const HeadModel& model, HeadPose& pose) -> Status {
                      auto read = pose_from_text(model, a.has("text") ? a.text("text") : s.clipboard());
                      if (!read) return read.error();
                      pose = *std::move(read);
                      return {};
                  })});
    registry.add({"pose.preset.save",
                  "Save preset",
                  "Pose",
                  "Keeps the pose under a name.",
                  {text_argument("name", "The preset's name")},
                  "",
                  false,
                  "",
                  needs_avatar(s),
                  [&s](const Arguments& a) -> Status {
                      if (a.text("name").empty()) return studio_error("A preset needs a name.");
                      s.settings().pose_presets[a.text("name")] = pose_to_text(*s.document().model(), s.shown_pose());
                      s.settings_changed();
                      return {};
                  }});
    registry.add({"pose.preset.apply",
                  "Apply preset",
                  "Pose",
                  "Mixes a kept or ready-made pose into the present one; again, at another strength, takes its place.",
                  {with_suggestions(text_argument("name", "The preset's name"), [&s] { return s.presets().names(); }),
                   with_default(number_argument("strength", "Share of it", 0, 1), 1)},
                  "",
                  true,
                  "name",
                  needs_avatar(s),
                  edit_layer(s, [&s](const Arguments& a, const HeadModel&, HeadPose& pose) -> Status {
                      auto mixed = s.presets().mixed(a.text("name"), float(a.number("strength")), pose);
                      if (!mixed) return mixed.error();
                      pose = *std::move(mixed);
                      return {};
                  })});
    registry.add({"pose.preset.delete",
                  "Delete preset",
                  "Pose",
                  "Forgets a kept pose.",
                  {with_suggestions(text_argument("name", "The preset's name"), [&s] { return kept_presets(s); })},
                  "",
                  false,
                  "",
                  {},
                  [&s](const Arguments& a) -> Status {
                      if (s.settings().pose_presets.erase(a.text("name")) == 0)
                          return studio_error("There is no kept preset '" + a.text("name") + "'.");
                      s.settings_changed();
                      return {};
                  }});
}

}  // namespace likeness

// Training, motion, history, tasks and preferences.
#include <algorithm>

#include "core/studio/command_parts.h"

namespace likeness {

void add_training_commands(CommandRegistry& registry) {
    const auto steer = [&](const std::string& what, const std::string& title, const std::string& tooltip,
                           const std::string& shortcut, std::function<std::string(const Studio&)> unavailable) {
        registry.add({"train." + what,
                      title,
                      "Training",
                      tooltip,
                      {},
                      shortcut,
                      false,
                      "",
                      std::move(unavailable),
                      [what](Studio& s, const Arguments&) { return s.steer_training(what); }});
    };
    const auto state_is = [](std::initializer_list<TrainingState> states, const char* why) {
        return [states = std::vector<TrainingState>(states), why](const Studio& s) -> std::string {
            return std::find(states.begin(), states.end(), s.training().state) != states.end() ? "" : why;
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
                  [](const Studio& s) { return s.training_unavailable(); },
                  [](Studio& s, const Arguments&) { return s.start_training(); }});
    steer("pause", "Pause training", "Lets the trainer wait; nothing is lost.", "",
          state_is({TrainingState::running}, "Nothing is being trained."));
    steer("resume", "Resume training", "Lets a paused trainer go on.", "",
          state_is({TrainingState::paused}, "Training is not paused."));
    steer("stop", "Stop training", "Ends training after the step in hand and keeps what was learned.", "",
          state_is({TrainingState::running, TrainingState::paused}, "Nothing is being trained."));
    registry.add({"train.toggle",
                  "Pause or resume training",
                  "Training",
                  "Pauses a running trainer, lets a paused one go on.",
                  {},
                  "Ctrl+Space",
                  false,
                  "",
                  state_is({TrainingState::running, TrainingState::paused}, "Nothing is being trained."),
                  [](Studio& s, const Arguments&) {
                      return s.steer_training(s.training().state == TrainingState::paused ? "resume" : "pause");
                  }});
    registry.add({"train.set_cap",
                  "Most Gaussians",
                  "Training",
                  "The most Gaussians that the next training may use.",
                  {integer_argument("value", "Gaussians", 1000, 2'000'000)},
                  "",
                  false,
                  "",
                  {},
                  [](Studio& s, const Arguments& a) {
                      return s.change_training([&](TrainerOptions& o) { o.cap = std::size_t(a.integer("value")); });
                  }});
    registry.add({"train.set_resolution",
                  "Training resolution",
                  "Training",
                  "Side of the pictures that the next training looks at, in pixels.",
                  {integer_argument("value", "Pixels", 64, 2048, "pixels")},
                  "",
                  false,
                  "",
                  {},
                  [](Studio& s, const Arguments& a) {
                      return s.change_training([&](TrainerOptions& o) { o.resolution = a.integer("value"); });
                  }});
    registry.add({"train.set_steps",
                  "Training steps",
                  "Training",
                  "Steps of the next training.",
                  {integer_argument("value", "Steps", 0, 100'000)},
                  "",
                  false,
                  "",
                  {},
                  [](Studio& s, const Arguments& a) {
                      return s.change_training([&](TrainerOptions& o) { o.steps = a.integer("value"); });
                  }});
    registry.add({"source.choose_face",
                  "Choose face",
                  "Training",
                  "Makes the avatar of another face in the photograph.",
                  {integer_argument("face", "Which, 0 is the largest", 0, 1000)},
                  "",
                  false,
                  "",
                  [](const Studio& s) {
                      return s.document().source && !s.document().source->file.empty() ? ""
                                                                                       : "Open a photograph first.";
                  },
                  [](Studio& s, const Arguments& a) { return s.prepare_face(a.integer("face")); }});
    registry.add({"source.refit",
                  "Fit again",
                  "Training",
                  "Fits head and hair to the photograph again and trains from the beginning.",
                  {},
                  "",
                  false,
                  "",
                  [](const Studio& s) {
                      return s.document().source && !s.document().source->file.empty() ? ""
                                                                                       : "Open a photograph first.";
                  },
                  [](Studio& s, const Arguments&) { return s.prepare_face(std::max(0, s.document().source->face)); }});
}

void add_motion_commands(CommandRegistry& registry) {
    registry.add({"motion.open",
                  "Open motion...",
                  "Motion",
                  "Opens a recorded expression track (JSON or CSV with ARKit names).",
                  {optional_argument(text_argument("path", "The file"))},
                  "",
                  false,
                  "",
                  {},
                  [](Studio& s, const Arguments& a) {
                      return with_path(s, a, {"motion.open", "Open a motion", "", {"*.json", "*.csv"}, false, {}},
                                       [&](const std::string& file) { return s.open_motion(file); });
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
                      needs_motion,
                      [run = std::move(run)](Studio& s, const Arguments&) -> Status {
                          run(s.player());
                          s.redraw();
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
                  needs_motion,
                  [](Studio& s, const Arguments& a) -> Status {
                      s.player().seek(a.number("seconds"));
                      s.redraw();
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
                  needs_motion,
                  [](Studio& s, const Arguments& a) -> Status {
                      s.player().pause();
                      s.player().seek(s.motion().time() + a.integer("frames") * s.motion().track()->frame_seconds);
                      s.redraw();
                      return {};
                  }});
    registry.add({"motion.loop",
                  "Loop",
                  "Motion",
                  "Whether the motion begins again at its end.",
                  {with_default(flag_argument("on", "Loop or not"), true)},
                  "",
                  false,
                  "",
                  {},
                  [](Studio& s, const Arguments& a) -> Status {
                      s.player().loop = a.flag("on");
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
                  [](Studio& s, const Arguments& a) -> Status {
                      s.player().speed = a.number("value");
                      return {};
                  }});
}

void add_studio_commands(CommandRegistry& registry) {
    registry.add({"edit.undo",
                  "Undo",
                  "Edit",
                  "Takes the last change back.",
                  {},
                  "Ctrl+Z",
                  false,
                  "",
                  [](const Studio& s) { return s.history().position() > 0 ? "" : "There is nothing to undo."; },
                  [](Studio& s, const Arguments&) { return s.undo(); }});
    registry.add({"edit.redo",
                  "Redo",
                  "Edit",
                  "Does again what was taken back.",
                  {},
                  "Ctrl+Shift+Z",
                  false,
                  "",
                  [](const Studio& s) {
                      return s.history().position() < s.history().entries().size() ? "" : "There is nothing to redo.";
                  },
                  [](Studio& s, const Arguments&) { return s.redo(); }});
    registry.add({"edit.jump",
                  "Go to history",
                  "Edit",
                  "Undoes or redoes until that many entries of the history are applied.",
                  {integer_argument("position", "Entries that stay applied", 0, 1e9)},
                  "",
                  false,
                  "",
                  {},
                  [](Studio& s, const Arguments& a) { return s.jump_history(std::size_t(a.integer("position"))); }});
    registry.add({"task.cancel",
                  "Cancel task",
                  "Tasks",
                  "Ends a running task.",
                  {integer_argument("id", "The task's number", 0, 1e9)},
                  "",
                  false,
                  "",
                  {},
                  [](Studio& s, const Arguments& a) -> Status {
                      if (!s.jobs().running(a.integer("id"))) return studio_error("That task does not run any more.");
                      s.jobs().cancel(a.integer("id"));
                      return {};
                  }});
    registry.add({"task.cancel_all",
                  "Cancel all tasks",
                  "Tasks",
                  "Ends every running task that can be.",
                  {},
                  "",
                  false,
                  "",
                  [](const Studio& s) {
                      const std::vector<JobInfo> jobs = s.jobs().list();
                      const bool some = std::ranges::any_of(
                          jobs, [](const JobInfo& j) { return j.state == JobState::running && j.cancellable; });
                      return some ? "" : "No task is running that can be ended.";
                  },
                  [](Studio& s, const Arguments&) -> Status {
                      s.jobs().cancel_all();
                      return {};
                  }});
    registry.add({"task.clear",
                  "Clear tasks",
                  "Tasks",
                  "Forgets the tasks that ended.",
                  {},
                  "",
                  false,
                  "",
                  {},
                  [](Studio& s, const Arguments&) -> Status {
                      s.jobs().forget_ended();
                      return {};
                  }});
    registry.add({"log.clear",
                  "Clear log",
                  "Log",
                  "Empties the log.",
                  {},
                  "",
                  false,
                  "",
                  {},
                  [](Studio& s, const Arguments&) -> Status {
                      s.messages().clear();
                      return {};
                  }});

    const auto preference = [&](const std::string& what, const std::string& title, const std::string& tooltip,
                                ArgumentSpec value, std::function<void(Studio&, const Arguments&)> run) {
        registry.add({"settings." + what,
                      title,
                      "Preferences",
                      tooltip,
                      {std::move(value)},
                      "",
                      false,
                      "",
                      {},
                      [run = std::move(run)](Studio& s, const Arguments& a) -> Status {
                          run(s, a);
                          s.settings_changed();
                          return {};
                      }});
    };
    preference("theme", "Theme", "Light or dark panels.", choice_argument("value", "The theme", {"dark", "light"}),
               [](Studio& s, const Arguments& a) { s.settings().theme = a.text("value"); });
    preference("text_scale", "Text size", "Size of all text and controls, times the display's own scale.",
               number_argument("value", "1 is the normal size", 0.75, 3, "times"),
               [](Studio& s, const Arguments& a) { s.settings().text_scale = float(a.number("value")); });
    preference("device", "Device", "Where pictures and training are computed; training takes it from its next start.",
               choice_argument("value", "The device", {"auto", "cpu", "cuda"}),
               [](Studio& s, const Arguments& a) { s.set_device(a.text("value")); });
    preference("undo_memory", "Memory for undo",
               "The most memory that the history may take; the oldest entries go first.",
               number_argument("value", "MiB", 1, 65536, "MiB"),
               [](Studio& s, const Arguments& a) { s.set_undo_cap(std::size_t(a.number("value") * 1048576)); });
    preference("autosave", "Autosave", "Seconds between autosaves of unsaved changes; 0 for never.",
               integer_argument("value", "Seconds", 0, 86400, "s"),
               [](Studio& s, const Arguments& a) { s.settings().autosave_seconds = a.integer("value"); });
    preference("add_folder", "Add data folder", "Adds a folder where dialogs begin and motions are looked for.",
               text_argument("path", "The folder"), [](Studio& s, const Arguments& a) {
                   auto& folders = s.settings().data_folders;
                   if (std::find(folders.begin(), folders.end(), a.text("path")) == folders.end())
                       folders.push_back(a.text("path"));
               });
    preference("remove_folder", "Remove data folder", "Forgets a data folder; nothing in it is touched.",
               text_argument("path", "The folder"),
               [](Studio& s, const Arguments& a) { std::erase(s.settings().data_folders, a.text("path")); });
}

void add_commands(CommandRegistry& registry) {
    add_file_commands(registry);
    add_studio_commands(registry);
    add_training_commands(registry);
    add_pose_commands(registry);
    add_shape_commands(registry);
    add_motion_commands(registry);
    add_view_commands(registry);
}

}  // namespace likeness

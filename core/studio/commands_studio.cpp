// History, tasks and preferences.
#include <algorithm>

#include "core/studio/command_parts.h"

namespace likeness {

void add_studio_commands(Studio& s) {
    CommandRegistry& registry = s.commands();
    registry.add({"edit.undo",
                  "Undo",
                  "Edit",
                  "Takes the last change back.",
                  {},
                  "Ctrl+Z",
                  false,
                  "",
                  [&s] { return s.history().position() > 0 ? "" : "There is nothing to undo."; },
                  [&s](const Arguments&) { return s.undo(); }});
    registry.add({"edit.redo",
                  "Redo",
                  "Edit",
                  "Does again what was taken back.",
                  {},
                  "Ctrl+Shift+Z",
                  false,
                  "",
                  [&s] {
                      return s.history().position() < s.history().entries().size() ? "" : "There is nothing to redo.";
                  },
                  [&s](const Arguments&) { return s.redo(); }});
    registry.add({"edit.jump",
                  "Go to history",
                  "Edit",
                  "Undoes or redoes until that many entries of the history are applied.",
                  {integer_argument("position", "Entries that stay applied", 0, 1e9)},
                  "",
                  false,
                  "",
                  {},
                  [&s](const Arguments& a) { return s.jump_history(std::size_t(a.integer("position"))); }});
    registry.add({"task.cancel",
                  "Cancel task",
                  "Tasks",
                  "Ends a running task.",
                  {integer_argument("id", "The task's number", 0, 1e9)},
                  "",
                  false,
                  "",
                  {},
                  [&s](const Arguments& a) -> Status {
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
                  [&s] {
                      const std::vector<JobInfo> jobs = s.jobs().list();
                      const bool some = std::ranges::any_of(
                          jobs, [](const JobInfo& j) { return j.state == JobState::running && j.cancellable; });
                      return some ? "" : "No task is running that can be ended.";
                  },
                  [&s](const Arguments&) -> Status {
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
                  [&s](const Arguments&) -> Status {
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
                  [&s](const Arguments&) -> Status {
                      s.messages().clear();
                      return {};
                  }});

    const auto preference = [&](const std::string& what, const std::string& title, const std::string& tooltip,
                                ArgumentSpec value, std::function<void(const Arguments&)> run) {
        registry.add({"settings." + what,
                      title,
                      "Preferences",
                      tooltip,
                      {std::move(value)},
                      "",
                      false,
                      "",
                      {},
                      [&s, run = std::move(run)](const Arguments& a) -> Status {
                          run(a);
                          s.settings_changed();
                          return {};
                      }});
    };
    preference("theme", "Theme", "Light or dark panels.", choice_argument("value", "The theme", {"dark", "light"}),
               [&s](const Arguments& a) { s.settings().theme = a.text("value"); });
    preference("text_scale", "Text size", "Size of all text and controls, times the display's own scale.",
               number_argument("value", "1 is the normal size", 0.75, 3, "times"),
               [&s](const Arguments& a) { s.settings().text_scale = float(a.number("value")); });
    preference("device", "Device", "Where pictures and training are computed; training takes it from its next start.",
               choice_argument("value", "The device", {"auto", "cpu", "cuda"}),
               [&s](const Arguments& a) { s.set_device(a.text("value")); });
    preference("undo_memory", "Memory for undo",
               "The most memory that the history may take; the oldest entries go first.",
               number_argument("value", "MiB", 1, 65536, "MiB"),
               [&s](const Arguments& a) { s.set_undo_cap(std::size_t(a.number("value") * 1048576)); });
    preference("autosave", "Autosave", "Seconds between autosaves of unsaved changes; 0 for never.",
               integer_argument("value", "Seconds", 0, 86400, "s"),
               [&s](const Arguments& a) { s.settings().autosave_seconds = a.integer("value"); });
    preference("add_folder", "Add data folder", "Adds a folder where dialogs begin and motions are looked for.",
               text_argument("path", "The folder"), [&s](const Arguments& a) {
                   auto& folders = s.settings().data_folders;
                   if (std::find(folders.begin(), folders.end(), a.text("path")) == folders.end())
                       folders.push_back(a.text("path"));
               });
    preference("remove_folder", "Remove data folder", "Forgets a data folder; nothing in it is touched.",
               text_argument("path", "The folder"),
               [&s](const Arguments& a) { std::erase(s.settings().data_folders, a.text("path")); });
}

}  // namespace likeness

// Opening, saving, recovering, and the end of the program.
#include "core/studio/command_parts.h"

namespace likeness {
namespace {

ArgumentSpec discard() { return with_default(flag_argument("discard", "Lose unsaved changes without asking"), false); }

std::string suggested(const Studio& studio, const std::string& ending) { return studio.document().name + ending; }

}  // namespace

void add_file_commands(CommandRegistry& registry) {
    const auto path = [](const std::string& what) { return optional_argument(text_argument("path", what)); };
    registry.add(
        {"file.open",
         "Open...",
         "File",
         "Opens a portrait (JPEG, PNG, WebP, TGA, BMP, PSD, HDR) and makes an avatar of it, or opens an avatar "
         "(.likeness), splats to look at (.ply) or a motion.",
         {path("The file"), discard()},
         "Ctrl+O",
         false,
         "",
         {},
         [](Studio& s, const Arguments& a) {
             return with_path(
                 s, a,
                 {"file.open", "Open", "", picture_patterns({"*.likeness", "*.ply", "*.json", "*.csv"}), false, {}},
                 [&](const std::string& file) { return s.open(file, a.flag("discard")); });
         }});
    registry.add({"file.open_recent",
                  "Open recent",
                  "File",
                  "Opens a file that was open before.",
                  {integer_argument("index", "Which, 0 is the newest", 0, 11), discard()},
                  "",
                  false,
                  "",
                  [](const Studio& s) { return s.settings().recent_files.empty() ? "No file was opened yet." : ""; },
                  [](Studio& s, const Arguments& a) -> Status {
                      const auto& recent = s.settings().recent_files;
                      const auto index = std::size_t(a.integer("index"));
                      if (index >= recent.size())
                          return studio_error("There are only " + std::to_string(recent.size()) + " recent files.");
                      return s.open(std::string(recent[index]), a.flag("discard"));
                  }});
    registry.add({"file.save",
                  "Save",
                  "File",
                  "Writes the avatar to its file.",
                  {},
                  "Ctrl+S",
                  false,
                  "",
                  needs_avatar,
                  [](Studio& s, const Arguments&) -> Status {
                      if (!s.document().path.empty()) return s.save(s.document().path);
                      return s.execute("file.save_as");
                  }});
    registry.add({"file.save_as",
                  "Save as...",
                  "File",
                  "Writes the avatar to a new file (.likeness).",
                  {path("The file")},
                  "Ctrl+Shift+S",
                  false,
                  "",
                  needs_avatar,
                  [](Studio& s, const Arguments& a) {
                      return with_path(
                          s, a,
                          {"file.save_as", "Save the avatar", suggested(s, ".likeness"), {"*.likeness"}, true, {}},
                          [&](const std::string& file) { return s.save(file); });
                  }});
    registry.add(
        {"file.export_ply",
         "Export splats...",
         "File",
         "Writes the avatar in its present pose, or the splats, as a 3D Gaussian Splatting PLY that other viewers "
         "read.",
         {path("The file"),
          with_default(flag_argument("sh3", "Pad to spherical harmonics of degree 3, for viewers that insist on it"),
                       false)},
         "Ctrl+E",
         false,
         "",
         needs_scene,
         [](Studio& s, const Arguments& a) {
             return with_path(s, a, {"file.export_ply", "Export splats", suggested(s, ".ply"), {"*.ply"}, true, {}},
                              [&](const std::string& file) { return s.export_ply(file, a.flag("sh3")); });
         }});
    registry.add({"file.close",
                  "Close",
                  "File",
                  "Closes the document.",
                  {discard()},
                  "Ctrl+W",
                  false,
                  "",
                  [](const Studio& s) { return s.document().stage == DocumentStage::empty ? "Nothing is open." : ""; },
                  [](Studio& s, const Arguments& a) { return s.close(a.flag("discard")); }});
    registry.add({"app.quit",
                  "Quit",
                  "File",
                  "Ends the program.",
                  {discard()},
                  "Ctrl+Q",
                  false,
                  "",
                  {},
                  [](Studio& s, const Arguments& a) { return s.quit(a.flag("discard")); }});
    registry.add({"question.answer",
                  "Answer",
                  "File",
                  "Answers whether unsaved changes are saved, discarded, or nothing is done.",
                  {choice_argument("what", "The answer", {"save", "discard", "cancel"})},
                  "",
                  false,
                  "",
                  [](const Studio& s) { return s.question() ? "" : "Nothing was asked."; },
                  [](Studio& s, const Arguments& a) { return s.answer(a.text("what")); }});
    const auto some_recovery = [](const Studio& s) {
        return s.recoveries().empty() ? "There is nothing to recover." : "";
    };
    const auto which = with_default(integer_argument("index", "Which of the list, from 0", 0, 1000), 0);
    registry.add({"recovery.recover",
                  "Recover unsaved work",
                  "File",
                  "Opens what was not saved when the program ended unexpectedly.",
                  {which, discard()},
                  "",
                  false,
                  "",
                  some_recovery,
                  [](Studio& s, const Arguments& a) -> Status {
                      if (a.flag("discard") && s.document().dirty())
                          if (Status closed = s.close(true); !closed) return closed;
                      return s.recover(std::size_t(a.integer("index")));
                  }});
    registry.add({"recovery.discard",
                  "Discard unsaved work",
                  "File",
                  "Deletes what was not saved when the program ended unexpectedly.",
                  {which},
                  "",
                  false,
                  "",
                  some_recovery,
                  [](Studio& s, const Arguments& a) { return s.discard_recovery(std::size_t(a.integer("index"))); }});
}

}  // namespace likeness

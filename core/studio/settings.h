// What the program remembers between two runs, in the platform's folders.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/learning/trainer_options.h"

namespace likeness {

// $LIKENESS_HOME when it is set (tests), else $XDG_CONFIG_HOME/likeness and $XDG_STATE_HOME/likeness, else
// ~/.config/likeness and ~/.local/state/likeness, where ~ is $HOME or else the user's entry in the password database.
// Empty when there is none of these: then nothing is remembered. Not created here.
struct UserFolders {
    std::filesystem::path settings, state;
    std::filesystem::path tracks = {};  // interrupted ones; the command line's too
    static UserFolders find();
    std::filesystem::path autosaves() const { return state.empty() ? state : state / "autosave"; }
};

struct WindowGeometry {
    int x = -1, y = -1, width = 1280, height = 800;  // -1: where the window manager likes
    bool maximised = false;
};

struct Settings {
    std::string theme = "dark";  // dark, light
    float text_scale = 1.0f;     // 0.75..3, times the display's own scale
    std::string rest = "neutral";  // what a face at rest is: neutral, photograph
    std::string device = "auto";
    std::size_t undo_bytes = std::size_t(64) << 20;
    int autosave_seconds = 60;  // 0: never
    TrainerOptions training;    // those of its options that have a setting
    std::vector<std::string> data_folders;  // where dialogs begin and motions are looked for
    std::vector<std::string> recent_files;  // newest first, at most 12
    std::vector<std::string> recent_folders;  // of file dialogs, newest first, at most 12
    bool file_pictures = true;                // file dialogs show pictures of files instead of a list
    std::vector<std::string> closed_panels = {"Canvas", "Preferences"};
    WindowGeometry window;
    std::map<std::string, std::string> pose_presets;  // name -> pose as JSON text
    bool first_run = true;
    std::string unknown;  // members of a newer version's file, kept (JSON text)

    void add_recent(const std::filesystem::path& file);
    void add_recent_folder(const std::filesystem::path& folder);
};

struct LoadedSettings {
    Settings settings;
    std::string warning;  // a sentence when the file could not be used; it was kept aside with ".damaged"
};
// A missing file gives the defaults, values of a wrong type or out of range their own default.
LoadedSettings load_settings(const std::filesystem::path& folder);
// Makes the folder, for its user only. What differs from `base`, the settings as they were read or last written here,
// is put into the file as it is now: another program's changes stay. Errors: OutputFile's.
Status save_settings(const std::filesystem::path& folder, const Settings& settings, const Settings& base);

}  // namespace likeness

// Folders that a file dialog offers: the person's own, those of the preferences, and where files were lately.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/studio/settings.h"

namespace likeness::ui {

struct Place {
    const char* icon;
    std::string name;
    std::filesystem::path folder;
    bool recent = false;
};

// Only what exists. Pictures and downloads are where the desktop says (user-dirs.dirs of xdg-user-dirs), else in the
// home folder under their English names.
std::vector<Place> find_places(const Settings& settings);

}  // namespace likeness::ui

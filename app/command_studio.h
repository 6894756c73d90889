// Opens the studio: in a window, or without a display for a script.
#pragma once

#include <filesystem>
#include <string>

#include "app/commands.h"

namespace likeness {

struct StudioArguments {
    std::string file;  // opened at the start; may be empty
    std::string driver;  // opened after it: a video or a motion; may be empty
    bool headless = false;
    std::string script;  // run from the first frame on
    std::string size;    // of the window, "1280x800"
    std::string theme;   // dark or light
    float scale = 0;     // of text and controls; 0: the display's own
    std::string presenter = "automatic";
};
int run_studio(const StudioArguments& arguments, const CommonOptions& common);

}  // namespace likeness

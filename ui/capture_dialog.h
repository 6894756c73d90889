// How a picture or film shall be: size, background, samples; asked before the file's name is.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/studio/studio.h"

namespace likeness::ui {

class CaptureDialog {
  public:
    // The request is of a capture that has not been described yet.
    bool wants(const FileRequest& request) const;
    // Draws the dialog; when it is answered, the command is asked for again with what was chosen, or withdrawn.
    void draw(Studio& studio, const FileRequest& request);
    // Nothing is asked for any more.
    void forget() { described_.reset(); }

  private:
    struct Choice {
        int size = 0;  // of the list; its last is the own one
        int width = 1920, height = 1080;
        bool transparent = false;
        int as = 0;  // of the kinds of films
        int samples = 4;
        float frames = 120, fps = 30;
        bool beside = false, sound = true;  // of a driver's video
    };
    void draw_size(bool view_only, bool film, Choice& choice);
    void draw_frames(Studio& studio, const std::string& command, Choice& choice);
    static void draw_driver(Studio& studio, Choice& choice);
    Arguments arguments_of(const FileRequest& request, bool view_only, bool has_video, const Choice& choice) const;

    std::map<std::string, Choice> choices_;  // by command, as they were chosen last
    std::optional<FileRequest> described_;
};

}  // namespace likeness::ui

// What leaves the studio: the avatar's file, splats, pictures, turntables, recordings.
#pragma once

#include <map>
#include <string>

#include "ui/panel.h"
#include "ui/viewport_output.h"

namespace likeness::ui {

class ExportPanel : public Panel {
  public:
    explicit ExportPanel(ViewportOutput& output);
    void draw(Studio& studio) override;

  private:
    ViewportOutput& output_;
    int scale_ = 1;                                              // of a screenshot
    bool transparent_ = false, pictures_ = false;                // pictures_: frames instead of videos
    std::map<std::string, bool> flags_;                          // by format and name
    void choose_kind(const char* id);
    float frames_ = 120, fps_ = 30, size_ = 768;
};

}  // namespace likeness::ui

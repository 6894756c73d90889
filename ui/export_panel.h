// What leaves the studio: the avatar's file, splats, pictures, turntables, recordings.
#pragma once

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
    bool transparent_ = false, sh3_ = false, pictures_ = false;  // pictures_: frames instead of videos
    void choose_kind(const char* id);
    float frames_ = 120, fps_ = 30, size_ = 768;
};

}  // namespace likeness::ui

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
    std::map<std::string, bool> flags_;  // by format and name
};

}  // namespace likeness::ui

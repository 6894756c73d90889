// Theme, text size, device, memory, folders; what the machine offers.
#pragma once

#include "ui/panel.h"
#include "ui/viewport_output.h"

namespace likeness::ui {

class PreferencesPanel : public Panel {
  public:
    explicit PreferencesPanel(ViewportOutput& output);
    void draw(Studio& studio) override;

  private:
    void draw_folders(Studio& studio);
    ViewportOutput& output_;
    float text_scale_ = 0;  // while the slider is held: a text size that changes under the pointer runs away
};

}  // namespace likeness::ui

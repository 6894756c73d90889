// Theme, text size, device, memory, folders; what the machine offers.
#pragma once

#include "ui/panel.h"
#include "ui/viewport_output.h"

namespace likeness::ui {

class PreferencesPanel : public Panel {
  public:
    explicit PreferencesPanel(ViewportOutput& output);
    void draw(Studio& studio) override;
    double next_frame_in() const override { return text_wait_ > 0 ? 0.05 : 10; }

  private:
    void draw_text_size(Studio& studio);
    void draw_folders(Studio& studio);
    ViewportOutput& output_;
    // A text size takes effect a double-click's time after its slider was let go: until then all stays under the
    // pointer.
    float text_scale_ = 0, text_seen_ = 0;  // the slider's; the settings' when that was looked at
    float text_wait_ = 0;                   // seconds to go, while the slider has another
};

}  // namespace likeness::ui

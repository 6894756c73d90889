// Somebody's video drives the avatar: the driver's picture, and how much of what they do the avatar takes over.
#pragma once

#include "ui/panel.h"
#include "ui/video_view.h"

namespace likeness::ui {

class ReenactPanel : public Panel {
  public:
    ReenactPanel();
    void draw(Studio& studio) override;

  private:
    void draw_empty(Studio& studio);
    void draw_tracking(Studio& studio);
    void draw_driver(Studio& studio);
    void draw_camera(Studio& studio);
    void draw_retargeting(Studio& studio);

    VideoView view_;
    bool landmarks_ = true;
};

}  // namespace likeness::ui

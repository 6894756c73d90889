// Head, gaze and joints, in degrees, within their limits.
#pragma once

#include "ui/panel.h"

namespace likeness::ui {

class PosePanel : public Panel {
  public:
    PosePanel();
    void draw(Studio& studio) override;

  private:
    void draw_gaze(Studio& studio, const HeadPose& pose);
    void draw_joint(Studio& studio, const HeadPose& pose, int joint);
};

}  // namespace likeness::ui

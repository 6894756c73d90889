// Tools, brush and colors.
#pragma once

#include "ui/panel.h"

namespace likeness::ui {

class PaintPanel : public Panel {
  public:
    PaintPanel();
    void draw(Studio& studio) override;

  private:
    void draw_tools(Studio& studio);
    void draw_brush(Studio& studio);
    void draw_pen(Studio& studio);
    void draw_fill(Studio& studio);
    void draw_colors(Studio& studio);
};

}  // namespace likeness::ui

// What is seen before anything is open: three lines, and a place to drop a portrait.
#pragma once

#include "core/studio/studio.h"

namespace likeness::ui {

class Welcome {
  public:
    void draw(Studio& studio);

  private:
    void draw_drop_zone(Studio& studio, float width);
    void draw_recent(Studio& studio, float width);
};

}  // namespace likeness::ui

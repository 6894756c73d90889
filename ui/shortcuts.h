// Keys: the registry's own, the window's, and the sheet that lists them (F1).
#pragma once

#include "core/studio/studio.h"

namespace likeness::ui {

class Interface;

// Runs the command whose keys were pressed, unless a text is being typed.
void run_shortcuts(Studio& studio, Interface& interface);

class ShortcutSheet {
  public:
    void toggle() { open_ = !open_; }
    bool is_open() const { return open_; }
    void draw(Studio& studio);

  private:
    bool open_ = false;
};

}  // namespace likeness::ui

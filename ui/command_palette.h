// Ctrl+P: every command by name, with its shortcut; Enter runs it.
#pragma once

#include <string>

#include "core/studio/studio.h"

namespace likeness::ui {

class CommandPalette {
  public:
    void open();
    bool is_open() const { return open_; }
    void draw(Studio& studio);

  private:
    std::vector<std::string> find(const Studio& studio) const;
    bool open_ = false, appeared_ = false;
    std::string query_;
    int chosen_ = 0;
};

}  // namespace likeness::ui

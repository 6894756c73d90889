// What the program said, with the details that errors carry.
#pragma once

#include "ui/panel.h"

namespace likeness::ui {

class LogPanel : public Panel {
  public:
    LogPanel();
    void draw(Studio& studio) override;

  private:
    std::string query_;
    int least_ = 0;  // MessageLevel
    std::uint64_t seen_ = 0;
};

}  // namespace likeness::ui

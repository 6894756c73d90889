// What was done, newest below; a click goes there.
#pragma once

#include "ui/panel.h"

namespace likeness::ui {

class HistoryPanel : public Panel {
  public:
    HistoryPanel();
    void draw(Studio& studio) override;

  private:
    std::size_t seen_ = 0;
};

}  // namespace likeness::ui

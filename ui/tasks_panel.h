// Every running task with its progress and a way to end it; below, what ended.
#pragma once

#include "ui/panel.h"

namespace likeness::ui {

class TasksPanel : public Panel {
  public:
    TasksPanel();
    void draw(Studio& studio) override;
};

}  // namespace likeness::ui

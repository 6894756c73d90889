// What was done, newest below; a click goes there.
#pragma once

#include "ui/history_thumbnails.h"
#include "ui/panel.h"

namespace likeness::ui {

class HistoryPanel : public Panel {
  public:
    HistoryPanel();
    void draw(Studio& studio) override;

    const HistoryThumbnails& thumbnails() const { return thumbnails_; }

  private:
    std::size_t seen_ = 0;
    HistoryThumbnails thumbnails_;
};

}  // namespace likeness::ui

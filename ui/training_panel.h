// Start, pause, stop; how far and how fast; the curves of loss and PSNR; where a step's time goes; what the next
// run will do.
#pragma once

#include "ui/panel.h"

namespace likeness::ui {

class TrainingPanel : public Panel {
  public:
    TrainingPanel();
    void draw(Studio& studio) override;

  private:
    void draw_controls(Studio& studio);
    void draw_progress(Studio& studio);
    void draw_plots(const TrainingStatus& training);
    void draw_stages(const TrainingStatus& training);
    void draw_options(Studio& studio);
    std::vector<double> steps_, loss_, psnr_;
};

}  // namespace likeness::ui

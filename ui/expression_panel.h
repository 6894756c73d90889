// The 52 named expressions as sliders: grouped, searchable, symmetric; ready-made and own presets.
#pragma once

#include <array>

#include "ui/panel.h"

namespace likeness::ui {

class ExpressionPanel : public Panel {
  public:
    ExpressionPanel();
    void draw(Studio& studio) override;

  private:
    void draw_presets(Studio& studio);
    void draw_groups(Studio& studio);
    void draw_control(Studio& studio, const HeadModel& model, int control, const HeadPose& pose);

    std::string query_;
    std::array<char, 64> preset_name_{};
    bool changed_only_ = false;
};

}  // namespace likeness::ui

// The 52 named expressions as sliders: grouped, searchable, symmetric; ready-made and own presets as pictures of the
// person, mixed in by their strength.
#pragma once

#include <array>
#include <map>

#include "ui/panel.h"
#include "ui/widgets.h"

namespace likeness::ui {

class ExpressionPanel : public Panel {
  public:
    ExpressionPanel();
    void draw(Studio& studio) override;

  private:
    void draw_tools(Studio& studio);
    void draw_presets(Studio& studio);
    void draw_preset(Studio& studio, const std::string& name, const ImVec2& size, bool current);
    void draw_groups(Studio& studio);
    void draw_control(Studio& studio, const HeadModel& model, int control, const HeadPose& pose, float rest);

    std::string query_;
    std::array<char, 64> preset_name_{};
    bool changed_only_ = false;
    float strength_ = 1;
    struct Shown {
        std::shared_ptr<const Image> image;
        Picture picture;
    };
    std::map<std::string, Shown> pictures_;  // of presets
};

}  // namespace likeness::ui

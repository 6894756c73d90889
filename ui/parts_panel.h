// The avatar's parts: show, hide, solo, and how many Gaussians each has.
#pragma once

#include <array>

#include "ui/panel.h"

namespace likeness::ui {

class PartsPanel : public Panel {
  public:
    PartsPanel();
    void draw(Studio& studio) override;

  private:
    std::uint64_t counted_ = 0;  // which Gaussians
    std::array<std::size_t, splat_part_count> counts_{};
};

}  // namespace likeness::ui

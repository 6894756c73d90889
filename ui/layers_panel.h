// The avatar's layers: show, hide, solo, and how many Gaussians each has.
#pragma once

#include <array>

#include "ui/panel.h"

namespace likeness::ui {

class LayersPanel : public Panel {
  public:
    LayersPanel();
    void draw(Studio& studio) override;

  private:
    std::uint64_t counted_ = 0;  // which Gaussians
    std::array<std::size_t, layer_count> counts_{};
};

}  // namespace likeness::ui

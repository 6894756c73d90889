// The person's shape by named features, from the person as fitted.
#pragma once

#include "ui/panel.h"

namespace likeness::ui {

class IdentityPanel : public Panel {
  public:
    IdentityPanel();
    void draw(Studio& studio) override;

  private:
    std::string query_;
};

}  // namespace likeness::ui

// The person's shape by named features, from the person as fitted.
#pragma once

#include <map>

#include "core/document/identity_edit.h"
#include "ui/panel.h"

namespace likeness::ui {

class IdentityPanel : public Panel {
  public:
    IdentityPanel();
    void draw(Studio& studio) override;

  private:
    std::string query_;
    const HeadModel* sliders_of_ = nullptr;
    std::vector<IdentitySlider> sliders_;
};

}  // namespace likeness::ui

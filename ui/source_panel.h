// The photograph: faces to choose from, landmarks, what was learned from, the matte; fit again.
#pragma once

#include "ui/panel.h"
#include "ui/widgets.h"

namespace likeness::ui {

class SourcePanel : public Panel {
  public:
    SourcePanel();
    void draw(Studio& studio) override;

  private:
    void gather(const Document& document);
    void draw_picture(Studio& studio, const SourcePhotograph& source);
    void draw_facts(Studio& studio, const SourcePhotograph& source);

    std::shared_ptr<const SourcePhotograph> gathered_;
    std::shared_ptr<const Image> matte_of_;
    Picture photo_, matte_;
    int picture_width_ = 0;
    int shown_ = 0;  // photograph or matte
    bool landmarks_ = true, crop_ = true;
};

}  // namespace likeness::ui

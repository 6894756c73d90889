// The photograph while its avatar is being prepared, with what is known of it so far drawn on it: faces, landmarks, the
// person cut out, the head fitted.
#pragma once

#include <memory>

#include "core/pipeline/portrait_sketch.h"
#include "ui/widgets.h"

namespace likeness::ui {

class PreparationView {
  public:
    // There is something to show instead of the viewport.
    static bool wanted(Studio& studio);
    void draw(Studio& studio);
    void clear();  // when nothing is wanted
    bool moving() const { return near_ > 0 && near_ < 1; }

  private:
    void gather(const PortraitSketch& sketch);

    std::shared_ptr<const Image> picture_of_, matte_of_;
    Picture picture_, veil_;  // the photograph; what covers all that is no person, of the square
    float near_ = 0;          // 0: the whole photograph, 1: its square
};

}  // namespace likeness::ui

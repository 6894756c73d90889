// Rings over the picture that turn a joint of the head.
#pragma once

#include <imgui.h>

#include <memory>

#include "core/studio/studio.h"

namespace likeness::ui {

class JointGizmo {
  public:
    // Draws the rings of the joint that the view names and turns it; nothing without one. `camera` is the picture's,
    // which fills the rectangle.
    void draw(Studio& studio, const Camera& camera, const ImVec2& from, const ImVec2& size);
    // The pointer belongs to the rings.
    bool hovered() const { return hovered_; }
    bool held() const { return held_; }

  private:
    std::shared_ptr<const HeadModel> model_;
    HeadModel joints_;  // of that model, without its vertices: cheap to pose
    bool hovered_ = false, held_ = false;
};

}  // namespace likeness::ui

// The pointer in the viewport while a paint tool is chosen: the brush's outline on the skin, strokes by dragging.
#pragma once

#include <imgui.h>

#include <optional>

#include "core/studio/studio.h"
#include "ui/viewport_output.h"

namespace likeness::ui {

class PaintPointer {
  public:
    // A tool is chosen and there is something to paint on.
    static bool active(const Studio& studio);
    // For the viewport's own button, just submitted; `from` is the picture's upper left corner. True while the left
    // button is the tool's.
    bool draw(Studio& studio, const ViewportOutput& output, const ImVec2& from);
    bool held() const { return held_; }

  private:
    void press(Studio& studio, const Camera& camera, const Eigen::Vector2f& pixel);
    void release(Studio& studio);

    bool held_ = false;
    std::optional<SurfacePoint> gradient_from_;
    Eigen::Vector2f gradient_pixel_ = Eigen::Vector2f::Zero(), pixel_ = Eigen::Vector2f::Zero();
    std::optional<SurfacePoint> under_;  // the pointer
};

}  // namespace likeness::ui

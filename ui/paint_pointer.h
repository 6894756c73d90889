// The pointer while a paint tool is chosen, in the viewport and in the canvas: the brush's outline on the skin, strokes
// by dragging.
#pragma once

#include <imgui.h>

#include <optional>

#include "core/studio/studio.h"

namespace likeness::ui {

// A view of the avatar that is painted in.
class PaintSight {
  public:
    virtual ~PaintSight() = default;
    virtual PaintView view() const = 0;
    virtual Eigen::Vector2f pixel(const ImVec2& screen) const = 0;  // of that view
    virtual ImVec2 screen(const SurfacePoint& place) const = 0;
    // Whether a line from one to the other lies on the surface in this view.
    virtual bool joined(const SurfacePoint&, const SurfacePoint&) const { return true; }
};

// The place that the pointer is over in the other view: the brush's border where the tool has a brush, and a dot.
void draw_pointed(Studio& studio, const SurfacePoint& place, const PaintSight& sight, float opacity);

class PaintPointer {
  public:
    // A tool is chosen and there is something to paint on.
    static bool active(const Studio& studio);
    // For the view's own button, just submitted. True while the left button is the tool's.
    bool draw(Studio& studio, const PaintSight& sight);
    bool held() const { return held_; }

  private:
    void press(Studio& studio, const PaintSight& sight, const Eigen::Vector2f& pixel);
    void release(Studio& studio);

    bool held_ = false;
    bool awaits_ = false;  // the button went down beside the avatar: a stroke begins where it comes onto it
    std::optional<SurfacePoint> gradient_from_;
    std::optional<SurfacePoint> under_;  // the pointer
};

}  // namespace likeness::ui

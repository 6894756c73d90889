// The selected sticker's handles on the posed head: inside it is moved over the skin, its corners scale it (Shift: each
// side for itself), the ring above turns it (Shift: in steps), or the points of its warp are moved.
#pragma once

#include <imgui.h>

#include <memory>
#include <optional>
#include <vector>

#include "core/studio/studio.h"
#include "ui/viewport_output.h"

namespace likeness::ui {

class StickerGizmo {
  public:
    // For the viewport's own button, just submitted; `from` is the picture's upper left corner. True while the pointer
    // is the handles'.
    bool draw(Studio& studio, const ViewportOutput& output, const ImVec2& from);
    bool held() const { return held_ != Handle::none; }
    // A click in the viewport that was no drag: selects the sticker there; beside all, the handles go.
    static void click(Studio& studio, const Camera& camera, const Eigen::Vector2f& pixel);

    enum class Handle { none, inside, corner, ring, warp };
    // Where one is on the screen; `which` counts corners and points of the warp from the upper left.
    ImVec2 place_of(Handle handle, int which = 0) const;

  private:
    // A point of the picture, where it is on the surface and on the screen.
    struct Mark {
        Eigen::Vector2f share;
        std::optional<SurfacePoint> point;
        ImVec2 at = {};
        bool seen = false;  // its side of the skin faces the camera
    };
    struct Line {
        std::vector<Mark> marks;
        bool edge = true;
    };
    struct View;  // of this frame
    void lay(const PaintSurface& surface, const Sticker& sticker, bool warping);
    void project(const View& view);
    Handle hit(const ImVec2& mouse, int& which) const;
    void press(Studio& studio, const View& view, Handle handle, int which);
    void drag(Studio& studio, const View& view);
    void paint(const View& view, Handle hot, int which) const;

    // Of this sticker on this surface.
    std::shared_ptr<const Sticker> sticker_;
    std::shared_ptr<const PaintSurface> surface_;
    bool warping_ = false;
    std::vector<Line> lines_;   // the edges in their order round about, then the warp's inner lines
    std::vector<Mark> points_;  // corners, or the warp's sixteen
    Mark middle_, top_;
    ImVec2 ring_ = {};

    Handle held_ = Handle::none;
    int which_ = 0;
    Sticker start_;
    Eigen::Vector2f grab_pixel_ = {0, 0}, last_pixel_ = {0, 0}, offset_ = {0, 0};  // middle from the pointer
    Eigen::Vector2f grab_plane_ = {0, 0}, grab_share_ = {0, 0};
};

}  // namespace likeness::ui

// The picture of a video at a time, with the landmarks that the tracker saw; in step with what plays.
#pragma once

#include <array>
#include <memory>

#include "core/studio/driver_service.h"
#include "ui/widgets.h"

namespace likeness::ui {

class VideoView {
  public:
    // In the middle of that many pixels. False while there is no picture yet. What plays, or what is tracked now.
    bool draw(Studio& studio, const ImVec2& size, bool landmarks);
    bool draw_tracked(const TrackPreview& preview, const ImVec2& size, bool landmarks);
    void clear();

  private:
    struct Shown {
        std::shared_ptr<const void> what;
        LandmarkPoints points;  // pixels of a picture so many wide
        bool has_points = false;
        float width = 1;
    };
    bool draw(const Image& picture, Shown shown, const ImVec2& size, bool landmarks);
    // What comes next is made while the last one is shown: a texture is ready a frame after its making.
    std::array<Picture, 2> pictures_;
    std::array<Shown, 2> shown_;
    std::size_t front_ = 0;
};

}  // namespace likeness::ui

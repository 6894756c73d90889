// The picture of a video at a time, with the landmarks that the tracker saw; in step with what plays.
#pragma once

#include <array>
#include <memory>

#include "core/studio/driver_service.h"
#include "ui/widgets.h"

namespace likeness::ui {

class VideoView {
  public:
    // In the middle of that many pixels. False while there is no picture yet.
    bool draw(Studio& studio, const ImVec2& size, bool landmarks);
    void clear();

  private:
    // What comes next is made while the last one is shown: a texture is ready a frame after its making.
    std::array<Picture, 2> pictures_;
    std::array<std::shared_ptr<const VideoPictures::Shown>, 2> shown_;
    std::size_t front_ = 0;
};

}  // namespace likeness::ui

// The avatar unwrapped, to be looked at and painted on: its colors, the selected layer or that one's mask.
#pragma once

#include <memory>

#include "ui/paint_pointer.h"
#include "ui/panel.h"
#include "ui/tile_textures.h"

namespace likeness::ui {

class CanvasPanel : public Panel {
  public:
    CanvasPanel();
    void draw(Studio& studio) override;
    bool wants_padding() const override { return false; }
    bool takes_key(int key) const override;
    double next_frame_in() const override;

  private:
    class Sight;
    void draw_picture(Studio& studio, const Sight& sight);
    void draw_seams(Studio& studio, const Sight& sight);
    void draw_bar(Studio& studio, const ImVec2& from, float room);
    void navigate(Studio& studio, const ImVec2& from, const ImVec2& size);

    TileTextures textures_;
    PaintPointer paint_;
    bool panning_ = false;
    int hovered_frame_ = -10;
};

}  // namespace likeness::ui

// The layers of paint, the highest first: order, opacity, blending, masks.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "ui/panel.h"
#include "ui/widgets.h"

namespace likeness::ui {

class LayersPanel : public Panel {
  public:
    LayersPanel();
    void draw(Studio& studio) override;

  private:
    struct Shown {
        std::shared_ptr<const PaintTexels> of;
        Picture picture;
    };
    void draw_look(Studio& studio, const PaintLayer& layer);
    void draw_buttons(Studio& studio, const PaintLayer* layer);
    void draw_layer(Studio& studio, const PaintStack& stack, const PaintLayer& layer, int depth);
    void draw_thumbnail(Studio& studio, const PaintLayer& layer, const ImVec2& from, float side);
    void draw_menu(Studio& studio, const PaintLayer& layer, const std::string& key);

    std::map<int, Shown> shown_;  // by layer
    int renamed_ = 0;             // the layer whose name is being written
    bool rename_begins_ = false;
    std::string name_;
};

}  // namespace likeness::ui
